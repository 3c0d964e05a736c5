# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hands a health check's checks and secrets to the module in one piece, which is shown and logged nowhere."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from ansible.plugins.action import ActionBase

from ..module_utils.core.findings import SlipwayError
from ..plugin_utils.argument_types import validated
from ..plugin_utils.known_secrets import stack_secrets
from ..plugin_utils.plain_values import plain
from ..plugin_utils.release_request import read_request


class ActionModule(ActionBase):
    """See the module's documentation."""

    _supports_check_mode = True

    def run(self, tmp: None = None, task_vars: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the module's result; how it was called is left out of it, since checks hold headers and bodies."""
        super().run(tmp, task_vars)
        arguments = plain(self._task.args)
        secrets = self._secrets(arguments.pop("source", None), task_vars or {})
        sealed = {"checks": arguments.pop("checks", None), "secrets": secrets}
        arguments["sealed"] = base64.b64encode(json.dumps(sealed).encode()).decode()
        result: dict[str, Any] = self._execute_module(module_args=arguments, task_vars=task_vars)
        result.pop("invocation", None)
        return result

    def _secrets(self, source: Mapping[str, Any] | None, task_vars: Mapping[str, Any]) -> list[list[str]]:
        if not source:
            return []
        try:
            bundle = read_request(self, source, task_vars).stack.bundle
        except SlipwayError:
            # The plan said what is wrong with the stack; a check is about what runs.
            bundle = None
        return [[secret.name, secret.value] for secret in stack_secrets(validated(source)[0], bundle)]
