# SPDX-License-Identifier: GPL-3.0-or-later
"""One look at all that a host has of a stack: to ask for each thing by itself would cost several times as much."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from tests.fleet import Host
from tests.support import observed
from tests.support.console import console
from tests.support.observed import Container

_NEXT = "what-is-seen-next"
#: The console takes the line ends off the end, so what comes last says nothing.
_LOOK = f"""set -e
ids=$(docker ps --all --quiet --no-trunc --filter label={observed.LABEL}project=STACK)
[ -z "$ids" ] && echo '[]' || docker inspect $ids
next() {{ printf '\\n{_NEXT}\\n'; }}
next; cat FOLDER/journal.jsonl || :
next; cat FOLDER/project/probe.conf || :
next; readlink FOLDER/current || :
next; ls -A FOLDER/releases || :
next; ls -A FOLDER || :
next; echo end
"""


@dataclass(frozen=True)
class Look:
    """What was there.

    Attributes:
        containers: the stack's containers, whatever their state.
        journal: the lines of its journal that can be read.
        configuration: the content of its file probe.conf.
        current: the release that the link `current` names, "" if there is none.
        releases: the names in its folder of releases, hidden ones included.
        files: the names in its folder.
    """

    containers: tuple[Container, ...]
    journal: tuple[Mapping[str, Any], ...]
    configuration: str
    current: str
    releases: tuple[str, ...]
    files: frozenset[str]

    @property
    def services(self) -> dict[str, Container]:
        """Return the containers by service, of which each has one."""
        return observed.by_service(self.containers)

    def events(self, release: str) -> list[str]:
        """Return what the journal says of one release, oldest first."""
        return [str(line["event"]) for line in self.journal if line["release"] == release]


def look(host: Host, stack: str) -> Look:
    """Look at a stack on a host.

    Raises:
        CommandError: the engine does not answer, or a container went away meanwhile.
    """
    script = _LOOK.replace("STACK", stack).replace("FOLDER", f"{observed.ROOT}/{stack}")
    seen = console(host, script).split(f"\n{_NEXT}\n")
    containers, lines, configuration, current, releases, files, _end = seen
    return Look(
        containers=tuple(map(observed.container, json.loads(containers))),
        journal=tuple(readable(lines.splitlines())),
        configuration=configuration,
        current=current.strip().rpartition("/")[2],
        releases=tuple(releases.split()),
        files=frozenset(files.split()),
    )


def readable(lines: Iterable[str]) -> list[Mapping[str, Any]]:
    """Return the lines of a journal that can be read."""
    found = []
    for line in lines:
        with suppress(ValueError):
            found.append(json.loads(line))
    return found
