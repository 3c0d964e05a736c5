# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a fleet keeps its files, what its parts are called and which ports it publishes."""

from __future__ import annotations

import fcntl
import hashlib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.fleet.command import docker

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).resolve().parents[2]
CACHE = PROJECT / ".cache" / "fleet"
OWNER = hashlib.sha256(str(PROJECT).encode()).hexdigest()[:6]

FLEET_LABEL = "slipway.fleet"
SLOT_LABEL = "slipway.fleet.slot"
KIND_LABEL = "slipway.fleet.kind"
IMAGE_LABEL = "slipway.fleet.image"

FIRST_PORT = 20000
PORTS_A_FLEET = 200
#: Below the ports that the kernel gives away by itself, and enough for the fleets of runs that were killed.
MOST_FLEETS = 60
MOST_HOSTS = 18
PUBLISHED = (8080, 8081, 8082, 8083)


@dataclass(frozen=True)
class Layout:
    """The names and ports of one fleet.

    Attributes:
        name: what the fleet is called ("main").
        slot: which block of ports is its own.
    """

    name: str
    slot: int

    @property
    def label(self) -> str:
        """Return the value of the label that everything of this fleet carries."""
        return f"{OWNER}-{self.name}"

    @property
    def folder(self) -> Path:
        """Return where the fleet's keys, certificates and inventories are."""
        return CACHE / self.name

    @property
    def network(self) -> str:
        """Return the network that the hosts and the registries share."""
        return f"slipway-{self.label}"

    def container(self, part: str) -> str:
        """Return the container of a part ("host1", "registry")."""
        return f"slipway-{self.label}-{part}"

    def ssh_port(self, number: int) -> int:
        """Return the port on 127.0.0.1 that reaches the SSH server of host `number`."""
        return self._base + 10 * number

    def published(self, number: int) -> dict[int, int]:
        """Return which port on 127.0.0.1 reaches each published port of host `number`."""
        return {inside: self._base + 10 * number + place for place, inside in enumerate(PUBLISHED, start=1)}

    def registry_port(self, offset: int) -> int:
        """Return the port on 127.0.0.1 of a registry."""
        return self._base + offset

    @property
    def _base(self) -> int:
        return FIRST_PORT + PORTS_A_FLEET * self.slot


def find_layout(name: str) -> Layout:
    """Return the layout of a fleet: the slot that it has, else the lowest that no fleet on this machine has."""
    mine = f"{OWNER}-{name}"
    taken: dict[int, str] = {}
    seen = docker(
        "ps", "--all", "--filter", f"label={FLEET_LABEL}",
        "--format", f'{{{{.Label "{SLOT_LABEL}"}}}} {{{{.Label "{FLEET_LABEL}"}}}}',
    )  # fmt: skip
    for line in seen.splitlines():
        number, label = line.split()
        taken[int(number)] = label
    for slot, label in taken.items():
        if label == mine:
            return Layout(name, slot)
    for slot in range(MOST_FLEETS):
        if slot not in taken:
            return Layout(name, slot)
    message = f"fleet {name}: all {MOST_FLEETS} blocks of ports are taken by {sorted(taken.values())}. Take one down."
    raise RuntimeError(message)


@contextmanager
def locked(what: str) -> Iterator[None]:
    """Hold a lock of this checkout, so that two callers do not make the same thing at once."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{what}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
