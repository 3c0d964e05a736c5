# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The time of a host that a wrong or a corrected clock does not move."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class BootTime:
    """A moment on one host.

    Attributes:
        boot: ID of the boot that `ticks` counts from.
        ticks: seconds since that boot, times of suspension included (CLOCK_BOOTTIME, clock_gettime(2)).
        epoch: seconds since 1970 by the wall clock, for comparisons across a boot.
    """

    boot: str
    ticks: float
    epoch: float

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> BootTime:
        """Return the moment that a document without fault holds."""
        return cls(raw["boot"], float(raw["ticks"]), float(raw["epoch"]))

    def seconds_since(self, earlier: BootTime) -> float:
        """Return how long ago another moment of this host was.

        After a boot the wall clock has to do. It may have been set back, or not be set yet; but this boot began later
        than the other moment.
        """
        if self.boot == earlier.boot:
            return self.ticks - earlier.ticks
        return max(self.epoch - earlier.epoch, self.ticks)
