# SPDX-License-Identifier: GPL-3.0-or-later
"""Stops a run in order when the user or the pipeline asks for it."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: GitHub kills a cancelled step 10 s after it began to ask; the verdict must be written by then.
GRACE_S = 5.0


class Interruption:
    """Remembers a signal, passes it to Ansible, and insists when Ansible does not end.

    Attributes:
        signal_name: the first signal that came, None while there was none.
    """

    def __init__(self, pid_file: Path, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        """Take the file in which the started command leaves its process id."""
        self._pid_file = pid_file
        self._say = say
        self._clock = clock
        self._deadline: float | None = None
        self._insisted = False
        self.signal_name: str | None = None

    def listen(self) -> None:
        """Take the signals from now on."""
        for number in SIGNALS:
            signal.signal(number, self.note)

    def note(self, number: int, _frame: FrameType | None) -> None:
        """Remember a signal; the second one means now."""
        if self.signal_name is None:
            self.signal_name = signal.Signals(number).name
        else:
            self._insisted = True

    def must_kill(self) -> bool:
        """Tell ansible-runner whether to kill; called a few times a second while Ansible runs."""
        if self.signal_name is None:
            return False
        if self._deadline is None:
            self._deadline = self._clock() + GRACE_S
            self._say(f"{self.signal_name}: stopping Ansible; what was begun on the targets is not undone by this")
            return not self.pass_on()
        return self._insisted or self._clock() >= self._deadline

    def pass_on(self) -> bool:
        """Ask Ansible to end, and tell whether it could be asked."""
        try:
            os.kill(int(self._pid_file.read_text(encoding="ascii")), signal.SIGINT)
        except (OSError, ValueError):
            return False
        return True
