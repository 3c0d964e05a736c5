# SPDX-License-Identifier: GPL-3.0-or-later
"""A server that stands where the open registry stood, and passes everything on but what it is told to spoil."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.fleet import Fleet, Kind
from tests.fleet.command import docker
from tests.fleet.file_tree import PlacedFile, put_files
from tests.fleet.layout import FLEET_LABEL, SLOT_LABEL
from tests.fleet.recipes import RECIPES

PROGRAM = Path(__file__).parent / "images" / "impostor.py"


class Spoils(enum.StrEnum):
    """What the impostor does to the answers."""

    MANIFESTS = "manifests"
    """Answers every question for a manifest with a page that is none."""
    BLOBS = "blobs"
    """Sends other bytes than those that were asked for."""
    STALLS = "stalls"
    """Sends half of what was asked for, and then nothing any more."""
    SECOND_PULL = "second-pull"
    """Lets the first repository be pulled, and no other."""


@contextmanager
def impostor(fleet: Fleet, spoils: Spoils) -> Iterator[str]:
    """Let the impostor stand in for the open registry, and return the address under which hosts reach it.

    What it passes on comes from the registry that asks for a password.
    """
    layout, genuine = fleet.layout, fleet.open_registry
    name = layout.container("impostor")
    genuine.stop()
    try:
        docker(
            "create", "--name", name, "--network", layout.network, "--network-alias", "open.fleet.test",
            "--label", f"{FLEET_LABEL}={layout.label}", "--label", f"{SLOT_LABEL}={layout.slot}",
            RECIPES[Kind.TRIXIE].image, "python3", "/impostor.py", spoils.value,
        )  # fmt: skip
        put_files(name, _files(fleet))
        docker("start", name)
        _await_listening(name)
        yield genuine.address
    finally:
        docker("rm", "--force", name)
        genuine.start()


def _files(fleet: Fleet) -> list[PlacedFile]:
    folder, upstream = fleet.layout.folder, fleet.registry
    return [
        PlacedFile("/impostor.py", PROGRAM.read_bytes()),
        PlacedFile("/tls.crt", (folder / "registry.crt").read_bytes()),
        PlacedFile("/tls.key", (folder / "registry.key").read_bytes(), 0o600),
        PlacedFile("/ca.crt", (folder / "ca.crt").read_bytes()),
        PlacedFile("/upstream", f"{upstream.address} {upstream.user} {upstream.password}".encode()),
    ]


def _await_listening(name: str) -> None:
    wait = "until python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", 5000), 1)'; do sleep 0.1; done"
    docker("exec", name, "timeout", "20", "sh", "-c", f"{wait} 2>/dev/null")
