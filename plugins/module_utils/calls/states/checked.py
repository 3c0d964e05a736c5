# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state `checked`: whether a host can take a release (I/O)."""

from __future__ import annotations

from ...host.preflight import check_all
from ...stack.payload import Payload
from ..call import ReleaseCall, Result


def bring_about(call: ReleaseCall) -> Result:
    """Check the host without touching anything."""
    params = call.params
    payload = Payload.unpack(params["payload"]) if params["payload"] else None
    check_all(call.store, params["stack"], payload, params["min_free_mb"], params["pull_timeout"])
    return {"changed": False, "current": call.store.current(), "summary": ["this host can take a release"]}
