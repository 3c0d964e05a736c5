# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a command that somebody else wrote: its time, its output and its children are bounded (I/O)."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from .command import end_noted, noted
from .processes import process, processes

#: How much of a command's output is kept, from its end.
_KEPT_BYTES = 16384
_KEPT_LINES = 20
#: Seconds that a command has to clean up after SIGTERM, before SIGKILL.
_GRACE_S = 3.0
#: Seconds to wait for output that is on its way when the command has ended; a child may hold the pipe for ever.
_DRAIN_S = 1.0
_POLL_S = 0.05


@dataclass(frozen=True)
class Ended:
    """How a command ended.

    Attributes:
        exit_code: negative if a signal ended it; None if its time was up.
        lines: the last lines of its output, standard error included.
        duration_s: how long it took.
    """

    exit_code: int | None
    lines: tuple[str, ...]
    duration_s: float

    @property
    def passed(self) -> bool:
        """Tell whether it ended well."""
        return self.exit_code == 0

    def seen(self, timeout_s: float) -> str:
        """Say how it ended, for a time limit of this many seconds."""
        if self.exit_code is None:
            return f"no end within its time limit of {timeout_s:g} s; it and its children were killed"
        if self.exit_code < 0:
            return f"ended by signal {-self.exit_code} after {self.duration_s:.1f} s"
        return f"exit code {self.exit_code} after {self.duration_s:.1f} s"


def run_user_command(
    argv: Sequence[str], env: Mapping[str, str], timeout_s: float, cwd: str, note: Path | None = None
) -> Ended:
    """Run a command to its end or to the end of its time.

    When its time is up, it and every process that came from it and can still be found are ended: those in its session,
    and those below it that began a session of their own.

    Args:
        argv: program and arguments; no shell sees them.
        env: the whole environment.
        timeout_s: seconds.
        cwd: working folder.
        note: file that names the command's process group while it runs, see `run_command`.

    Raises:
        OSError: the program cannot be started.
    """
    if note is not None:
        end_noted(note)
    began = time.monotonic()
    # run_command belongs to a module, and knows neither time limits nor process groups.
    process = subprocess.Popen(  # pylint: disable=ansible-bad-function
        list(argv),
        env=dict(env),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    tail = _Tail(process.stdout)
    exit_code: int | None
    try:
        with noted(process.pid, note):
            exit_code = process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        _end(process)
        exit_code = None
    except BaseException:
        _end(process)
        raise
    finally:
        duration_s = time.monotonic() - began
        tail.close()
    return Ended(exit_code, tail.lines(), duration_s)


def processes_below(pid: int) -> list[int]:
    """Return the processes that came from a process and still stand below it."""
    children: dict[int, list[int]] = {}
    for one in processes():
        children.setdefault(one.parent, []).append(one.pid)
    found: list[int] = []
    waiting = [pid]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


class _Tail:
    """Reads a pipe to its end, and keeps the last of it."""

    def __init__(self, pipe: IO[bytes] | None) -> None:
        """Begin to read."""
        self._pipe = pipe
        self._kept = b""
        self._cut = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def lines(self) -> tuple[str, ...]:
        """Return the last lines that are not empty."""
        lines = self._kept.decode("utf-8", "replace").splitlines()
        # Half a line may be half a secret, which nothing would recognise.
        lines = [line.rstrip() for line in lines[1 if self._cut else 0 :] if line.strip()]
        return tuple(lines[-_KEPT_LINES:])

    def close(self) -> None:
        """Wait for what is on its way; what a child that lives on prints later is not waited for."""
        self._thread.join(_DRAIN_S)

    def _read(self) -> None:
        if self._pipe is None:
            return
        with suppress(OSError, ValueError):
            while True:
                chunk = os.read(self._pipe.fileno(), 65536)
                if not chunk:
                    break
                self._cut = self._cut or len(self._kept) + len(chunk) > _KEPT_BYTES
                self._kept = (self._kept + chunk)[-_KEPT_BYTES:]


def _end(process: subprocess.Popen[bytes]) -> None:
    below = processes_below(process.pid)
    _signal(process.pid, below, signal.SIGTERM)
    until = time.monotonic() + _GRACE_S
    while time.monotonic() < until and (process.poll() is None or any(_alive(pid) for pid in below)):
        below = list(dict.fromkeys([*below, *processes_below(process.pid)]))
        time.sleep(_POLL_S)
    _signal(process.pid, [pid for pid in below if _alive(pid)], signal.SIGKILL)
    process.wait()


def _signal(session: int, others: Sequence[int], number: int) -> None:
    with suppress(OSError):
        os.killpg(session, number)
    for pid in others:
        with suppress(OSError):
            os.kill(pid, number)


def _alive(pid: int) -> bool:
    found = process(pid)
    return found is not None and not found.has_ended
