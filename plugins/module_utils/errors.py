# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What went wrong, said so that the reader knows what to do next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ansible_collections.slipway.compose.plugins.module_utils.gate_report import GateReport
    from ansible_collections.slipway.compose.plugins.module_utils.hooks import HookReport


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
    """

    def __init__(self, findings: Iterable[Finding]) -> None:
        """Keep the findings; the message is one sentence a line."""
        self.findings: tuple[Finding, ...] = tuple(findings)
        super().__init__("\n".join(finding.sentence() for finding in self.findings))


class StartFailedError(Exception):
    """The release was touched and does not stand.

    Attributes:
        subject: what was looked at.
        report: what the gate saw; its failures are the evidence.
        said: what Compose said, if the start itself failed; secrets are masked.
    """

    def __init__(self, subject: str, report: GateReport, said: str | None = None) -> None:
        """Keep what was looked at and both."""
        self.subject = subject
        self.report = report
        self.said = said
        super().__init__(said or "the gate did not pass")


class DownError(SlipwayError):
    """What ran on the host has ended although nothing of it was touched, and does not stand again.

    Attributes:
        report: what the gate saw once it was started again; None if it could not be.
    """

    def __init__(self, findings: Iterable[Finding], report: GateReport | None = None) -> None:
        """Keep both."""
        self.report = report
        super().__init__(findings)


class HookStoppedError(SlipwayError):
    """A hook failed that the deployment depends on; its findings say which.

    Attributes:
        reports: how all hooks ended that ran.
    """

    def __init__(self, reports: Sequence[HookReport], besides: Sequence[Finding] = ()) -> None:
        """Keep the reports, and what else was found."""
        self.reports = tuple(reports)
        super().__init__([*(report.finding() for report in reports if report.stops), *besides])
