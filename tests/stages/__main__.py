"""Run the stages that were asked for, all of them to their end, and count."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from types import FrameType

from tests.stages import changed, lint, molecule_stage, pytest_stage
from tests.stages.outcome import Outcome, StageResult
from tests.stages.process import ROOT, end_all, run
from tests.stages.pytest_stage import Workers


@dataclass(frozen=True)
class Stage:
    """One stage of the run.

    Attributes:
        name: what it is called on the command line.
        outcomes: runs it.
        budget_s: seconds that it should take at most on two cores; a slower one is warned of and has not failed.
        images: the commands that make the images which its tests start from.
    """

    name: str
    outcomes: Callable[[], Iterator[Outcome]]
    budget_s: float
    images: tuple[tuple[str, ...], ...] = ()

    @property
    def uses_hosts(self) -> bool:
        """Whether it uses the nested hosts of tests/fleet."""
        return _HOSTS in self.images


_HOSTS = (sys.executable, "-m", "tests.fleet", "images", "--hosts")
_EXAMPLE = (str(ROOT / "examples" / "guestbook" / "base_image.sh"),)
# Deployments wait as much as they work, so three workers gain on two cores; guards are waited for longer still.
_UNIT = partial(
    pytest_stage.outcomes, ("tests/unit",), test_timeout=60, stage_timeout=300.0, workers=Workers(2, "worksteal")
)
_ENGINE = partial(
    pytest_stage.outcomes, ("tests/engine",), test_timeout=180, stage_timeout=1200.0, workers=Workers(3, "worksteal")
)
_INTEGRATION = partial(
    pytest_stage.outcomes,
    ("tests/integration",),
    test_timeout=900,
    stage_timeout=5400.0,
    workers=Workers(3, "loadfile"),
)
_FAULTS = partial(
    pytest_stage.outcomes, ("tests/faults",), test_timeout=600, stage_timeout=3600.0, workers=Workers(5, "load")
)
_FIELD = partial(
    pytest_stage.outcomes, ("tests/field",), test_timeout=900, stage_timeout=3600.0, workers=Workers(2, "load")
)
_ROWS = (
    Stage("lint", lint.outcomes, 180.0),
    Stage("unit", _UNIT, 60.0),
    Stage("engine", _ENGINE, 90.0),
    Stage("integration", _INTEGRATION, 600.0, images=(_HOSTS, _EXAMPLE)),
    Stage("faults", _FAULTS, 450.0, images=(_HOSTS,)),
    Stage("field", _FIELD, 90.0, images=(_HOSTS,)),
    Stage("molecule", molecule_stage.outcomes, 120.0, images=(_HOSTS,)),
)
STAGES = {stage.name: stage for stage in _ROWS}


def main(argv: list[str]) -> int:
    """Run the stages and return the exit status."""
    signal.signal(signal.SIGTERM, _interrupt)
    # A shell starts its background jobs with this one ignored, and what they start would ignore it, too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        # The same, where nohup started this: the tests close terminals, and what runs there has to hear of it.
        signal.signal(signal.SIGHUP, lambda _signal, _frame: None)
    if argv[:1] == ["changed"]:
        return changed.main(argv[1:])
    parser = argparse.ArgumentParser(prog="scripts/test.sh", description="Run the project's tests and gates.")
    parser.add_argument("stages", nargs="*", metavar="STAGE", help=f"any of: {', '.join(STAGES)}; none means all")
    asked = parser.parse_args(argv).stages
    if unknown := [name for name in asked if name not in STAGES]:
        parser.error(f"unknown stage: {', '.join(unknown)} (choose from {', '.join(STAGES)})")
    names = [name for name in STAGES if not asked or name in asked]
    results: list[StageResult] = []
    with ThreadPoolExecutor(1) as beside:
        # The longest of the gates leaves a core idle, and whoever needs an image first would wait for it. A test that
        # lacks one makes it, and then says what is wrong.
        for command in dict.fromkeys(command for name in names for command in STAGES[name].images):
            beside.submit(run, command, timeout=1800.0)
        try:
            for name in names:
                results.append(StageResult(name, STAGES[name].budget_s))
                with _fleets_returned(name):
                    _fill(results[-1])
        except KeyboardInterrupt:
            results[-1].outcomes.append(Outcome("interrupted", 0, 1, 0.0))
            end_all()
    return summary(results, in_github=os.environ.get("GITHUB_ACTIONS") == "true")


def _fleets_returned(stage: str) -> AbstractContextManager[None]:
    if not STAGES[stage].uses_hosts:
        return nullcontext()
    from tests.stages import fleets  # noqa: PLC0415 - the gates must run, and say so, when tests/fleet is broken

    return fleets.returned()


def _fill(result: StageResult) -> None:
    """Run a stage and tell of each of its parts when it is done."""
    print(f"==> {result.name}", flush=True)
    began = time.monotonic()
    for outcome in STAGES[result.name].outcomes():
        result.outcomes.append(outcome)
        print(outcome.tell(), flush=True)
    result.seconds = time.monotonic() - began
    print(f"    {result.name}: {result.seconds:.1f} s", flush=True)


def summary(results: list[StageResult], *, in_github: bool) -> int:
    """Print what the stages came to, the count of all tests last, and return the exit status."""
    print("==> summary")
    for result in results:
        print(f"    {result.line()}")
    for warning in filter(None, (result.warning() for result in results)):
        print(f"warning: {warning}")
        if in_github:
            print(f"::warning::{warning}")
    failed = sum(result.failed for result in results)
    print(f"{sum(result.passed for result in results)} passed, {failed} failed", flush=True)
    return int(failed > 0)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
