# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The states of the module `release` that touch nothing (I/O)."""

from __future__ import annotations

from ..core.wording import counted
from ..host.preflight import look, resolve_images
from ..stack.payload import Payload
from .base import ReleaseCall, Result


class LookingCall(ReleaseCall):
    """A call with state checked or resolved."""

    def _checked(self) -> Result:
        params = self._params
        payload = Payload.unpack(params["payload"]) if params["payload"] else None
        look(self._store, params["stack"], payload, params["min_free_mb"], params["pull_timeout"])
        return {"changed": False, "summary": ["this host can take a release"]}

    def _resolved(self) -> Result:
        payload = Payload.unpack(self._params["payload"])
        images = resolve_images(self._params["stack"], payload, (), self._params["pull_timeout"])
        return {"changed": False, "images": images, "summary": [f"{counted(len(images), 'image')} resolved"]}
