# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Renders the stack on the controller and hands it to the module of the same name."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from ansible.plugins.action import ActionBase

from ..module_utils.core.findings import Finding, SlipwayError
from ..module_utils.core.identifiers import STACK_NAME
from ..module_utils.stack.plan import host_part
from ..plugin_utils.argument_types import role_variables
from ..plugin_utils.commands import commands_of
from ..plugin_utils.direct_call import direct_call
from ..plugin_utils.fleet.steps import STEPS, own_part
from ..plugin_utils.host_answer import checked_answer
from ..plugin_utils.plain_values import plain
from ..plugin_utils.release_request import examine_request, failure

#: The steps of a run that may have said something about the host before it is looked at.
_EARLIER = ("source", "resolve", "plan")
#: The role's variables from which options come that a task with `from_role` does not give.
_OF_ROLE = {
    "root": "stack_root",
    "run": "__stack_run",
    "owner": "stack_run_owner",
    "run_url": "stack_run_url",
    "guard_timeout": "stack_guard_timeout",
    "keep_releases": "stack_keep_releases",
    "min_free_mb": "stack_min_free_mb",
    "pull_timeout": "stack_pull_timeout",
    "rollback_timeout": "stack_start_timeout",
}


class ActionModule(ActionBase):
    """See the module's documentation."""

    _supports_check_mode = True

    def run(self, tmp: None = None, task_vars: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return what the module returns."""
        super().run(tmp, task_vars)
        variables = dict(task_vars or {})
        arguments = {key: value for key, value in self._task.args.items() if value is not None}
        source = arguments.pop("source", None)
        if arguments.pop("from_role", False):
            arguments = {**self._of_role(variables), **arguments}
            if arguments.get("state") == "prepared" and "release" not in arguments:
                source, missing = role_variables(self._templar, variables)
                if missing:
                    return failure(SlipwayError(missing))
                made = variables["__stack_plan"]
                arguments["plan"] = host_part(made["plan"], str(variables["inventory_hostname"]), made["fleet_sha256"])
                arguments["confirm_images"] = _confirms_images(variables)
        if source:
            examined = examine_request(self, source, variables)
            if examined.request is not None:
                arguments.update(payload=examined.request.payload.pack(), host=variables["inventory_hostname"])
            if arguments.get("state") == "checked":
                return self._look(arguments, examined.variables, variables)
            if examined.findings:
                return failure(SlipwayError(examined.findings))
        if "plan" in arguments:
            arguments["plan"] = plain(arguments["plan"])
        if arguments.get("state") == "prepared":
            arguments["host"] = variables["inventory_hostname"]
            arguments["first_host"] = variables["inventory_hostname"] == _first_host(variables)
        # Before the call: whatever the host does in it, its lease and its guard live on from then at the earliest.
        called_at = time.time()
        result = self._call(arguments, variables)
        return {**result, "called_at": called_at, "guard_timeout": arguments.get("guard_timeout")}

    def _of_role(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Return the options that every call of the role takes from its variables.

        As templates of the task, which Ansible compiles anew for each host, they would cost more than the call.
        """
        return {option: plain(self._templar.template(variables[name])) for option, name in _OF_ROLE.items()}

    def _call(self, arguments: Mapping[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the host answers."""
        result: dict[str, Any] | None = direct_call(self, arguments, task_vars)
        if result is None:
            result = self._execute_module(module_args=dict(arguments), task_vars=dict(task_vars))
        answer = checked_answer("release", result, str(arguments.get("state")))
        return commands_of(task_vars).named(answer)

    def _look(
        self, arguments: Mapping[str, Any], stack: Mapping[str, Any], task_vars: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Look at the host although something else may have said no, and return what is not known yet."""
        name = str(stack.get("stack_name"))
        usable = {
            "stack": name if STACK_NAME.fits(name) else "unnamed",
            "root": stack["stack_root"],
            "min_free_mb": stack["stack_min_free_mb"],
            "pull_timeout": stack["stack_pull_timeout"],
        }
        result = self._call({**arguments, **usable}, task_vars)
        if not result.get("findings"):
            return result
        host = str(task_vars.get("inventory_hostname"))
        earlier = [own_part(task_vars.get(STEPS[step]) or {}, host) for step in _EARLIER]
        known = [finding for result in earlier for finding in result.get("findings") or []]
        new = [finding for finding in result["findings"] if finding not in plain(known)]
        if new:
            return {**result, **failure(SlipwayError(Finding(**finding) for finding in new))}
        nothing = ["nothing else speaks against a release here"]
        return {"changed": False, "current": result.get("current"), "summary": nothing}


def _confirms_images(task_vars: Mapping[str, Any]) -> bool:
    """Tell whether the host is the second of the run, which confirms what the first one said for the plan at hand."""
    hosts = [str(host) for host in task_vars.get("__stack_hosts") or ()]
    made_now = (task_vars.get("__stack_resolve") or {}).get("images") is not None
    return made_now and hosts[1:2] == [str(task_vars["inventory_hostname"])]


def _first_host(task_vars: Mapping[str, Any]) -> str:
    """Return the first of the hosts that the run goes on with, as the role noted it; without the role, of the play."""
    hosts = task_vars.get("__stack_hosts") or task_vars.get("ansible_play_hosts_all")
    return str(next(iter(hosts or [task_vars["inventory_hostname"]])))
