# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel tells of this host's processes (I/O)."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
#: Places of fields after the name (proc_pid_stat(5)).
_STATE, _PARENT, _BEGAN = 0, 1, 19
_POLL_S = 0.1


@dataclass(frozen=True)
class Process:
    """A process.

    Attributes:
        pid: its number.
        name: what it calls itself; it may hold anything.
        parent: the number of the process that it came from.
        began: when it did, in ticks since the boot: with the number, it means one process and no other.
        has_ended: whether it only waits for its parent to take note of its end.
    """

    pid: int
    name: str
    parent: int
    began: str
    has_ended: bool


def process(pid: int, proc: Path = PROC) -> Process | None:
    """Return a process, None if there is none of this number, or it is ending."""
    try:
        # The name, in brackets, may hold brackets.
        name, _bracket, rest = (proc / str(pid) / "stat").read_text(errors="replace").partition(" (")[2].rpartition(")")
        fields = rest.split()
        return Process(pid, name, int(fields[_PARENT]), fields[_BEGAN], fields[_STATE] == "Z")
    except (OSError, ValueError, IndexError):
        return None


def processes(proc: Path = PROC) -> Iterator[Process]:
    """Return every process that can be seen."""
    found = (process(int(entry.name), proc) for entry in proc.iterdir() if entry.name.isdigit())
    return (one for one in found if one is not None)


def end_process(pid: int, began: str, wait_s: float) -> None:
    """End one process, gently at first; nothing happens if the number means another process by now."""
    until = time.monotonic() + wait_s
    with suppress(ProcessLookupError, PermissionError):
        if process_began(pid) == began:
            os.kill(pid, signal.SIGTERM)
        while process_began(pid) == began and time.monotonic() < until:
            time.sleep(_POLL_S)
        if process_began(pid) == began:
            os.kill(pid, signal.SIGKILL)


def process_began(pid: int) -> str:
    """Return when a process began, in ticks since the boot; "" if there is no such process, or it has ended."""
    found = process(pid)
    return "" if found is None or found.has_ended else found.began
