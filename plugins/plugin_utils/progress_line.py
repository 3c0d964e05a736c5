# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells which task runs and for how long: in a line at the bottom of a terminal, elsewhere in a line now and then."""

from __future__ import annotations

import os
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager

INDENT = "      "
_CLEAR = b"\r\x1b[K"
_TICK_S = 1.0
#: In a log, a sign of life comes after so many seconds in which nothing was printed.
SILENCE_S = 10.0
#: More hosts than these are counted, not named.
_NAMED = 4


def terminal_width(descriptor: int) -> int:
    """Return the columns of a terminal, 80 if it does not say."""
    try:
        return os.get_terminal_size(descriptor).columns or 80
    except OSError:
        return 80


def fitted(text: str, width: int) -> str:
    """Cut a text to the columns that it may fill; wide characters fill two."""
    used = 0
    for position, character in enumerate(text):
        used += 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if used > width:
            return text[: max(0, position - 1)] + "…"
    return text


def progress_text(title: str, seconds: float, waiting: list[str]) -> str:
    """Write the line: which task, since when, for whom it waits."""
    named = ", ".join(waiting[:_NAMED]) + (f", … ({len(waiting)} hosts)" if len(waiting) > _NAMED else "")
    hosts = f" · {named}" if waiting else ""
    return f"{INDENT}{title} · {int(seconds)} s{hosts}"


class ProgressLine:
    """A line rewritten in place, gone whenever something else is to be printed; in a log, a line after each silence.

    It writes to the descriptor directly: a worker process forked while Python's own stream is locked would hang.
    """

    def __init__(
        self,
        descriptor: int,
        clock: Callable[[], float] = time.monotonic,
        *,
        stamp: Callable[[], str] | None = None,
    ) -> None:
        """Prepare the line; nothing is shown before `start`.

        Args:
            descriptor: where to write.
            clock: seconds.
            stamp: returns what each line of a log begins with; None on a terminal, where the line is rewritten.
        """
        self._stamp = stamp
        self._heard_at = clock()
        self._descriptor = descriptor
        self._clock = clock
        self._lock = threading.RLock()
        self._owner = os.getpid()
        self._title = ""
        self._since = 0.0
        self._waiting: list[str] = []
        self._visible = False
        self._stopped = threading.Event()
        self._ticker: threading.Thread | None = None

    def start(self, title: str) -> None:
        """Show this task from now on."""
        with self._lock:
            self._title, self._since, self._waiting = title, self._clock(), []
        if self._ticker is None:
            self._ticker = threading.Thread(target=self._tick, name="progress-line", daemon=True)
            self._ticker.start()

    def waits_for(self, host: str) -> None:
        """Name a host on which the task began."""
        with self._lock:
            if host not in self._waiting:
                self._waiting.append(host)

    def heard_from(self, host: str) -> None:
        """Take a host away whose result came."""
        with self._lock:
            if host in self._waiting:
                self._waiting.remove(host)

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Take the line away, and keep it away while the caller prints; the next tick brings it back.

        In a forked worker this does nothing: the line, and perhaps its held lock, belong to the parent.
        """
        if os.getpid() != self._owner:
            yield
            return
        with self._lock:
            self._erase()
            self._heard_at = self._clock()
            yield

    def finish(self) -> None:
        """Remove the line for good."""
        self._stopped.set()
        with self._lock:
            self._title = ""
            self._erase()

    def _erase(self) -> None:
        if self._visible:
            self._write(_CLEAR)
            self._visible = False

    def _tick(self) -> None:
        while not self._stopped.wait(_TICK_S):
            self.draw()

    def draw(self) -> None:
        """Write the line as it is now."""
        with self._lock:
            if not self._title or self._stopped.is_set():
                return
            text = progress_text(self._title, self._clock() - self._since, self._waiting)
            if self._stamp is not None:
                self._log(f"{self._stamp()} {text}")
                return
            line = fitted(text, terminal_width(self._descriptor) - 1)
            self._visible = True
            self._write(_CLEAR + line.encode("utf-8", errors="replace"))

    def _log(self, line: str) -> None:
        """Write a line of a log, if nothing was written for a while."""
        if self._clock() - self._heard_at >= SILENCE_S:
            self._heard_at = self._clock()
            self._write(f"{line}\n".encode("utf-8", errors="replace"))

    def _write(self, data: bytes) -> None:
        try:
            os.write(self._descriptor, data)
        except OSError:
            self._stopped.set()
