# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a release keeps of its hooks on the host (I/O)."""

from __future__ import annotations

from ..engine.client import Engine
from ..engine.compose_command import HOOK_LABEL
from ..release.store import ReleaseStore
from ..stack.hooks import HookSettings

#: The hooks of a release, in its folder.
HOOKS_FILE = "hooks.json"


def read_hooks(store: ReleaseStore, release: str) -> HookSettings:
    """Return the hooks that a release was given; none for a release from before there were hooks."""
    return HookSettings.from_dict(store.read_json(release, HOOKS_FILE))


def write_hooks(store: ReleaseStore, release: str, settings: HookSettings) -> None:
    """Keep the hooks with their release, for the way back and for the day when it is gone back to."""
    store.write_json(release, HOOKS_FILE, settings.as_dict())


def remove_hook_containers(engine: Engine, stack: str) -> None:
    """Remove the containers of hooks that were ended, or whose caller was."""
    engine.remove_containers([f"com.docker.compose.project={stack}", HOOK_LABEL])
