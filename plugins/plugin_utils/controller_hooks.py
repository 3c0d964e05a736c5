# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the hooks that belong on the controller (I/O)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError

from ..module_utils.core.command import command_environment
from ..module_utils.core.findings import SlipwayError
from ..module_utils.core.masking import Masker
from ..module_utils.hooks.programs import found_program
from ..module_utils.hooks.runner import Surroundings, run_command_hook
from ..module_utils.stack.bundle import FileBundle
from ..module_utils.stack.hooks import (
    CONTROLLER,
    ON_FAILURE,
    Hook,
    HookContext,
    HookReport,
    parse_hooks,
    select,
)
from ..module_utils.stack.secret_values import check_secrets
from .fleet.hook_events import VARIABLES, Subject
from .fleet.steps import STEPS, reported
from .known_secrets import stack_secrets
from .plain_values import plain

#: How Ansible calls the controller.
CONTROLLER_NAME = "localhost"
_VARIABLES = (
    *("stack_name", "stack_src", "stack_version", "stack_env"),
    *("stack_hooks", "stack_registry_auth", "stack_health_checks"),
)


@dataclass(frozen=True)
class ControllerRun:
    """What hooks on the controller need to know of the run.

    Attributes:
        variables: the role's variables in their documented types.
        folder: the stack's folder, where the commands start; the current one where there is none.
        run: ID of the run.
        hosts: names of all hosts of the run.
        bundle: the stack's files as they are rendered for one of the hosts, whose secrets are masked; None if they
            cannot be read.
    """

    variables: Mapping[str, Any]
    folder: Path
    run: str
    hosts: Sequence[str]
    bundle: FileBundle | None = None

    def hooks(self, subject: Subject, told: Mapping[str, str] | None = None) -> list[HookReport]:
        """Run the hooks of one event in their order; after one that keeps the deployment from going on, no other runs.

        Args:
            subject: which hooks, and what they are about.
            told: variables on top of the usual ones.
        """
        try:
            hooks = select(parse_hooks(self.variables.get("stack_hooks") or {}), subject.kind, place=CONTROLLER)
        except SlipwayError as error:
            # A deployment found them wrong with its plan, which is why it did not end well. A way back has no plan, and
            # does not wait for hooks to be corrected.
            return [] if subject.kind == ON_FAILURE else [_not_run(subject.kind, error)]
        version = subject.release.partition("-")[2]
        context = HookContext(
            str(self.variables.get("stack_name")), subject.release, version, subject.previous, CONTROLLER_NAME, self.run
        )
        folder = self.folder if self.folder.is_dir() else Path.cwd()
        reports: list[HookReport] = []
        for hook in hooks:
            variables = {**context.environment(hook), "SLIPWAY_HOSTS": ",".join(self.hosts), **(told or {})}
            argv = found_program(hook.command, folder)
            around = Surroundings(command_environment(variables), folder, self._masker())
            reports.append(run_command_hook(hook, argv, around))
            if reports[-1].stops:
                break
        return reports

    def _masker(self) -> Masker:
        checks = check_secrets(self.variables.get("stack_health_checks") or [])
        return Masker([*stack_secrets(self.variables, self.bundle), *checks])


def _not_run(kind: str, error: SlipwayError) -> HookReport:
    """Report that none of the hooks could be run, and why."""
    hook = Hook(kind, "every hook on the controller", (), place=CONTROLLER)
    return HookReport(hook, passed=False, seen=f"not run: {' '.join(one.sentence() for one in error.findings)}")


def hook_variables(hostvars: Mapping[str, Any], hosts: Sequence[str]) -> dict[str, Any]:
    """Return what hooks need of the variables of a run's first host, as far as these can be had.

    A run that did not end well may have failed for a variable that has no value.
    """
    found: dict[str, Any] = {}
    for name in _VARIABLES if hosts else ():
        with suppress(AnsibleError):
            found[name] = plain(hostvars[hosts[0]].get(name))
    return found


def told_hooks(hostvars: Mapping[str, Any], hosts: Sequence[str]) -> list[dict[str, Any]]:
    """Return what the steps of a run reported of hooks, each with the host that it ran on.

    Args:
        hostvars: the variables of every host, with what the role registered in them.
        hosts: the hosts of the run.
    """
    outside = list(VARIABLES.values())
    inside = [variable for variable in STEPS.values() if variable not in outside]
    variables = {host: reported(hostvars, host) for host in hosts}
    found = [(host, variables[host].get(variable)) for host in hosts for variable in inside]
    # Every host was told of these, and they ran once.
    told = [[variables[host].get(variable) for host in hosts] for variable in outside]
    found += [(CONTROLLER_NAME, next((result for result in results if result), None)) for results in told]
    return [{**plain(report), "host": host} for host, result in found for report in (result or {}).get("hooks") or []]


def failure_lines(reports: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say for people which hooks failed."""
    failed = [one for one in reports if not one["passed"]]
    return [f"hook: {one['kind']} '{one['name']}' failed on {one['host']}: {one['seen']}" for one in failed]
