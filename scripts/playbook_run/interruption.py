# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a run has to end early: a signal, or its time limit."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

from scripts.playbook_run.early_signals import take_signals

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

#: The default of stack_run_timeout, until the playbook reports the environment's.
DEFAULT_LIMIT_S = 3600.0
#: Signals within these seconds count as one: `timeout` and some pipelines send it to the process and to its group.
ONCE_S = 1.0


class Insisted(BaseException):  # like KeyboardInterrupt: no handler of errors may swallow it
    """A second signal arrived; the program ends at once."""


class Interruption:
    """Remembers why the run has to end; raises `Insisted` when a second signal arrives."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start the run's clock."""
        self._clock = clock
        self._began = clock()
        self._limit_s = DEFAULT_LIMIT_S
        self._signal_name: str | None = None
        self._noted_at: float | None = None
        self._insisted = False

    def listen(self) -> None:
        """Handle signals from now on."""
        take_signals(self.note)

    def note(self, number: int, _frame: FrameType | None) -> None:
        """Remember the first signal.

        Raises:
            Insisted: it is a later one.
        """
        now = self._clock()
        if self._noted_at is None:
            self._signal_name = signal.Signals(number).name
            self._noted_at = now
        elif now - self._noted_at >= ONCE_S and not self._insisted:
            self._insisted = True
            raise Insisted

    def limit(self, seconds: float) -> None:
        """Set how many seconds the run may take; 0 removes the limit."""
        self._limit_s = seconds

    def reason(self) -> str | None:
        """Return why the run has to end, None while it may go on; the first reason stays."""
        if self._noted_at is None and 0 < self._limit_s <= self._clock() - self._began:
            self._noted_at = self._clock()
        if self._signal_name:
            return self._signal_name
        return None if self._noted_at is None else f"its time limit of {self._limit_s:g} s (stack_run_timeout)"
