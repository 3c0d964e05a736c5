# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state `resolved`: which bytes the tags of the images name (I/O)."""

from __future__ import annotations

from ...core.wording import counted
from ...host.preflight import resolve_images
from ...stack.payload import Payload
from ..call import ReleaseCall, Result


def bring_about(call: ReleaseCall) -> Result:
    """Ask the registries for the digests."""
    payload = Payload.unpack(call.params["payload"])
    images = resolve_images(call.params["stack"], payload, (), call.params["pull_timeout"])
    return {"changed": False, "images": images, "summary": [f"{counted(len(images), 'image')} resolved"]}
