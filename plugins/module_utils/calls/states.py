# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings a release into a state on a host: which code does it (I/O)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .base import ReleaseCall, Result

_LOOKING = ("checked", "resolved")
_PREPARING = ("prepared",)
_RUNNING = ("started", "confirmed", "rolled_back", "renewed", "abandoned", "recovered", "pruned")
STATES = (*_LOOKING, *_PREPARING, *_RUNNING)


def bring_about(params: Mapping[str, Any], *, check_mode: bool) -> Result:
    """Bring the release into the state that was asked for, and return the module's result.

    Args:
        params: the module's options.
        check_mode: whether nothing may be changed.

    Raises:
        SlipwayError: it cannot be done, or must not be.
    """
    return _kind(params["state"])(params, check_mode=check_mode).result()


def _kind(state: str) -> type[ReleaseCall]:
    # The code is compiled anew at every call; no call needs all of it.
    if state in _LOOKING:
        from .looking import LookingCall

        return LookingCall
    if state in _PREPARING:
        from .preparing import PreparingCall

        return PreparingCall
    from .running import RunningCall

    return RunningCall
