# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What went wrong, said so that the reader knows what to do next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it must be.

    Attributes:
        thing: what was looked at, as the user knows it ("image of service web", "port 8080/tcp").
        expected: what had to be true.
        seen: what was there instead.
        remedy: what the reader does next; an imperative sentence.
    """

    thing: str
    expected: str
    seen: str
    remedy: str

    def sentence(self) -> str:
        """Return the finding as one line of text."""
        return f"{self.thing}: expected {self.expected}, seen {self.seen}. {self.remedy}"

    def as_dict(self) -> dict[str, str]:
        """Return the finding as plain data for a module's result."""
        return asdict(self)


class SlipwayError(Exception):
    """Everything that was found wrong in one go.

    Attributes:
        findings: at least one finding, in the order in which they were found.
        told: what the answer says besides them, by key.
    """

    def __init__(self, findings: Iterable[Finding]) -> None:
        """Keep the findings; the message is one sentence a line."""
        self.findings: tuple[Finding, ...] = tuple(findings)
        self.told: dict[str, object] = {}
        super().__init__("\n".join(finding.sentence() for finding in self.findings))
