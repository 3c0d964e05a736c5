# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a run has to end before its time: a signal, or its time limit."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

from scripts.playbook_run.early_signals import take_signals

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

#: Until the playbook says what the environment wants; the default of stack_run_timeout.
DEFAULT_LIMIT_S = 3600.0
#: `timeout` and some pipelines send one signal to the process and to its group: that is still asking once.
ONCE_S = 1.0


class Insisted(BaseException):  # like KeyboardInterrupt: nothing may take it for an error and go on
    """Somebody asked a second time; the program ends at once."""


class Interruption:
    """Remembers why the run has to end; raises `Insisted` where somebody asks again."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start the run's clock."""
        self._clock = clock
        self._began = clock()
        self._limit_s = DEFAULT_LIMIT_S
        self._signal_name: str | None = None
        self._noted_at: float | None = None
        self._insisted = False

    def listen(self) -> None:
        """Take the signals from now on."""
        take_signals(self.note)

    def note(self, number: int, _frame: FrameType | None) -> None:
        """Remember a signal; a later one means now."""
        now = self._clock()
        if self._noted_at is None:
            self._signal_name = signal.Signals(number).name
            self._noted_at = now
        elif now - self._noted_at >= ONCE_S and not self._insisted:
            self._insisted = True
            raise Insisted

    def limit(self, seconds: float) -> None:
        """Set how long the run may take in all; 0 takes the limit away."""
        self._limit_s = seconds

    def reason(self) -> str | None:
        """Return why the run has to end, None while it may go on; the first reason stays."""
        if self._noted_at is None and 0 < self._limit_s <= self._clock() - self._began:
            self._noted_at = self._clock()
        if self._signal_name:
            return self._signal_name
        return None if self._noted_at is None else f"its time limit of {self._limit_s:g} s (stack_run_timeout)"
