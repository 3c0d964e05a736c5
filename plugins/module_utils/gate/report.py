# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the gate found: values that a module returns and a person reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from ..core.findings import Finding, SlipwayError


@dataclass(frozen=True)
class GateFailure:
    """One condition that did not come to hold, with its evidence.

    Attributes:
        service: the service concerned, if it is one.
        container: the name of the container concerned, if it is one.
        check: the condition, or the declared check's name.
        expected: what had to be true.
        seen: what was there instead.
        logs: the last log lines of the containers concerned, or the output of the check's command; masked.
    """

    service: str | None
    container: str | None
    check: str
    expected: str
    seen: str
    logs: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for a module's result."""
        return asdict(self)

    def lines(self) -> list[str]:
        """Return the failure for people to read."""
        about = f"service {self.service}" if self.service else "stack"
        container = f" ({self.container})" if self.container else ""
        lines = [f"{about}{container}, check '{self.check}':", f"  expected: {self.expected}", f"  seen: {self.seen}"]
        if self.logs:
            # The bar also keeps a log line that looks like a CI system's command from being one.
            lines += ["  last lines:", *(f"  | {line}" for line in self.logs)]
        return lines


@dataclass(frozen=True)
class Observation:
    """How one container was when the gate ended."""

    service: str
    name: str
    id: str
    state: str
    health: str | None
    restarts: int
    image: str
    exit_code: int


@dataclass(frozen=True)
class CheckObservation:
    """How far one declared check came."""

    name: str
    passed: bool
    attempts: int
    duration_s: float
    seen: str


@dataclass(frozen=True)
class GateReport:
    """The gate's answer.

    Attributes:
        passed: whether everything holds.
        duration_s: how long the gate took to know.
        failures: what does not hold; empty if passed.
        observations: the containers, sorted by service and name.
        checks: how far each declared check came.
        notes: what the reader must know about how the answer was found.
    """

    passed: bool
    duration_s: float
    failures: list[GateFailure]
    observations: list[Observation]
    checks: list[CheckObservation] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for a module's result."""
        return asdict(self)

    def summary(self) -> list[str]:
        """Return a few lines that say how the stack is."""
        lines = [_service_line(name, self._of(name)) for name in sorted({seen.service for seen in self.observations})]
        good = [check for check in self.checks if check.passed]
        if self.checks:
            names = ", ".join(map(_check_text, self.checks))
            lines.append(f"{len(good)} of {len(self.checks)} checks passed: {names}")
        lines += self.notes
        word = "passed" if self.passed else f"failed on {len(self.failures)} condition{'s' * (len(self.failures) != 1)}"
        return [*lines, f"health gate {word} after {self.duration_s:.1f} s"]

    def message(self) -> str:
        """Return every failure for people to read, headed by one line that says what failed."""
        heads = [f"health gate failed after {self.duration_s:.1f} s"]
        return "\n".join(heads + [line for failure in self.failures for line in failure.lines()])

    def _of(self, service: str) -> list[Observation]:
        return [seen for seen in self.observations if seen.service == service]


def _service_line(name: str, containers: list[Observation]) -> str:
    states = [_state_text(seen) for seen in containers]
    parts = [f"{states.count(state)} {state}" for state in dict.fromkeys(states)]
    return f"{name}: {'; '.join(parts)}"


def _state_text(seen: Observation) -> str:
    if seen.state == "exited":
        return f"exited with code {seen.exit_code}"
    health = f" and {seen.health}" if seen.health and seen.state == "running" else ""
    restarts = f", {seen.restarts} restarts" if seen.restarts else ""
    return f"{seen.state}{health}{restarts}"


def _check_text(check: CheckObservation) -> str:
    return check.name if check.passed else f"{check.name} (not passed)"


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
