# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the role's variables against its own argument spec, so that all that is wrong is said at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.slipway.compose.plugins.module_utils.errors import Finding
from ansible_collections.slipway.compose.plugins.plugin_utils.plain_values import plain

_NAME = re.compile(r"\bstack_[a-z_]+")
_SPECS = Path(__file__).resolve().parents[2] / "roles" / "stack" / "meta" / "argument_specs.yml"


def validated(variables: Mapping[str, Any]) -> tuple[dict[str, Any], list[Finding]]:
    """Return the role's variables in the types that the role documents, and what is wrong with them.

    Args:
        variables: the value of each `stack_` variable by its full name; None counts as not set.
    """
    given = {name: value for name, value in plain(variables).items() if value is not None}
    outcome = ArgumentSpecValidator(_options()).validate(given)
    findings = [_finding(message) for message in outcome.error_messages]
    values: dict[str, Any] = dict(outcome.validated_parameters)
    return values, findings


def _finding(message: str) -> Finding:
    named = _NAME.search(message)
    remedy = "Correct it in the inventory or on the command line; docs/configuration.md describes every variable."
    thing = named.group() if named else "role variable"
    return Finding(thing, "the type and the values that the role documents", message.rstrip("."), remedy)


@lru_cache(maxsize=1)
def _options() -> dict[str, Any]:
    document = yaml.safe_load(_SPECS.read_text())
    options: dict[str, Any] = document["argument_specs"]["plan"]["options"]
    return options
