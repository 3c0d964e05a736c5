# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the action plugins share: a stack rendered for the host at hand, and the payload for its modules."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleError
from ansible.template import trust_as_template

from ..module_utils.core.findings import Finding, SlipwayError
from ..module_utils.core.identifiers import STACK_NAME, VERSION
from ..module_utils.engine.image_reference import RegistryAuth
from ..module_utils.hooks.programs import program_findings
from ..module_utils.stack.bundle import FileBundle
from ..module_utils.stack.checks import parse_checks
from ..module_utils.stack.gate_settings import GateSettings
from ..module_utils.stack.hooks import CONTROLLER, TARGET, Hook, parse_hooks, time_findings
from ..module_utils.stack.payload import Payload
from ..module_utils.stack.plan import is_serial, limit_findings
from .argument_types import reason_of, validated
from .stack_source import StackSource, read_stack
from .written_values import WrittenValues

if TYPE_CHECKING:
    from ansible.plugins.action import ActionBase


@dataclass(frozen=True)
class ReleaseRequest:
    """A stack as the host at hand is to get it.

    Attributes:
        variables: the role's variables in their documented types.
        stack: files and environment, rendered for the host.
        payload: what the modules on the host get.
    """

    variables: Mapping[str, Any]
    stack: StackSource
    payload: Payload


@dataclass(frozen=True)
class ExaminedRequest:
    """A release as far as it could be read.

    Attributes:
        variables: the role's variables; one that is wrong has its default.
        request: the release; None if its files or its environment cannot be read.
        findings: everything that is wrong with it.
    """

    variables: Mapping[str, Any]
    request: ReleaseRequest | None
    findings: list[Finding]


def failure(error: SlipwayError) -> dict[str, Any]:
    """Return an action's result which says what was found."""
    return {
        "failed": True,
        "changed": False,
        "msg": str(error),
        "findings": [finding.as_dict() for finding in error.findings],
    }


def read_request(action: ActionBase, source: Any, task_vars: Mapping[str, Any]) -> ReleaseRequest:  # noqa: ANN401
    """Return the release that a task's `source` option asks for on the task's host.

    Args:
        action: the action plugin at work.
        source: the role's variables by name.
        task_vars: all variables of the host, for the stack's templates.

    Raises:
        SlipwayError: everything that is wrong with variables, files, templates, checks and credentials.
    """
    examined = examine_request(action, source, task_vars)
    if examined.request is None or examined.findings:
        raise SlipwayError(examined.findings)
    return examined.request


def examine_request(action: ActionBase, source: Any, task_vars: Mapping[str, Any]) -> ExaminedRequest:  # noqa: ANN401
    """Return the same with everything that is wrong with it."""
    given = source if isinstance(source, Mapping) else {}
    variables, findings = validated(given)
    read = action._loader.get_text_file_contents  # noqa: SLF001 - as in `stack_folder`
    findings += WrittenValues(read, task_vars).findings(given)
    wrong = {finding.thing for finding in findings}
    judged = [*_name_findings(variables), *limit_findings(variables)]
    findings += [finding for finding in judged if finding.thing not in wrong]
    try:
        parse_checks(variables.get("stack_health_checks") or [])
    except SlipwayError as error:
        findings += error.findings
    hooks, wrong_hooks = _hooks(action, variables)
    findings += wrong_hooks
    if "stack_src" in wrong:
        return ExaminedRequest(variables, None, findings)
    try:
        stack = _read(action, variables, task_vars)
    except SlipwayError as error:
        said = [finding for finding in error.findings if finding.thing not in wrong]
        return ExaminedRequest(variables, None, [*findings, *said])
    # Compose would miss every variable of an environment that cannot be read.
    request = None if "stack_env" in wrong else ReleaseRequest(variables, stack, _payload(stack, variables, hooks))
    return ExaminedRequest(variables, request, findings)


def stack_folder(action: ActionBase, variables: Mapping[str, Any]) -> Path:
    """Return the folder of the stack on the controller."""
    # Relative to the playbook's folder, as every other path in Ansible is.
    return Path(action._loader.path_dwim(str(variables.get("stack_src") or "stack")))  # noqa: SLF001


def stack_bundle(action: ActionBase, variables: Mapping[str, Any], task_vars: Mapping[str, Any]) -> FileBundle | None:
    """Return the stack's files as they are for the host at hand, None if they cannot be read."""
    try:
        return _read(action, variables, task_vars).bundle
    except SlipwayError:
        return None


def _hooks(action: ActionBase, variables: Mapping[str, Any]) -> tuple[tuple[Hook, ...], list[Finding]]:
    """Return the declared hooks, and what is wrong with them as far as the controller knows."""
    try:
        hooks = parse_hooks(variables.get("stack_hooks") or {})
    except SlipwayError as error:
        return (), list(error.findings)
    findings = program_findings(hooks, CONTROLLER, _executables(stack_folder(action, variables)))
    return hooks, findings + time_findings(hooks, variables["stack_guard_timeout"])


def _executables(folder: Path) -> dict[str, bool]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): os.access(path, os.X_OK) for path in files}


def _read(action: ActionBase, variables: Mapping[str, Any], task_vars: Mapping[str, Any]) -> StackSource:
    folder = stack_folder(action, variables)

    def render(text: str, path: Path) -> str:
        try:
            templar = action._templar.copy_with_new_env(  # noqa: SLF001 - as Ansible's template action does
                searchpath=[str(path.parent), str(folder)], available_variables=dict(task_vars)
            )
            overrides = {"keep_trailing_newline": True}
            result = templar.template(trust_as_template(text), escape_backslashes=False, overrides=overrides)
        except AnsibleError as error:
            thing = f"template {path.relative_to(folder)}"
            remedy = "Define the variable for this host, or correct the template."
            raise SlipwayError([Finding(thing, "to be rendered", reason_of(error), remedy)]) from error
        return "" if result is None else str(result)

    return read_stack(folder, str(variables.get("stack_version") or ""), variables.get("stack_env") or {}, render)


def _payload(stack: StackSource, variables: Mapping[str, Any], hooks: tuple[Hook, ...]) -> Payload:
    gate = GateSettings(
        checks=tuple(variables.get("stack_health_checks") or ()),
        timeout_s=variables["stack_gate_timeout"],
        healthy_for_s=variables["stack_healthy_for"],
        stable_for_s=variables["stack_stable_for"],
        log_lines=variables["stack_log_lines"],
        start_timeout_s=variables["stack_start_timeout"],
    )
    auths = tuple(RegistryAuth(**auth) for auth in variables.get("stack_registry_auth") or [])
    return Payload(stack.bundle, gate, auths, tuple(hook for hook in hooks if hook.place == TARGET))


def _name_findings(variables: Mapping[str, Any]) -> list[Finding]:
    findings = []
    stack, version = str(variables.get("stack_name") or ""), str(variables.get("stack_version") or "")
    if not STACK_NAME.fits(stack):
        findings.append(Finding("stack_name", STACK_NAME.words, repr(stack), "Set it to the Compose project's name."))
    if not VERSION.fits(version):
        findings.append(Finding("stack_version", VERSION.words, repr(version), "Say which version: --version V."))
    if not is_serial(variables.get("stack_serial")):
        expected = "a number of hosts, a percentage, or a list of these"
        findings.append(Finding("stack_serial", expected, repr(variables["stack_serial"]), "For example: [1, 50%]."))
    return findings
