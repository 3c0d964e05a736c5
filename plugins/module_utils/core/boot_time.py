# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The time of a host that a wrong or a corrected clock does not move (I/O: asks the kernel)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


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
        """Return the moment whose fields a file holds.

        Raises:
            KeyError, TypeError, ValueError: it holds none.
        """
        return cls(str(raw["boot"]), float(raw["ticks"]), float(raw["epoch"]))

    def seconds_since(self, earlier: BootTime) -> float:
        """Return how long ago another moment of this host was; after a boot the wall clock has to do."""
        return self.ticks - earlier.ticks if self.boot == earlier.boot else self.epoch - earlier.epoch


def boot_time() -> BootTime:
    """Return the present moment of this host."""
    return BootTime(
        _BOOT_ID.read_text().strip(), round(time.clock_gettime(time.CLOCK_BOOTTIME), 3), round(time.time(), 3)
    )
