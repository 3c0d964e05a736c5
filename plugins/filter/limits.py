# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters that tell the role how long parts of a rollout may take."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ..module_utils.stack import plan
from ..plugin_utils.plain_values import plain


def longest_silence(
    start_timeout: float, gate_timeout: float, bake_time: float, health_checks: object, hooks: object
) -> float:
    """Return the seconds in which the other hosts hear nothing while a batch uses up every limit."""
    try:
        start, gate, bake = float(start_timeout), float(gate_timeout), float(bake_time)
    except (TypeError, ValueError):
        # What is no number was refused, and nothing is rolled out.
        return 0.0
    return plan.longest_silence(start, gate, bake, plain(health_checks), plain(hooks))


def pause_round(
    paused_since: float, pause_timeout: float, guard_timeout: float, start_timeout: float
) -> dict[str, Any]:
    """Return how long the next part of a pause waits, and whether it is the last."""
    left = float(paused_since) + float(pause_timeout) - time.time()
    seconds, last = plan.pause_round(left, float(guard_timeout), float(start_timeout))
    return {"seconds": seconds, "last": last}


class FilterModule:
    """The collection's filters for limits."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return them by name."""
        return {"longest_silence": longest_silence, "pause_round": pause_round}
