# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the hooks of a run's event that are on the controller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.plugins.action import ActionBase

from ..module_utils.core.findings import SlipwayError
from ..module_utils.stack.hooks import report_lines
from ..module_utils.stack.plan import is_serial
from ..plugin_utils.argument_types import validated
from ..plugin_utils.controller_hooks import ControllerRun
from ..plugin_utils.fleet.hook_events import due, subject
from ..plugin_utils.fleet.steps import collect
from ..plugin_utils.plain_values import plain
from ..plugin_utils.release_request import failure, stack_bundle, stack_folder


class ActionModule(ActionBase):
    """See the module's documentation."""

    _requires_connection = False
    _supports_check_mode = True
    BYPASS_HOST_LOOP = True

    def run(self, tmp: None = None, task_vars: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return how the hooks ended; the task fails if the deployment cannot go on after that."""
        super().run(tmp, task_vars)
        arguments = plain(self._task.args)
        event, hosts = str(arguments["event"]), [str(host) for host in arguments["hosts"]]
        # What is wrong with the variables was said when the stack was read.
        variables, _findings = validated(arguments.get("source") or {})
        steps = collect((task_vars or {})["hostvars"], hosts)
        serial = variables["stack_serial"] if is_serial(variables["stack_serial"]) else "100%"
        if self._task.check_mode or not due(event, steps, serial, variables["stack_rollback_scope"]):
            return {"changed": False, "skipped": True, "hooks": []}
        bundle = stack_bundle(self, variables, task_vars or {})
        run = ControllerRun(variables, stack_folder(self, variables), str(arguments.get("run") or ""), hosts, bundle)
        reports = run.hooks(subject(event, steps))
        result: dict[str, Any] = {
            "changed": bool(reports),
            "hooks": [report.as_dict() for report in reports],
            "summary": report_lines(reports),
        }
        stopping = [report.finding() for report in reports if report.stops]
        return {**result, **failure(SlipwayError(stopping)), "changed": True} if stopping else result
