# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The containers that hooks run in (I/O)."""

from __future__ import annotations

from ..engine.client import Engine
from ..engine.compose_command import HOOK_LABEL
from ..engine.compose_labels import PROJECT_LABEL


def remove_hook_containers(engine: Engine, stack: str) -> None:
    """Remove the containers of hooks that were ended, or whose caller was."""
    engine.containers.remove([f"{PROJECT_LABEL}={stack}", HOOK_LABEL])
