# SPDX-License-Identifier: GPL-3.0-or-later
"""Ends the program when a signal arrives before it has begun anything: loading its code alone takes a second."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
EXIT_CODE = 10


def take_signals(handler: Callable[[int, FrameType | None], None]) -> None:
    """Install a handler for the signals, but not for SIGHUP under nohup."""
    for number in SIGNALS:
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, handler)


def end(number: int, _frame: FrameType | None) -> None:
    """Print that nothing was begun, and end at once."""
    line = f"verdict: refused (interrupted) · {signal.Signals(number).name} came before anything was begun\n"
    with suppress(OSError):
        os.write(1, line.encode())
    os._exit(EXIT_CODE)
