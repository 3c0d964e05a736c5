# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Renders the stack on the controller and hands it to the module of the same name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.plugins.action import ActionBase

from ..module_utils.core.findings import SlipwayError
from ..plugin_utils.host_answer import checked_answer
from ..plugin_utils.release_request import failure, read_request


class ActionModule(ActionBase):
    """See the module's documentation."""

    _supports_check_mode = True

    def run(self, tmp: None = None, task_vars: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return what the module returns."""
        super().run(tmp, task_vars)
        variables = dict(task_vars or {})
        arguments = dict(self._task.args)
        source = arguments.pop("source", None)
        if source:
            try:
                request = read_request(self, source, variables)
            except SlipwayError as error:
                return failure(error)
            arguments.update(stack=request.variables["stack_name"], payload=request.payload.pack())
        return checked_answer("image_digest_info", self._execute_module(module_args=arguments, task_vars=variables))
