"""Run every Molecule scenario."""

from __future__ import annotations

from collections.abc import Iterator

from tests.gates.outcome import Outcome
from tests.gates.process import BIN, ROOT, run

SCENARIO_SECONDS = 1200.0


def outcomes() -> Iterator[Outcome]:
    """Run the scenarios one after the other; each counts as one test."""
    scenarios = sorted(path.parent.name for path in (ROOT / "molecule").glob("*/molecule.yml"))
    if not scenarios:
        yield Outcome("molecule", 0, 1, 0.0, "molecule/: expected scenarios, seen no */molecule.yml")
    for scenario in scenarios:
        print(f"    molecule test -s {scenario}", flush=True)
        completed = run([str(BIN / "molecule"), "test", "-s", scenario], timeout=SCENARIO_SECONDS, stream=True)
        failed = int(completed.exit_code != 0)
        yield Outcome(f"molecule {scenario}", 1 - failed, failed, completed.seconds)
