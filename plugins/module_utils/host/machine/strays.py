# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Removes containers of services that a release does not have (I/O)."""

from __future__ import annotations

from collections.abc import Callable

from ...engine.client import Engine
from ...release.record import ReleaseRecord
from ...release.rollback_script import REMOVED


def remove_strays(engine: Engine, record: ReleaseRecord, run: Callable[[list[str]], object]) -> list[str]:
    """Remove the containers of services that the release does not have, before it is started.

    Compose does so as well, but it leaves those of a profile that is switched off now.

    Args:
        engine: the engine of this host.
        record: the release.
        run: runs a command.

    Returns:
        What was removed, in words.
    """
    services = {one.service for one in record.services}
    strays = [one for one in engine.containers.of(record.stack) if one.service not in services]
    if strays:
        # In its own time; who does not stop is killed then.
        run(["docker", "stop", *(one.id for one in strays)])
    for one in strays:
        engine.containers.discard(one.id)
    return [f"{REMOVED}{one.name}: the release has no service {one.service}." for one in strays]
