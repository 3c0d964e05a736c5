# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads and renders a stack for every host of a run, on the controller, and tells only hashes of it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from ansible.plugins.action import ActionBase

from ..module_utils.core.findings import SlipwayError
from ..plugin_utils.fleet_sources import longest_silence, read_sources, told_once
from ..plugin_utils.release_request import failure

#: What the scripts need to know of the run before anything can fail.
_LIMITS = ("run_timeout", "guard_timeout")


class ActionModule(ActionBase):
    """See the module's documentation."""

    _requires_connection = False
    _supports_check_mode = True
    BYPASS_HOST_LOOP = True

    def run(self, tmp: None = None, task_vars: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the hashes of each host's files and variables."""
        super().run(tmp, task_vars)
        started_at = time.time()
        variables = dict(task_vars or {})
        hosts = [str(host) for host in self._task.args.get("hosts") or [variables["inventory_hostname"]]]
        sources = read_sources(self, variables, hosts, in_waves=bool(self._task.args.get("in_waves", True)))
        findings = told_once(sources)
        if findings:
            found = {host: [one.as_dict() for one in source.findings] for host, source in sources.items()}
            return {**failure(SlipwayError(findings)), "hosts": {host: {"findings": found[host]} for host in hosts}}
        first = sources[hosts[0]]
        return {
            "changed": False,
            "started_at": started_at,
            "limits": {name: first.variables[f"stack_{name}"] for name in _LIMITS},
            "longest_silence": longest_silence(sources),
            "files": dict(first.files),
            "hosts": {host: {"content_sha256": source.content_sha256} for host, source in sources.items()},
        }
