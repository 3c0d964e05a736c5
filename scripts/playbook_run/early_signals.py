# SPDX-License-Identifier: GPL-3.0-or-later
"""Ends the program in order when a signal comes before it has begun anything; loading alone takes a second."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
EXIT_CODE = 40


def take_signals(handler: Callable[[int, FrameType | None], None]) -> None:
    """Let signals go to a handler; whoever said nohup keeps its meaning."""
    for number in SIGNALS:
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, handler)


def end(number: int, _frame: FrameType | None) -> None:
    """Say that nothing was begun, and end at once."""
    line = f"verdict: unknown · cut off by {signal.Signals(number).name} before anything was begun\n"
    with suppress(OSError):
        os.write(1, line.encode())
    os._exit(EXIT_CODE)
