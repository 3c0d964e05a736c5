# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Image references as Compose files write them, what they mean, and the credentials for their registries."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.findings import Finding, SlipwayError
from ..core.identifiers import Form

# The grammar is that of the distribution project's reference package: a domain has a dot, a port or is "localhost".
_DOMAIN = r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*(?::[0-9]+)?"
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
IMAGE = Form(
    rf"(?P<name>(?:{_DOMAIN}/)?{_COMPONENT}(?:/{_COMPONENT})*)"
    r"(?::(?P<tag>[\w][\w.-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?",
    "a reference like registry.example.com/team/web:1.0",
)


@dataclass(frozen=True)
class ImageReference:
    """A parsed image reference.

    Attributes:
        name: repository with its registry, as written ("registry.example.com:5000/team/web").
        tag: tag, or None.
        digest: "sha256:…", or None.
    """

    name: str
    tag: str | None
    digest: str | None

    @classmethod
    def parse(cls, text: str) -> ImageReference:
        """Return the reference that the text spells.

        Raises:
            SlipwayError: the text is no image reference.
        """
        match = IMAGE.match(text)
        if match is None:
            finding = Finding(
                thing=f"image {text!r}",
                expected=IMAGE.words,
                seen="something else",
                remedy="Correct it in the Compose file.",
            )
            raise SlipwayError([finding])
        return cls(match["name"], match["tag"], match["digest"])

    @property
    def registry(self) -> str:
        """Return the registry's host (and port) that the reference names, "docker.io" where it names none."""
        first, slash, _rest = self.name.partition("/")
        return first if slash and ("." in first or ":" in first or first == "localhost") else "docker.io"

    def pinned(self, digest: str) -> str:
        """Return the reference which names these bytes and nothing else."""
        return f"{self.name}@{digest}"

    def __str__(self) -> str:
        """Spell the reference; a missing tag and digest mean "latest"."""
        tag = f":{self.tag}" if self.tag else ""
        return self.name + tag + (f"@{self.digest}" if self.digest else "" if tag else ":latest")


@dataclass(frozen=True)
class RegistryAuth:
    """Credentials for one registry. They travel in a header to the engine and are never written to the host's disk."""

    registry: str
    username: str
    password: str
