# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ends containers of a stack that run although their engine does not know of them (I/O).

The engine cannot stop what it does not know, and who deploys is not root. But he may start containers, and one that
has the host's processes and the capability to end them does what root would do by hand. It holds nothing but the
host's own shell.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Callable

from ...core.findings import Finding
from ...core.processes import PROC, process
from ..client import Engine
from ..compose_command import HOOK_LABEL
from ..compose_labels import ONE_OFF_LABEL, PROJECT_LABEL
from ..connection import EngineError
from .containers import LostContainer, lost_container_finding, lost_containers

#: $1 is the process, $2 when it began: by then the number may mean another one. `${22}` is that field of its stat,
#: since the name and what stands before it are cut off, and two words stand before the rest.
_SCRIPT = 'read -r stat < "/proc/$1/stat" && set -- "$1" "$2" ${stat##*) } && [ "${22}" = "$2" ] && kill -9 "$1"'
#: What a shell of the host consists of.
_SHELL = ("/bin", "/lib", "/lib64", "/usr")
_LONGEST_S = 30
_POLL_S = 0.05


class LostContainersEnding:
    """Ends what the engine has lost of one stack.

    Attributes:
        ended: what was ended, in words.
    """

    def __init__(
        self, engine: Engine, stack: str, before: Collection[str] = (), note: Callable[[str], None] = lambda _act: None
    ) -> None:
        """Ask nothing yet.

        Args:
            engine: the engine of this host.
            stack: the stack.
            before: IDs of containers that were lost before, and are none of its business.
            note: writes down in words what is about to be ended.
        """
        self.ended: list[str] = []
        self._engine = engine
        self._stack = stack
        self._before = before
        self._note = note
        self._subnets: set[str] = set()

    def end(self) -> list[Finding]:
        """End what is the stack's; return a finding for each container that still runs without its engine.

        Whatever keeps it from looking, such as an engine that does not answer, has nothing found: a way back neither
        waits for this nor fails of it.
        """
        with suppress(Exception):
            # Each time, since a way back may remove the networks.
            self._subnets |= self._engine.subnets(self._stack)
            found = [lost for lost in lost_containers(self._engine) if lost.container not in self._before]
            return [finding for lost in found for finding in self._end(lost)]
        return []

    def _end(self, lost: LostContainer) -> list[Finding]:
        if not belongs(addresses(lost.pid), addresses(os.getpid()), self._subnets):
            return [lost_container_finding(lost)]
        what = f"process {lost.pid} ({lost.program}) of container {lost.container[:12]}"
        self._note(what)
        reason = end_process_from_container(self._engine, self._stack, lost.pid, lost.began)
        if reason:
            return [lost_container_finding(lost, reason)]
        self.ended.append(f"ended {what}, which its engine had lost in a crash")
        return []


def addresses(pid: int, proc: Path = PROC) -> set[str]:
    """Return the addresses in the network namespace of a process that others can reach it at."""
    import ipaddress

    found: set[str] = set()
    last = ""
    with suppress(OSError):
        # An address stands in the line before the one that says whose it is.
        for line in (proc / str(pid) / "net" / "fib_trie").read_text().splitlines():
            words = line.split()
            if words[-3:] == ["/32", "host", "LOCAL"]:
                found.add(last)
            last = words[-1] if words else ""
    with suppress(OSError):
        lines = (proc / str(pid) / "net" / "if_inet6").read_text().splitlines()
        found |= {str(ipaddress.IPv6Address(bytes.fromhex(line.split()[0]))) for line in lines if line.strip()}
    there = {ipaddress.ip_address(address) for address in found}
    return {str(address) for address in there if not address.is_loopback and not address.is_link_local}


def belongs(found: Collection[str], of_host: Collection[str], subnets: Collection[str]) -> bool:
    """Tell whether a container is a stack's: it is in networks of the stack and in no other.

    Args:
        found: its addresses.
        of_host: those of the host; one that shares the host's network has the gateways of all stacks.
        subnets: the subnets of the stack's networks.
    """
    import ipaddress

    networks = [ipaddress.ip_network(subnet, strict=False) for subnet in subnets]
    own = [any(ipaddress.ip_address(one) in network for network in networks) for one in found]
    return bool(own) and all(own) and set(found).isdisjoint(of_host)


def end_process_from_container(engine: Engine, stack: str, pid: int, began: str) -> str:
    """End a process of this host with SIGKILL, whoever it belongs to.

    Args:
        engine: the engine of this host.
        stack: the stack whose leftover the container is, if this process is killed meanwhile.
        pid: the process.
        began: when it did, in ticks since the boot.

    Returns:
        "" once it has ended, otherwise why it has not.
    """
    reason = ""
    try:
        exit_code = _run_shell(engine, stack, [_SCRIPT, "sh", str(pid), began])
        reason = f"kill ended with {exit_code}" if exit_code else ""
    except EngineError as error:
        reason = error.explanation
    until = time.monotonic() + (0 if reason else _LONGEST_S)
    while True:
        found = process(pid)
        if found is None or found.has_ended or found.began != began:
            return ""
        if time.monotonic() >= until:
            return reason or f"it does not end within {_LONGEST_S} s"
        time.sleep(_POLL_S)


def _run_shell(engine: Engine, stack: str, words: list[str]) -> int:
    """Return how the host's shell ended as root in a container, with no right but that to end processes."""
    # Another image would bring its own settings for the loader of programs.
    name = f"slipway-nothing:{os.getpid()}"
    with engine.images.empty(name):
        return engine.containers.run_once(
            name,
            _LONGEST_S,
            entrypoint=["/bin/sh", "-c"],
            command=words,
            # What is left of it is removed as the container of a hook is.
            labels={PROJECT_LABEL: stack, ONE_OFF_LABEL: "True", HOOK_LABEL: "orphan"},
            user="0:0",
            pid_mode="host",
            userns_mode="host",
            network_mode="none",
            cap_drop=["ALL"],
            cap_add=["KILL"],
            # Docker's own AppArmor profile lets nobody end what runs under another one.
            security_opt=["no-new-privileges", "apparmor=unconfined", "label=disable"],
            read_only=True,
            volumes={name: {"bind": name, "mode": "ro"} for name in _SHELL if Path(name).exists()},
        )
