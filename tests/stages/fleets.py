"""Leave the machine's test hosts as they were found."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from tests.fleet.command import docker
from tests.fleet.fleet import Fleet
from tests.fleet.layout import FLEET_LABEL, OWNER


@contextmanager
def returned() -> Iterator[None]:
    """Take down, at the end, every fleet of this checkout that was not there at the start."""
    before = _names()
    try:
        yield
    finally:
        if os.environ.get("KEEP_FLEET") != "1":
            for name in sorted(_names() - before):
                Fleet.running(name).down()


def _names() -> set[str]:
    """Return the names of this checkout's fleets."""
    form = f'{{{{.Label "{FLEET_LABEL}"}}}}'
    labels = docker("ps", "--all", "--filter", f"label={FLEET_LABEL}", "--format", form).split()
    return {label.removeprefix(f"{OWNER}-") for label in labels if label.startswith(f"{OWNER}-")}
