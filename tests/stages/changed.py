"""Run what a change can break, found by imports, in minutes (I/O; what to run is decided in `selection`)."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator
from itertools import chain

from tests.stages import lint
from tests.stages.outcome import Outcome, StageResult
from tests.stages.process import ROOT, project_files, run
from tests.stages.selection import Selection, import_graph, select

#: Seconds for the tests of one stage.
TESTS_SECONDS = 900.0


def main(argv: list[str]) -> int:
    """Run the affected tests and gates, and return the exit status."""
    parser = argparse.ArgumentParser(prog="scripts/test.sh changed", description="Run what a change can break.")
    parser.add_argument("--since", metavar="REV", help="compare with REV; else with where the branch left main")
    since = parser.parse_args(argv).since or _base()
    selection = select(_changed_files(since), import_graph(_sources()))
    print(f"==> changed since {since[:12]}: {len(selection.changed)} files", flush=True)
    result = StageResult("changed", 300.0)
    wanted = [gate for gate in lint.gates() if gate.name in selection.gates]
    for outcome in chain(lint.run_gates(wanted), _tests(selection)):
        result.outcomes.append(outcome)
        print(outcome.tell(), flush=True)
    print(f"not run: {', '.join(selection.left_out)}")
    print(f"{result.passed} passed, {result.failed} failed", flush=True)
    return int(result.failed > 0)


def _tests(selection: Selection) -> Iterator[Outcome]:
    for stage, files in selection.tests.items():
        print(f"    {stage}: {len(files)} files", flush=True)
        completed = run(
            [sys.executable, "-m", "pytest", "-q", "--color=no", *files], timeout=TESTS_SECONDS, stream=True
        )
        failed = int(completed.exit_code != 0)
        yield Outcome(f"tests/{stage}", 1 - failed, failed, completed.seconds)


def _base() -> str:
    """Return where the branch left main, or HEAD if there is no main."""
    for branch in ("origin/main", "main"):
        found = subprocess.run(
            ["git", "merge-base", "HEAD", branch], cwd=ROOT, capture_output=True, text=True, check=False
        )
        if found.returncode == 0:
            return found.stdout.strip()
    return "HEAD"


def _changed_files(since: str) -> set[str]:
    """Return what differs from a revision, deleted and untracked files included."""
    listings = (
        ["git", "diff", "--name-only", "--no-renames", "-z", since, "--"],
        ["git", "ls-files", "--others", "--exclude-standard", "-z"],
    )
    texts = [subprocess.run(argv, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout for argv in listings]
    return {name for text in texts for name in text.split("\0") if name}


def _sources() -> dict[str, str]:
    names = [name for name in project_files(".py") if name.startswith(("plugins/", "scripts/", "tests/"))]
    return {name: (ROOT / name).read_text(encoding="utf-8") for name in names}
