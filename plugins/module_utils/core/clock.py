# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The clock of a host that nobody corrects (I/O: asks the kernel)."""

from __future__ import annotations

import time
from pathlib import Path

from .boot_time import BootTime

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def boot_time() -> BootTime:
    """Return the present moment of this host."""
    return BootTime(
        _BOOT_ID.read_text().strip(), round(time.clock_gettime(time.CLOCK_BOOTTIME), 3), round(time.time(), 3)
    )
