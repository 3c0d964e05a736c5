# SPDX-License-Identifier: GPL-3.0-or-later
"""Python reads this at its start, where it is on the path: libfaketime refuses the call that time.sleep makes."""

from __future__ import annotations

import select
import time
from typing import SupportsIndex


def _sleep(seconds: float | SupportsIndex) -> None:
    select.select([], [], [], float(seconds))


time.sleep = _sleep
