# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds containers that run although their engine does not know of it (I/O).

An engine that is killed while it starts a container forgets that it did; the process goes on, with its network, its
volumes and an address that the next container may be given. Neither the engine's restart nor Compose ends it (seen with
Docker 26.1). Each container has a shim, a process that the engine starts and that outlives it; containers of engines
that run in containers have theirs in a process namespace below.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.slipway.compose.plugins.module_utils.errors import Finding

#: What is being started or removed is between two states for less than this.
_PATIENCE_S = 5.0
_RETRY_S = 0.25
_SHIM = re.compile(rb"[^\0]*containerd-shim[^\0]*\0(?:[^\0]*\0)*?-namespace\0moby\0-id\0([0-9a-f]{64})\0")
_PARENT = 1


@dataclass(frozen=True)
class Orphan:
    """A container that the engine does not know to run.

    Attributes:
        container: its ID.
        pid: its first process.
        program: what that calls itself.
    """

    container: str
    pid: int
    program: str


def orphans(running: Callable[[], Collection[str]], proc: Path = Path("/proc")) -> list[Orphan]:
    """Return the containers that run and that the engine does not know to.

    Args:
        running: asks the engine for the IDs of the containers that run.
        proc: where the kernel tells of its processes.
    """
    until = time.monotonic() + _PATIENCE_S
    while True:
        # In this order: what starts after the first look is not missed by the second.
        there = _with_shims(proc)
        known = set(running()) if there else set()
        found = [orphan for orphan in there if orphan.container not in known]
        if not found or time.monotonic() >= until:
            return found
        time.sleep(_RETRY_S)


def orphan_findings(running: Callable[[], Collection[str]]) -> list[Finding]:
    """Return a finding for each container that runs and that the engine does not know to."""
    return [_finding(orphan) for orphan in orphans(running)]


def _finding(orphan: Orphan) -> Finding:
    seen = f"process {orphan.pid} ({orphan.program}), which runs on since the engine crashed while it started it"
    remedy = f"As root on this host: kill -9 {orphan.pid}. The engine cannot end it."
    return Finding(f"container {orphan.container[:12]}", "to be known to the engine, or gone", seen, remedy)


def _with_shims(proc: Path) -> list[Orphan]:
    """Return every container that has a process, of the engines in this process namespace."""
    shims: dict[int, str] = {}
    children: dict[int, tuple[int, str]] = {}
    for entry in proc.iterdir():
        if not entry.name.isdigit():
            continue
        try:
            # The name, in brackets, may hold anything; the parent comes second after it.
            name, _bracket, rest = (entry / "stat").read_text(errors="replace").partition(" (")[2].rpartition(")")
            parent, child = int(rest.split()[_PARENT]), (int(entry.name), name)
            # Commands that the engine runs in the container are the shim's children, too, and came later.
            children[parent] = min(children.get(parent, child), child)
            shim = _SHIM.match((entry / "cmdline").read_bytes()) if name.startswith("containerd-shim") else None
            if shim is not None and _is_in_this_namespace(entry):
                shims[int(entry.name)] = shim[1].decode()
        except OSError:
            # It has ended, or it is nobody's business.
            continue
    return [Orphan(container, *children[shim]) for shim, container in shims.items() if shim in children]


def _is_in_this_namespace(entry: Path) -> bool:
    lines = (entry / "status").read_text(errors="replace").splitlines()
    numbers = next((line.split()[1:] for line in lines if line.startswith("NSpid:")), [])
    return len(numbers) == 1
