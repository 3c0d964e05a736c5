# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables that a user gives as K=V."""

from __future__ import annotations

import json
import math
import re

from ansible_collections.slipway.compose.plugins.module_utils.core.findings import Finding

RESERVED = {
    "stack_version": "Use --version.",
    "stack_release": "Use --to.",
    "stack_plan_file": "Use --plan.",
    "stack_plan_sha256": "Use --plan-sha256.",
    "stack_unlock_run": "Use --run.",
    "stack_continue_run": "Use --run.",
    "stack_run_id": "Leave it away: each run gets its own.",
    "stack_runs_dir": "Leave it away: runs are kept in var/runs.",
}

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def parse_extra_variables(entries: list[str]) -> tuple[dict[str, object], list[Finding]]:
    """Return the variables, the last of each name winning, and what is wrong with the entries.

    A finding never quotes a value: it may be a secret.
    """
    variables: dict[str, object] = {}
    findings: list[Finding] = []
    for number, entry in enumerate(entries, start=1):
        name, equals, value = entry.partition("=")
        finding = _finding(f"-e number {number}", name, has_value=bool(equals))
        if finding:
            findings.append(finding)
        else:
            variables[name] = typed_value(value)
    return variables, findings


def _finding(thing: str, name: str, *, has_value: bool) -> Finding | None:
    if not has_value:
        if name.startswith("@"):
            return Finding(thing, "K=V", "a file", "Put the variables into the environment's group_vars instead.")
        return Finding(thing, "K=V", "no equals sign", "Write it as NAME=VALUE.")
    if not _NAME.fullmatch(name):
        remedy = "Use letters, digits and underscores, not beginning with a digit."
        return Finding(thing, "a variable's name before the equals sign", repr(name), remedy)
    if name in RESERVED:
        return Finding(thing, "a variable that is free to set", name, RESERVED[name])
    return None


def typed_value(text: str) -> object:
    """Read a value: JSON where that loses nothing, else the text itself.

    A number counts as one only if it would be written the same: the version 1.10 must not become 1.1.
    """
    try:
        value: object = json.loads(text)
    except ValueError:
        return text
    if isinstance(value, (int, float)) and (json.dumps(value) != text.strip() or not math.isfinite(value)):
        return text
    return value
