# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet: hosts, registries and the network between them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.fleet import credentials
from tests.fleet.command import docker
from tests.fleet.host import Host
from tests.fleet.inventory import write_inventory
from tests.fleet.layout import FLEET_LABEL, KIND_LABEL, MOST_HOSTS, Layout, find_layout, locked
from tests.fleet.recipes import Kind, ensure_image
from tests.fleet.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

DEFAULT_NAME = "main"


@dataclass(frozen=True)
class Fleet:
    """Hosts that run, and the registries that they pull from.

    Attributes:
        layout: its names and ports.
        hosts: its hosts, `host1` first.
        registry: the registry that asks for a password.
        open_registry: the registry that asks for none.
    """

    layout: Layout
    hosts: tuple[Host, ...]
    registry: Registry
    open_registry: Registry

    @classmethod
    def up(cls, kinds: Sequence[Kind], name: str = DEFAULT_NAME, *, fresh: bool = False) -> Fleet:
        """Return a fleet whose hosts are of these kinds, in this order; what runs already is used again.

        Args:
            kinds: one entry a host.
            name: fleets of different names live side by side.
            fresh: make every host and registry anew.
        """
        if not 1 <= len(kinds) <= MOST_HOSTS:
            message = f"a fleet has 1 to {MOST_HOSTS} hosts, asked for: {len(kinds)}"
            raise ValueError(message)
        with locked("fleet"):
            fleet = cls._named(find_layout(name), kinds)
            fleet.prepare()
            fleet.start(fresh=fresh)
        return fleet

    @classmethod
    def running(cls, name: str = DEFAULT_NAME) -> Fleet:
        """Return the fleet of this name as it runs now; without hosts if there is none."""
        layout = find_layout(name)
        kinds = {}
        listed = docker(
            "ps", "--all", "--filter", f"label={FLEET_LABEL}={layout.label}", "--filter", f"label={KIND_LABEL}",
            "--format", f'{{{{.Names}}}} {{{{.Label "{KIND_LABEL}"}}}}',
        )  # fmt: skip
        for line in listed.splitlines():
            container, kind = line.split()
            kinds[int(container.rpartition("-host")[2])] = Kind(kind)
        return cls._named(layout, [kinds[number] for number in sorted(kinds)])

    @classmethod
    def _named(cls, layout: Layout, kinds: Sequence[Kind]) -> Fleet:
        hosts = tuple(Host(layout, number, kind) for number, kind in enumerate(kinds, start=1))
        return cls(layout, hosts, Registry(layout), Registry(layout, "open"))

    def down(self) -> None:
        """Remove the fleet's containers, disks, network, keys and certificates, and nothing else."""
        with locked("fleet"):
            for host in self.hosts:
                host.forget_connections()
            _remove_labelled(self.layout)
            for path in sorted(self.layout.folder.rglob("*"), reverse=True):
                path.rmdir() if path.is_dir() else path.unlink()

    def inventory(
        self,
        path: Path | None = None,
        *,
        hosts: Sequence[Host] | None = None,
        user: str | None = None,
        variables: Mapping[str, object] | None = None,
    ) -> Path:
        """Write an inventory (group `stack_hosts`) of all or of some hosts and return its path."""
        where = path or self.layout.folder / "inventory" / "hosts.yml"
        return write_inventory(where, self.hosts if hosts is None else hosts, user, variables)

    def prepare(self) -> None:
        """Make what the parts share: keys, certificates and the network."""
        folder = self.layout.folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        credentials.ensure_ssh_key(folder / "client_key")
        credentials.ensure_authority(folder)
        credentials.write_known_hosts(self.layout, MOST_HOSTS)
        if not docker("network", "ls", "--quiet", "--filter", f"name=^{self.layout.network}$"):
            docker("network", "create", "--label", f"{FLEET_LABEL}={self.layout.label}", self.layout.network)

    def start(self, *, fresh: bool = False) -> None:
        """Start every part, at the same time, and wait until all of them answer."""
        images = {kind: ensure_image(kind) for kind in (Kind.TRIXIE, *{host.kind for host in self.hosts})}

        def begin(part: Host | Registry) -> None:
            part.create(images[part.kind if isinstance(part, Host) else Kind.TRIXIE], fresh=fresh)
            part.await_ready()

        parts = [self.registry, self.open_registry, *self.hosts]
        with ThreadPoolExecutor(max_workers=len(parts)) as pool:
            list(pool.map(begin, parts))
        self.inventory()


def _remove_labelled(layout: Layout) -> None:
    mine = ("--quiet", "--filter", f"label={FLEET_LABEL}={layout.label}")
    for listed, remove in (
        (("ps", "--all"), ("rm", "--force", "--volumes")),
        (("volume", "ls"), ("volume", "rm", "--force")),
        (("network", "ls"), ("network", "rm")),
    ):
        found = docker(*listed, *mine).split()
        if found:
            docker(*remove, *found)
