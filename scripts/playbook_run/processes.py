# SPDX-License-Identifier: GPL-3.0-or-later
"""Ends ansible-playbook with all that it started on this machine."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

#: Seconds that Ansible gets to end its workers and to remove its temporary files.
ASK_S = 1.0
_PARENT, _STARTED = 1, 19


@dataclass(frozen=True)
class Process:
    """A process of this machine; its start time tells it from a later one with the same ID."""

    pid: int
    parent: int
    started: str


def running_processes() -> list[Process]:
    """Return the processes of this machine."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                # The name, up to the last bracket, may contain brackets and spaces.
                fields = (entry / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
                found.append(Process(int(entry.name), int(fields[_PARENT]), fields[_STARTED]))
    return found


def family(pid: int, processes: Iterable[Process]) -> list[Process]:
    """Return a process and all that descend from it, whatever groups and sessions they made of their own.

    Ansible's workers do; a connection that is kept open has left the family and lives on.
    """
    everyone = list(processes)
    found = [process for process in everyone if process.pid == pid]
    for ancestor in found:
        found += [process for process in everyone if process.parent == ancestor.pid]
    return found


def kill(processes: Iterable[Process]) -> None:
    """End those of the processes that still run."""
    alive = {(process.pid, process.started) for process in running_processes()}
    for process in processes:
        if (process.pid, process.started) in alive:
            with suppress(OSError):
                os.kill(process.pid, signal.SIGKILL)


class AnsibleEnd:
    """Ends ansible-playbook: asks it to end, and kills what is left after `ASK_S`."""

    def __init__(self, pid_file: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the file in which the started command leaves its process id."""
        self._pid_file = pid_file
        self._clock = clock
        self._deadline: float | None = None
        self._family: list[Process] = []

    def is_over(self) -> bool:
        """Ask Ansible to end at the first call; return whether its time for that is over, and kill it then."""
        if self._deadline is None:
            self._deadline = self._clock() + (ASK_S if self._ask() else 0.0)
        if self._clock() < self._deadline:
            return False
        self.enforce()
        return True

    def enforce(self) -> None:
        """Kill whatever is left of Ansible and of what it started."""
        with suppress(OSError, ValueError):
            self._family += family(self._pid(), running_processes())
        kill(self._family)

    def _ask(self) -> bool:
        try:
            pid = self._pid()
            self._family = family(pid, running_processes())
            os.kill(pid, signal.SIGINT)
        except (OSError, ValueError):
            return False
        return True

    def _pid(self) -> int:
        return int(self._pid_file.read_text(encoding="ascii"))
