# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the role's variables against its own argument spec, so that all that is wrong is said at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.yaml import yaml_load

from ..module_utils.core.findings import Finding
from .plain_values import plain

_SPECS = Path(__file__).resolve().parents[2] / "roles" / "stack" / "meta" / "argument_specs.yml"
#: Read once in a run: Ansible loads a plugin before it forks for each host.
_OPTIONS: Mapping[str, Mapping[str, Any]] = yaml_load(_SPECS.read_text())["argument_specs"]["plan"]["options"]
#: What each type is in words.
_IN_WORDS = {
    "bool": "true or false",
    "dict": "a mapping of names to values",
    "float": "a number",
    "int": "a whole number",
    "list": "a list",
    "path": "a path",
    "str": "a text",
}
_SEEN = {str: "a text", bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "a mapping"}
_LONGEST_QUOTE = 60


def validated(variables: Mapping[str, Any]) -> tuple[dict[str, Any], list[Finding]]:
    """Return the role's variables in the types that the role documents, and what is wrong with them.

    A variable that is wrong gets its default, so that the rest can be looked at.

    Args:
        variables: the value of each `stack_` variable by its full name; None counts as not set.
    """
    given = {name: value for name, value in plain(variables).items() if value is not None}
    values: dict[str, Any] = {}
    findings = []
    for name, option in _OPTIONS.items():
        mine = {name: given[name]} if name in given else {}
        outcome = ArgumentSpecValidator({name: option}).validate(mine)
        values[name] = outcome.validated_parameters.get(name)
        if outcome.error_messages:
            values[name] = option.get("default")
            findings.append(_finding(name, option, mine, outcome.error_messages))
    return values, findings


def role_variables(templar: Any, variables: Mapping[str, Any]) -> tuple[dict[str, Any], list[Finding]]:  # noqa: ANN401
    """Return the value of each of the role's variables that is set, and which cannot be evaluated.

    Args:
        templar: Ansible's engine for templates, with all variables of the host.
        variables: the same variables, not evaluated yet.
    """
    values: dict[str, Any] = {}
    findings = []
    for name in _OPTIONS:
        try:
            # With Ansible's tags, which say where a value was written.
            values[name] = templar.template(variables[name]) if name in variables else None
        except AnsibleError as error:
            remedy = "Define what it is made of for this host, or correct it."
            findings.append(Finding(name, "a value", reason_of(error), remedy))
    return values, findings


def reason_of(error: AnsibleError) -> str:
    """Return why Ansible could not evaluate a template, in one line."""
    return " ".join(str(getattr(error, "message", None) or error).split())


def _finding(name: str, option: Mapping[str, Any], given: Mapping[str, Any], messages: Sequence[str]) -> Finding:
    remedy = "Correct it in the inventory or on the command line; docs/configuration.md describes every variable."
    kind = str(option.get("type", "str"))
    expected = f"one of {', '.join(option['choices'])}" if "choices" in option else _IN_WORDS.get(kind, "a value")
    if kind == "list" and option.get("elements") == "dict":
        expected = "a list of mappings"
    if name not in given:
        return Finding(name, expected, "nothing", f"Set it. {remedy}")
    value = given[name]
    if kind in ("bool", "int", "float") or "choices" in option:
        seen = repr(value)[:_LONGEST_QUOTE]
    elif "options" in option and isinstance(value, list) and all(isinstance(item, Mapping) for item in value):
        seen = "; ".join(messages)
    elif kind == "list" and isinstance(value, list):
        seen = "a list that holds something else"
    else:
        # Not what it holds, which may be a secret.
        seen = next((words for sort, words in _SEEN.items() if isinstance(value, sort)), "something else")
    return Finding(name, expected, seen, remedy)
