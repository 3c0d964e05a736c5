"""What a gate, a test file or a scenario came to, and how it is told."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Outcome:
    """The result of one gate or one pytest run.

    Attributes:
        name: what was run.
        passed: how many tests passed; a gate is one test.
        failed: how many did not pass, for whatever reason.
        seconds: how long it took.
        output: what it said; shown when something failed.
    """

    name: str
    passed: int
    failed: int
    seconds: float
    output: str = ""

    def tell(self) -> str:
        """Return the line that says how it went, and what it said when it failed."""
        state = "FAILED" if self.failed else "ok"
        line = f"    {state:<6} {self.name} ({self.seconds:.1f} s)"
        said = self.output.strip("\n")
        return f"{line}\n{textwrap.indent(said, '      | ', lambda _: True)}" if self.failed and said else line


@dataclass
class StageResult:
    """What one stage came to.

    Attributes:
        name: the stage.
        budget_s: seconds that it should take at most.
        outcomes: what its parts came to.
        seconds: how long it took.
    """

    name: str
    budget_s: float
    outcomes: list[Outcome] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def passed(self) -> int:
        """Return how many tests and gates passed."""
        return sum(outcome.passed for outcome in self.outcomes)

    @property
    def failed(self) -> int:
        """Return how many did not."""
        return sum(outcome.failed for outcome in self.outcomes)

    def line(self) -> str:
        """Return the stage's summary line."""
        state = "FAILED" if self.failed else "passed"
        failures = ", ".join(outcome.name for outcome in self.outcomes if outcome.failed)
        tail = f": {failures}" if failures else ""
        counts = f"{self.passed} passed, {self.failed} failed"
        return f"{self.name:<12} {state}  {counts} in {self.seconds:.1f} s of {self.budget_s:.0f} s{tail}"

    def warning(self) -> str:
        """Return what to say of a stage that took longer than its budget; nothing of one that did not."""
        if self.seconds <= self.budget_s:
            return ""
        return f"stage {self.name}: expected at most {self.budget_s:.0f} s, seen {self.seconds:.0f} s"
