# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gives the verdict over a run, and writes it down on the controller."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase

from ..module_utils.core.findings import SlipwayError
from ..module_utils.core.identifiers import new_run_id, run_began, version_of
from ..plugin_utils.argument_types import validated
from ..plugin_utils.commands import commands_of, login
from ..plugin_utils.controller_hooks import CONTROLLER_NAME, ControllerRun, failure_lines, hook_variables, told_hooks
from ..plugin_utils.fleet.ending import Context
from ..plugin_utils.fleet.ending_lines import end_lines
from ..plugin_utils.fleet.hook_events import ENDED, subject
from ..plugin_utils.fleet.steps import HostSteps, collect
from ..plugin_utils.fleet.verdict import HEALTHY, Verdict, host_lines, judge
from ..plugin_utils.plain_values import plain
from ..plugin_utils.release_request import failure, stack_bundle, stack_folder
from ..plugin_utils.run_folder import run_folder, shown_folder, verb_of
from ..plugin_utils.verdict_file import NAME, last_known, write_findings, write_verdict


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
            _with_last_known(verdict, folder, _stack(arguments)),
            stack=_stack(arguments),
            release=_release(verdict, planned),
            plan_sha256=arguments.get("plan_sha256") or None,
            duration_s=_duration(arguments.get("started_at"), run),
        )
        # A hook that hangs must not keep anybody from learning how the run ended.
        write_verdict(folder, verdict)
        hooks = self._hooks(verdict, steps, arguments, (task_vars or {})["hostvars"])
        document = write_verdict(folder, replace(verdict, hooks=hooks))
        context = _context(steps, arguments, (task_vars or {})["hostvars"], folder, verdict)
        context = replace(context, noted=tuple(failure_lines(hooks)))
        write_findings(folder, verdict)
        summary = [f"{verdict.reason if verdict.reason == HEALTHY else verdict.word}: {verdict.meaning}"]
        summary += [*([] if verdict.hosts else [verdict.message]), *end_lines(verdict, context)]
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
        # The run may have been refused for the type of one; that one gets its default.
        variables |= {name: value for name, value in validated(variables)[0].items() if name in variables}
        bundle = stack_bundle(self, variables, hostvars[next(iter(steps))]) if steps else None
        run_id = str(arguments.get("run") or "")
        run = ControllerRun(variables, stack_folder(self, variables), run_id, list(steps), bundle)
        reports = run.hooks(subject(ENDED, steps), {"SLIPWAY_VERDICT": verdict.word})
        return [*told, *({**report.as_dict(), "host": CONTROLLER_NAME} for report in reports)]


def _release(verdict: Verdict, planned: str | None) -> str | None:
    """Return the release that the run was about: where nothing was deployed, the one that runs everywhere."""
    running = {host.release for name, host in verdict.hosts.items() if name not in verdict.left_out}
    return running.pop() if verdict.word == "unchanged" and len(running) == 1 else planned


def _stack(arguments: Mapping[str, Any]) -> str:
    return Path(str(arguments.get("stack_folder") or "")).name


def _with_last_known(verdict: Verdict, folder: Path, stack: str) -> Verdict:
    """Return the verdict with what earlier runs knew of the hosts of which this one knows nothing."""
    silent = [name for name, host in verdict.hosts.items() if host.known and not (host.release or host.last_known)]
    known = last_known(folder, stack, silent) if silent and stack else {}
    hosts = {name: replace(host, last_known=known.get(name, host.last_known)) for name, host in verdict.hosts.items()}
    return replace(verdict, hosts=hosts, message=host_lines(hosts) or verdict.message)


def _context(
    steps: Mapping[str, HostSteps],
    arguments: Mapping[str, Any],
    hostvars: Mapping[str, Any],
    folder: Path,
    verdict: Verdict,
) -> Context:
    first = hostvars.get(next(iter(steps)), {}) if steps else {}
    # Only a host that needs a person is looked up: each look-up puts all of its variables together anew.
    needed = [name for name, host in verdict.hosts.items() if host.state == "rollback_failed"][:1]
    return Context(
        commands_of(first),
        run=folder.name,
        folder=shown_folder(folder),
        verb=verb_of(folder.name) or ("status" if any(one.ran("verify") for one in steps.values()) else "deploy"),
        version=version_of(verdict.release or "") or _text_of(first, "stack_version"),
        stack_folder=str(arguments.get("stack_folder") or ""),
        logins={name: login(name, hostvars.get(name, {})) for name in needed},
        reversible=all(one.reversible for one in steps.values()),
    )


def _text_of(variables: Mapping[str, Any], name: str) -> str:
    """Return a variable as text, "" if it has no value: the run may have been refused for just that."""
    try:
        return str(variables.get(name) or "")
    except AnsibleError:
        return ""


def _duration(started_at: Any, run: str) -> float | None:  # noqa: ANN401 - in whatever type Ansible made of it
    """Return the seconds since the run began, by what the plan noted or by the run's ID."""
    try:
        return round(time.time() - float(started_at), 1)
    except (TypeError, ValueError):
        pass
    began = run_began(run)
    return None if began is None else round((datetime.now(UTC) - began).total_seconds(), 1)
