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
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ...core.findings import Finding
from ...core.processes import PROC, Process, processes

#: What is being started or removed is between two states for less than this.
_PATIENCE_S = 10.0
_RETRY_S = 0.25
_SHIM = re.compile(
    rb"[^\0]*containerd-shim[^\0]*\0(?:[^\0]*\0)*?-namespace\0moby\0-id\0([0-9a-f]{64})\0-address\0([^\0]+)\0"
)
_CONTAINER = re.compile("[0-9a-f]{64}")
#: Where the shims of an engine at the usual place find its containerd: that of the system, or one of its own.
_USUAL = {b"/run/containerd/containerd.sock", b"/var/run/docker/containerd/containerd.sock"}


@dataclass(frozen=True)
class LostContainer:
    """A container that the engine does not know to run.

    Attributes:
        container: its ID.
        pid: its first process.
        began: when that did, in ticks since the boot.
        program: what it calls itself.
    """

    container: str
    pid: int
    began: str
    program: str


class AskedEngine(Protocol):
    """What has to be known of an engine."""

    @property
    def is_the_usual(self) -> bool:
        """Whether it is the one that this machine has at the usual place."""

    @property
    def owners(self) -> frozenset[int]:
        """The numbers of the users whose processes its shims may be."""

    def running(self) -> set[str]:
        """Return the IDs of the containers that it knows to run."""


def lost_containers(engine: AskedEngine, proc: Path = PROC) -> list[LostContainer]:
    """Return the containers of an engine that run and that it does not know to.

    Which shims are its own follows from those of the containers that it does know, or from where they find it. Without
    either nothing is found: it might be another engine's.

    Args:
        engine: the engine.
        proc: where the kernel tells of its processes.

    Raises:
        SlipwayError: the engine does not say.
    """
    until = time.monotonic() + _PATIENCE_S
    found: set[LostContainer] | None = None
    while True:
        # In this order: what starts after the first look is not missed by the second.
        there = _with_shims(proc, engine.owners)
        known = engine.running() if there else set()
        own = {address for lost, address in there if lost.container in known}
        own |= _USUAL if engine.is_the_usual else set()
        seen = {lost for lost, address in there if address in own and lost.container not in known}
        found = seen if found is None else found & seen
        if not found or time.monotonic() >= until:
            return sorted(found, key=lambda lost: lost.pid)
        time.sleep(_RETRY_S)


def lost_container_findings(engine: AskedEngine) -> list[Finding]:
    """Return a finding for each container of an engine that runs and that it does not know to.

    Raises:
        SlipwayError: the engine does not say.
    """
    return [lost_container_finding(lost) for lost in lost_containers(engine)]


def lost_container_finding(lost: LostContainer, tried: str = "") -> Finding:
    """Say that a container runs which the engine does not know to, and what to do.

    Args:
        lost: the container.
        tried: why it could not be ended, "" if nobody tried.
    """
    seen = f"process {lost.pid} ({lost.program}), which runs on without it, as after a crash of the engine in a start"
    remedy = f"As root on this host: kill -9 {lost.pid}."
    if tried:
        seen += f"; it could not be ended from a container: {tried}"
    else:
        remedy = f"If it is this stack's, scripts/recover.sh ENV ends it. If not: {remedy[0].lower()}{remedy[1:]}"
    return Finding(f"container {lost.container[:12]}", "to be known to the engine, or gone", seen, remedy)


def _with_shims(proc: Path, owners: frozenset[int]) -> list[tuple[LostContainer, bytes]]:
    """Return every container in this process namespace that has a process, and where its shim finds its engine.

    Args:
        proc: where the kernel tells of its processes.
        owners: whose processes shims may be; anybody can give a process of his own any name and arguments.
    """
    shims: dict[int, tuple[str, bytes]] = {}
    first: dict[int, Process] = {}
    around = _containers_around(PROC / "self")
    for process in processes(proc):
        # Commands that the engine runs in the container are the shim's children, too, and came later.
        first[process.parent] = min(first.get(process.parent, process), process, key=lambda one: int(one.began))
        if process.name.startswith("containerd-shim"):
            # It may be ending, or be nobody's business.
            with suppress(OSError):
                entry = proc / str(process.pid)
                shim = _SHIM.match((entry / "cmdline").read_bytes())
                if shim is not None and _may_be_a_shim(entry, owners) and _containers_around(entry) <= around:
                    shims[process.pid] = (shim[1].decode(), shim[2])
    return [
        (LostContainer(container, first[shim].pid, first[shim].began, first[shim].name), address)
        for shim, (container, address) in shims.items()
        if shim in first
    ]


def _containers_around(entry: Path) -> set[str]:
    """Return the IDs of the containers that a process is in by its control groups, as the shims of an engine there."""
    return set(_CONTAINER.findall((entry / "cgroup").read_text(errors="replace")))


def _may_be_a_shim(entry: Path, owners: frozenset[int]) -> bool:
    """Tell whether a process is in this process namespace, and an owner's in every respect (proc_pid_status(5))."""
    lines = (entry / "status").read_text(errors="replace").splitlines()
    fields = {name: values.split() for name, _colon, values in (line.partition(":") for line in lines)}
    # Who starts a program that runs as root (setuid) remains its real user.
    users = {int(number) for number in fields.get("Uid", [])}
    return len(fields.get("NSpid", [])) == 1 and bool(users) and users <= owners
