"""Run one folder of tests and count what came of it."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from tests.stages.outcome import Outcome
from tests.stages.process import CACHE, ROOT, run


@dataclass(frozen=True)
class Workers:
    """Several processes that share a folder's tests; each has a fleet of its own, where it needs one.

    Attributes:
        number: how many.
        share: what a worker takes from the pile: "loadfile", the tests of a file; "load", the next test; or
            "worksteal", its part at first, and later what others have left.
    """

    number: int
    share: str

    @property
    def options(self) -> list[str]:
        """Return what pytest-xdist is told."""
        return [f"--numprocesses={self.number}", f"--dist={self.share}", "--maxschedchunk=1"]


def outcomes(
    folders: tuple[str, ...], *, test_timeout: int, stage_timeout: float, workers: Workers | None = None
) -> Iterator[Outcome]:
    """Run the folders' tests one folder after the other; a skipped test has not passed."""
    for folder in folders:
        if any((ROOT / folder).rglob("test_*.py")):
            yield _outcome(folder, test_timeout, stage_timeout, workers.options if workers else [])
        else:
            yield Outcome(folder, 0, 1, 0.0, f"{folder}: expected tests, seen no file test_*.py")


def _outcome(folder: str, test_timeout: int, stage_timeout: float, more: list[str]) -> Outcome:
    CACHE.mkdir(parents=True, exist_ok=True)
    report = CACHE / f"{folder.replace('/', '-')}.xml"
    report.unlink(missing_ok=True)
    options = ["-q", "--color=no", f"--timeout={test_timeout}", f"--junitxml={report}", "--durations=5"]
    began = time.monotonic()
    completed = run([sys.executable, "-m", "pytest", *options, *more, folder], timeout=stage_timeout, stream=True)
    seconds = time.monotonic() - began
    if not report.exists():
        return Outcome(folder, 0, 1, seconds, f"pytest ended with {completed.exit_code} and left no report")
    suites = list(ET.parse(report).getroot().iter("testsuite"))  # noqa: S314 - pytest wrote it a moment ago
    total, failures, errors, skipped = (
        sum(int(suite.get(key, "0")) for suite in suites) for key in ("tests", "failures", "errors", "skipped")
    )
    failed = failures + errors + skipped
    note = f"{skipped} skipped: a test that does not run proves nothing" if skipped else ""
    # pytest can fail without a failed test: a broken plugin, an interrupted run.
    return Outcome(folder, total - failed, failed or int(completed.exit_code != 0), seconds, note)
