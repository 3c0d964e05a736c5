# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gives the verdict over a run, and writes it down on the controller."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from ansible.plugins.action import ActionBase

from ..module_utils.core.findings import SlipwayError
from ..module_utils.core.identifiers import new_run_id, run_began
from ..plugin_utils.controller_hooks import CONTROLLER_NAME, ControllerRun, failure_lines, hook_variables, told_hooks
from ..plugin_utils.fleet.hook_events import ENDED, subject
from ..plugin_utils.fleet.steps import HostSteps, collect
from ..plugin_utils.fleet.verdict import Verdict, judge
from ..plugin_utils.plain_values import plain
from ..plugin_utils.release_request import failure, stack_folder
from ..plugin_utils.run_folder import run_folder
from ..plugin_utils.verdict_file import NAME, write_verdict

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
        planned = arguments.get("release") or None
        verdict = judge(steps, planned, check_mode=self._task.check_mode)
        run = str(arguments.get("run") or new_run_id("run", datetime.now(UTC)))
        try:
            folder = run_folder(str(arguments["runs_dir"]), run)
        except SlipwayError as error:
            return failure(error)
        verdict = replace(
            verdict,
            release=_release(verdict, planned),
            plan_sha256=arguments.get("plan_sha256") or None,
            duration_s=_duration(arguments.get("started_at"), run),
        )
        # A hook that hangs must not keep anybody from learning how the run ended.
        write_verdict(folder, verdict)
        hooks = self._hooks(verdict, steps, arguments, (task_vars or {})["hostvars"])
        document = write_verdict(folder, replace(verdict, hooks=hooks))
        on_hosts = f"{arguments.get('stack_folder')}/releases/{planned}" if planned else None
        down = [name for name, one in steps.items() if one.down]
        summary = _summary(verdict, on_hosts, down, reversible=all(one.reversible for one in steps.values()))
        summary += failure_lines(hooks)
        result: dict[str, Any] = {
            "changed": False,
            "verdict": document,
            "path": str(folder / NAME),
            "summary": summary,
        }
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
        reports = run.hooks(subject(ENDED, steps), {"SLIPWAY_VERDICT": verdict.word})
        return [*told, *({**report.as_dict(), "host": CONTROLLER_NAME} for report in reports)]


def _release(verdict: Verdict, planned: str | None) -> str | None:
    """Return the release that the run was about: where nothing was deployed, the one that runs everywhere."""
    running = {host.release for name, host in verdict.hosts.items() if name not in verdict.left_out}
    return running.pop() if verdict.word == "unchanged" and len(running) == 1 else planned


def _summary(verdict: Verdict, folder: str | None, down: Sequence[str], *, reversible: bool) -> list[str]:
    """Return the verdict for people: what it means, how each host is, and what to type where a host needs them.

    Args:
        verdict: the verdict.
        folder: the release's folder on the hosts, None if the run was about no release.
        down: the hosts on which what ran is down although nothing of it was touched.
        reversible: whether the release may be taken back automatically.
    """
    lines = [f"{verdict.word}: {verdict.meaning}", *verdict.message.splitlines()]
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
    began = run_began(run)
    return None if began is None else round((datetime.now(UTC) - began).total_seconds(), 1)
