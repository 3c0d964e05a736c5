# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One command at a time on a stack of this host: modules, guard and `rollback.sh` take the same lock (I/O)."""

from __future__ import annotations

import fcntl
import json
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from ..core.findings import Finding, SlipwayError
from ..core.processes import end_process, process_began

#: How often to try again for a lock that somebody has; flock(2) itself knows no time limit.
_INTERVAL_S = 0.1


@dataclass(frozen=True)
class LockHolder:
    """Who has the lock: a process of this host, when it began (field 22 of proc_pid_stat(5)), and its run."""

    pid: int
    began: str
    run: str

    @property
    def alive(self) -> bool:
        """Tell whether that very process is there."""
        return process_began(self.pid) == self.began


class StackLock:
    """The lock of a stack's folder; the kernel takes it off a process that dies."""

    def __init__(self, folder: Path, run: str, wait_s: float) -> None:
        """Name the lock; nothing is locked yet.

        Args:
            folder: the stack's folder.
            run: the run that wants it.
            wait_s: seconds to wait for it.
        """
        self._path = folder / "lock"
        self._run = run
        self._wait_s = wait_s
        self._descriptor = -1

    def holder(self) -> LockHolder | None:
        """Return who has the lock, as far as that is known."""
        try:
            raw = json.loads(self._path.read_text())
            holder = LockHolder(int(raw["pid"]), str(raw["began"]), str(raw["run"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return holder if holder.alive else None

    def __enter__(self) -> None:
        """Take the lock.

        Raises:
            SlipwayError: somebody else has it all the time.
        """
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        until = time.monotonic() + self._wait_s
        while not self._taken():
            if time.monotonic() >= until:
                os.close(self._descriptor)
                raise SlipwayError([self._busy()])
            time.sleep(_INTERVAL_S)
        me = json.dumps({"pid": os.getpid(), "began": process_began(os.getpid()), "run": self._run})
        # Only for people and for `end_command`; where there is no room for it, the lock holds without it.
        with suppress(OSError):
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, me.encode(), 0)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the lock back."""
        with suppress(OSError):
            os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)

    def _taken(self) -> bool:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _busy(self) -> Finding:
        holder = self.holder()
        seen = f"process {holder.pid} of run {holder.run}" if holder else "another process, such as rollback.sh"
        return Finding(
            thing=f"lock of {self._path.parent}",
            expected=f"no other command at work on this stack within {self._wait_s:.0f} s",
            seen=seen,
            remedy=f"Wait for it and try again; on the host, `fuser {self._path}` shows it.",
        )


def end_command(folder: Path, run: str, wait_s: float) -> None:
    """End the command that a run still has at work on this host, if there is one.

    What that command had started in its turn is ended by `rollback.sh`.
    """
    holder = StackLock(folder, run, 0.0).holder()
    if holder is None or holder.run != run or holder.pid == os.getpid():
        return
    end_process(holder.pid, holder.began, wait_s)
