# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gives the verdict over a run, and writes it down on the controller."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.slipway.compose.plugins.module_utils.errors import SlipwayError
from ansible_collections.slipway.compose.plugins.module_utils.verdict import STEPS, HostSteps, Verdict, judge
from ansible_collections.slipway.compose.plugins.plugin_utils.plain_values import plain
from ansible_collections.slipway.compose.plugins.plugin_utils.release_request import failure
from ansible_collections.slipway.compose.plugins.plugin_utils.run_folder import run_folder


class ActionModule(ActionBase):  # type: ignore[misc]  # Ansible has no types
    """See the module's documentation."""

    _requires_connection = False
    _supports_check_mode = True
    BYPASS_HOST_LOOP = True

    def run(self, tmp: None = None, task_vars: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the verdict; the task fails unless it is a good one, so that Ansible's exit status tells it too."""
        super().run(tmp, task_vars)
        arguments = plain(self._task.args)
        hostvars = (task_vars or {})["hostvars"]
        steps = {
            host: HostSteps({step: plain(hostvars[host].get(variable) or {}) for step, variable in STEPS.items()})
            for host in arguments["hosts"]
        }
        verdict = judge(steps, arguments.get("release") or None, check_mode=self._task.check_mode)
        run = str(arguments.get("run") or f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-run")
        try:
            path = run_folder(str(arguments["runs_dir"]), run) / "verdict.json"
        except SlipwayError as error:
            return failure(error)
        document = {
            **verdict.as_dict(),
            "release": arguments.get("release") or None,
            "plan_sha256": arguments.get("plan_sha256") or None,
            "duration_s": _duration(arguments.get("started_at")),
            "run": run,
        }
        _write(path, document)
        result: dict[str, Any] = {"changed": False, "verdict": document, "path": str(path)}
        if verdict.exit_code == 0:
            return {**result, "summary": _summary(verdict)}
        return {**result, "failed": True, "msg": "\n".join(_summary(verdict))}


def _summary(verdict: Verdict) -> list[str]:
    return [f"{verdict.verdict}", *verdict.message.splitlines()]


def _duration(started_at: Any) -> float | None:  # noqa: ANN401 - seconds since the epoch in whatever type Ansible made of it
    try:
        return round(time.time() - float(started_at), 1)
    except (TypeError, ValueError):
        return None


def _write(path: Path, document: Mapping[str, Any]) -> None:
    new = path.with_suffix(".new")
    new.touch(mode=0o600)
    new.write_text(json.dumps(document, indent=2, sort_keys=True) + "\n")
    new.replace(path)
