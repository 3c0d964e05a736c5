"""Run every Molecule scenario."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from tests.stages import side_by_side
from tests.stages.outcome import Outcome
from tests.stages.process import BIN, ROOT, run

SCENARIO_SECONDS = 1200.0
#: Each has hosts of its own, and waits for them as much as it works.
AT_ONCE = 3


def outcomes() -> Iterator[Outcome]:
    """Run the scenarios; each counts as one test."""
    scenarios = sorted(path.parent.name for path in (ROOT / "molecule").glob("*/molecule.yml"))
    if not scenarios:
        yield Outcome("molecule", 0, 1, 0.0, "molecule/: expected scenarios, seen no */molecule.yml")
    yield from side_by_side.outcomes([partial(_outcome, scenario) for scenario in scenarios], AT_ONCE)


def _outcome(scenario: str) -> Outcome:
    print(f"    molecule test -s {scenario}", flush=True)
    completed = run([str(BIN / "molecule"), "test", "-s", scenario], timeout=SCENARIO_SECONDS)
    failed = int(completed.exit_code != 0)
    return Outcome(f"molecule {scenario}", 1 - failed, failed, completed.seconds, from_failure(completed.output))


def from_failure(output: str) -> str:
    """Return a scenario's output from the task that failed first; all of it if none says so."""
    lines = output.splitlines()
    failed = next((place for place, line in enumerate(lines) if line.startswith(("fatal:", "failed:"))), 0)
    tasks = [place for place, line in enumerate(lines[:failed]) if line.startswith("TASK [")]
    return "\n".join(lines[tasks[-1] if tasks else 0 :])
