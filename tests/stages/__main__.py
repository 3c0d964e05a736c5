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
from types import FrameType

from tests.stages import lint, molecule_stage, pytest_stage
from tests.stages.outcome import Outcome, StageResult
from tests.stages.process import end_all, run
from tests.stages.pytest_stage import Workers


@dataclass(frozen=True)
class Stage:
    """A part of the test command.

    Attributes:
        outcomes: runs it, and yields the result of each of its parts.
        budget_s: seconds that it may take on two cores, so that the whole stays within 25 minutes.
        on_hosts: whether it uses the nested hosts of tests/fleet.
    """

    outcomes: Callable[[], Iterator[Outcome]]
    budget_s: float
    on_hosts: bool = False


def _pytest(folder: str, test_timeout: int, stage_timeout: float, workers: Workers) -> Callable[[], Iterator[Outcome]]:
    return lambda: pytest_stage.outcomes(
        (folder,), test_timeout=test_timeout, stage_timeout=stage_timeout, workers=workers
    )


#: Deployments wait as much as they work, so three or four workers gain on two cores.
STAGES: dict[str, Stage] = {
    "lint": Stage(lint.outcomes, 180),
    "unit": Stage(_pytest("tests/unit", 60, 300.0, Workers(2, "worksteal")), 60),
    "engine": Stage(_pytest("tests/engine", 180, 1200.0, Workers(3, "worksteal")), 90),
    "integration": Stage(_pytest("tests/integration", 900, 5400.0, Workers(3, "loadfile")), 600, on_hosts=True),
    "faults": Stage(_pytest("tests/faults", 600, 3600.0, Workers(4, "worksteal")), 480, on_hosts=True),
    "molecule": Stage(molecule_stage.outcomes, 120, on_hosts=True),
}


def main(argv: list[str]) -> int:
    """Run the stages and return the exit status."""
    parser = argparse.ArgumentParser(prog="scripts/test.sh", description="Run the project's tests and gates.")
    parser.add_argument("stages", nargs="*", metavar="STAGE", help=f"any of: {', '.join(STAGES)}; none means all")
    asked = parser.parse_args(argv).stages
    if unknown := [name for name in asked if name not in STAGES]:
        parser.error(f"unknown stage: {', '.join(unknown)} (choose from {', '.join(STAGES)})")
    signal.signal(signal.SIGTERM, _interrupt)
    # A shell starts its background jobs with this one ignored, and what they start would ignore it, too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        # The same, where nohup started this: the tests close terminals, and what runs there has to hear of it.
        signal.signal(signal.SIGHUP, lambda _signal, _frame: None)
    names = [name for name in STAGES if not asked or name in asked]
    results: list[StageResult] = []
    with ThreadPoolExecutor(1) as beside:
        if any(STAGES[name].on_hosts for name in names):
            # The longest of the gates leaves a core idle, and whoever needs an image first would wait for it.
            beside.submit(_make_host_images)
        try:
            for name in names:
                results.append(StageResult(name, STAGES[name].budget_s))
                with _fleets_returned(name):
                    _fill(results[-1])
        except KeyboardInterrupt:
            results[-1].outcomes.append(Outcome("interrupted", 0, 1, 0.0))
            end_all()
    return _summary(results)


def _fleets_returned(stage: str) -> AbstractContextManager[None]:
    if not STAGES[stage].on_hosts:
        return nullcontext()
    from tests.stages import fleets  # noqa: PLC0415 - the gates must run, and say so, when tests/fleet is broken

    return fleets.returned()


def _make_host_images() -> None:
    """Make the images of the test hosts; a fleet that lacks one makes it, and then says what is wrong."""
    run([sys.executable, "-m", "tests.fleet", "images", "--hosts"], timeout=1800.0)


def _fill(result: StageResult) -> None:
    """Run a stage and tell of each of its parts when it is done."""
    print(f"==> {result.name}", flush=True)
    began = time.monotonic()
    for outcome in STAGES[result.name].outcomes():
        result.outcomes.append(outcome)
        print(outcome.tell(), flush=True)
    result.seconds = time.monotonic() - began
    print(f"    {result.name}: {result.seconds:.1f} s", flush=True)


def _summary(results: list[StageResult]) -> int:
    print("==> summary")
    for result in results:
        print(f"    {result.line()}")
    for warning in filter(None, (result.warning() for result in results)):
        print(warning)
        if os.environ.get("GITHUB_ACTIONS") == "true":
            print(f"::{warning.replace(': ', '::', 1)}")
    failed = sum(result.failed for result in results)
    print(f"{sum(result.passed for result in results)} passed, {failed} failed", flush=True)
    return int(failed > 0)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
