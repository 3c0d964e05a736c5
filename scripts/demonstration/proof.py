# SPDX-License-Identifier: GPL-3.0-or-later
"""What was seen before, between and after, and what that proves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from scripts.demonstration.engine import Container, DemoError, containers, image_digests
from scripts.demonstration.guestbook import Guestbook, registry_digest
from scripts.demonstration.record import STACK

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scripts.demonstration.commands import Run

#: What the broken release writes into its log, and nothing else does.
REASON = "cannot read setting GREETING_THEME"
ROLLED_BACK = 20


@dataclass(frozen=True)
class DemoLook:
    """How the stack stands at one time of the demonstration."""

    version: str
    entry: bool
    containers: Mapping[str, Container]

    @classmethod
    def look(cls, book: Guestbook, message: str) -> Self:
        """Look at the page and at the containers."""
        try:
            version, entry = book.version(), message in book.messages()
        except DemoError as error:
            version, entry = f"nothing ({error})", False
        return cls(version, entry, containers(STACK))

    def id_of(self, service: str) -> str:
        """Return the ID of a service's container, "" if there is none."""
        one = self.containers.get(service)
        return one.id if one else ""

    def image_of(self, service: str) -> str:
        """Return the image ID of a service's container, "" if there is none."""
        one = self.containers.get(service)
        return one.image_id if one else ""


def prove(
    looks: tuple[DemoLook, DemoLook, DemoLook], broken: Run, status: int, registry: str
) -> list[tuple[bool, str]]:
    """Return each claim with whether it was seen.

    Args:
        looks: at the stack after 1.0, after 1.1, and after the broken 1.2.
        broken: how the run of 1.2 ended.
        status: exit code of the status command at the end.
        registry: address of the registry.
    """
    first, second, third = looks
    return [
        (first.version == "1.0" and second.version == "1.1", "1.0 served, then 1.1"),
        (
            broken.exit_code == ROLLED_BACK and broken.word == "rolled_back",
            f"the broken 1.2 ended with verdict {broken.word} and exit code {broken.exit_code} (rolled_back, 20)",
        ),
        (
            "service web" in broken.errors and REASON in broken.errors,
            f"it was said why: service web, check 'health', log line '{REASON} …'",
        ),
        (third.version == "1.1", f"{third.version} serves"),
        (first.entry and second.entry and third.entry, "the entry that was written under 1.0 is there"),
        (
            bool(third.image_of("web")) and third.image_of("web") == second.image_of("web"),
            f"web runs the same bytes as before 1.2: image {third.image_of('web')[7:19]}",
        ),
        _same_as_registry(third, registry),
        *(
            (
                bool(first.id_of(service)) and first.id_of(service) == second.id_of(service) == third.id_of(service),
                f"{service} was never touched: container {third.id_of(service)[:12]} from the first deployment to now",
            )
            for service in ("db", "proxy")
        ),
        (status == 0, f"scripts/status.sh finds the confirmed release running (exit code {status})"),
    ]


def _same_as_registry(look: DemoLook, registry: str) -> tuple[bool, str]:
    try:
        wanted = registry_digest(registry, "guestbook-web", "1.1")
        seen = image_digests(look.image_of("web"))
    except DemoError as error:
        return False, f"web is what the registry has as 1.1: {error}"
    return wanted in seen, f"web is what the registry has as 1.1: {wanted[:19]}…"
