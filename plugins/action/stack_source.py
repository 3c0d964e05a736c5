# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads and renders a stack for each host, on the controller, and tells only hashes of it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from ansible.plugins.action import ActionBase

from ..module_utils.core.findings import SlipwayError
from ..plugin_utils.release_request import failure, read_request

#: What the scripts need to know of the run before anything can fail.
_LIMITS = ("run_timeout", "guard_timeout")


class ActionModule(ActionBase):
    """See the module's documentation."""

    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: None = None, task_vars: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the hashes of the host's files and variables."""
        super().run(tmp, task_vars)
        started_at = time.time()
        try:
            request = read_request(self, self._task.args.get("source"), task_vars or {})
        except SlipwayError as error:
            return failure(error)
        return {
            "changed": False,
            "started_at": started_at,
            "limits": {name: request.variables[f"stack_{name}"] for name in _LIMITS},
            "content_sha256": request.stack.bundle.content_sha256,
            "files": dict(request.stack.file_hashes),
            "compose_files": list(request.stack.bundle.compose_files),
        }
