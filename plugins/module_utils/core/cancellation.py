# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stops work that runs in other threads (I/O: threads)."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Callable

if TYPE_CHECKING:
    from collections.abc import Iterator


class Cancellation:
    """Tells threads to stop: those that wait wake up, those that run something have it stopped."""

    def __init__(self) -> None:
        """Begin not cancelled."""
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._stops: list[Callable[[], None]] = []

    @property
    def cancelled(self) -> bool:
        """Whether it is time to stop."""
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait that long at the most; return whether it is time to stop."""
        return self._event.wait(seconds)

    def cancel(self) -> None:
        """Stop everything; may be called again."""
        with self._lock:
            self._event.set()
            for stop in self._stops:
                stop()

    @contextmanager
    def running(self, stop: Callable[[], None]) -> Iterator[None]:
        """Have this called if it is cancelled before the block ends."""
        with self._lock:
            self._stops.append(stop)
            if self.cancelled:
                stop()
        try:
            yield
        finally:
            with self._lock:
                self._stops.remove(stop)
