# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gives the verdict over a run, and writes it down on the controller."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase

from ..module_utils.core.findings import SlipwayError
from ..plugin_utils.controller_hooks import CONTROLLER_NAME, ControllerRun, failure_lines, hook_variables, told_hooks
from ..plugin_utils.fleet.hook_events import ENDED, subject
from ..plugin_utils.fleet.steps import HostSteps, collect
from ..plugin_utils.fleet.verdict import SKIPPED, Verdict, judge
from ..plugin_utils.plain_values import plain
from ..plugin_utils.release_request import failure, stack_folder
from ..plugin_utils.run_folder import run_folder

#: What people do about a release that failed and is not taken back, because the one before cannot read its data.
_BLOCKED = (
    "The release is not reversible (stack_reversible: false), so no host was taken back automatically.",
    "Deploy a corrected version. Only if the data allow it: scripts/rollback.sh ENV -e stack_force_irreversible=true",
)


class ActionModule(ActionBase):
    """See the module's documentation."""

    _requires_connection = False
    _supports_check_mode = True
    BYPASS_HOST_LOOP = True

    def run(self, tmp: None = None, task_vars: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the verdict; the task fails unless it is a good one, so that Ansible's exit status tells it too."""
        super().run(tmp, task_vars)
        arguments = plain(self._task.args)
        steps = collect((task_vars or {})["hostvars"], arguments["hosts"])
        verdict = judge(steps, arguments.get("release") or None, check_mode=self._task.check_mode)
        run = str(arguments.get("run") or f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-run")
        try:
            path = run_folder(str(arguments["runs_dir"]), run) / "verdict.json"
        except SlipwayError as error:
            return failure(error)
        document = {
            **plain(verdict.as_dict()),
            "release": _release(verdict, arguments.get("release") or None),
            "plan_sha256": arguments.get("plan_sha256") or None,
            "duration_s": _duration(arguments.get("started_at"), run),
            "run": run,
        }
        _write(path, document)
        document["hooks"] = self._hooks(verdict, steps, arguments, (task_vars or {})["hostvars"])
        _write(path, document)
        release = arguments.get("release")
        folder = f"{arguments.get('stack_folder')}/releases/{release}" if release else None
        down = [name for name, one in steps.items() if one.down]
        summary = _summary(verdict, folder, down, reversible=all(one.reversible for one in steps.values()))
        summary += failure_lines(document["hooks"])
        result: dict[str, Any] = {"changed": False, "verdict": document, "path": str(path), "summary": summary}
        return result if verdict.exit_code == 0 else {**result, "failed": True, "msg": "\n".join(summary)}

    def _hooks(
        self,
        verdict: Verdict,
        steps: Mapping[str, HostSteps],
        arguments: Mapping[str, Any],
        hostvars: Mapping[str, Any],
    ) -> list[dict[str, Any]]:
        """Return how the hooks of the run ended, after those that are for a run which did not end well."""
        told = told_hooks(hostvars, list(steps))
        if verdict.exit_code == 0 or self._task.check_mode or not arguments.get("on_failure"):
            return told
        variables = hook_variables(hostvars, list(steps))
        run = ControllerRun(variables, stack_folder(self, variables), str(arguments.get("run") or ""), list(steps))
        reports = run.hooks(subject(ENDED, steps), {"SLIPWAY_VERDICT": verdict.verdict})
        return [*told, *({**report.as_dict(), "host": CONTROLLER_NAME} for report in reports)]


def _release(verdict: Verdict, planned: str | None) -> str | None:
    """Return the release that the run was about: where nothing was deployed, the one that runs everywhere."""
    running = {host.release for host in verdict.hosts.values() if host.state != SKIPPED}
    return running.pop() if verdict.verdict == "unchanged" and len(running) == 1 else planned


def _summary(verdict: Verdict, folder: str | None, down: Sequence[str], *, reversible: bool) -> list[str]:
    """Return the verdict for people: what it means, how each host is, and what to type where a host needs them.

    Args:
        verdict: the verdict.
        folder: the release's folder on the hosts, None if the run was about no release.
        down: the hosts on which what ran is down although nothing of it was touched.
        reversible: whether the release may be taken back automatically.
    """
    lines = [f"{verdict.verdict}: {verdict.meaning}", *verdict.message.splitlines()]
    states = {host.state for name, host in verdict.hosts.items() if name not in down}
    if folder is None:
        return lines
    if down:
        remedy = "start the containers that the message names (docker start), or deploy again."
        lines.append(f"On {', '.join(down)}: see why they have ended, then {remedy}")
    if "rollback_failed" in states and reversible:
        lines.append(f"On that host: sh {folder}/rollback.sh (needs docker and a shell), then read what it says.")
    elif "rollback_failed" in states:
        lines += _BLOCKED
    if "unknown" in states:
        lines.append(f"Once the host is back: scripts/status.sh tells. The way back there: sh {folder}/rollback.sh")
    return lines


def _duration(started_at: Any, run: str) -> float | None:  # noqa: ANN401 - in whatever type Ansible made of it
    """Return the seconds since the run began, by what the plan noted or by the run's ID."""
    try:
        return round(time.time() - float(started_at), 1)
    except (TypeError, ValueError):
        pass
    try:
        began = datetime.strptime(run[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None
    return round((datetime.now(UTC) - began).total_seconds(), 1)


def _write(path: Path, document: Mapping[str, Any]) -> None:
    new = path.with_suffix(".new")
    new.touch(mode=0o600)
    new.write_text(json.dumps(document, indent=2, sort_keys=True) + "\n")
    new.replace(path)
