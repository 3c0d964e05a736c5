# SPDX-License-Identifier: GPL-3.0-or-later
"""Something breaks at a moment that nobody chose. `--kill-seeds N` tries N of them, `--kill-seed S` repeats one."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tests.faults.crashed_engine import goes_on, remedied
from tests.faults.table import Phase, fault
from tests.support.attempt import Attempt
from tests.support.look import look
from tests.support.standing import PACE, PATIENT, SLACK_S, Standing
from tests.support.waiting import await_that
from tests.support.whole import SETTLED

if TYPE_CHECKING:
    import pytest

#: A deployment is over after about this long.
LONGEST_S = 9.0 * PACE
OUTAGE_S = (0.5, 6.0)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give the test its seeds; each thing breaks in as many of them as any other."""
    if "seed" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("--kill-seed")
        seeds = range(metafunc.config.getoption("--kill-seeds")) if chosen is None else [chosen]
        metafunc.parametrize("seed", seeds)


def killed(_standing: Standing, attempt: Attempt, _outage_s: float) -> None:
    attempt.kill()


def cancelled(_standing: Standing, attempt: Attempt, _outage_s: float) -> None:
    attempt.signal(signal.SIGTERM)


def unplugged(standing: Standing, _attempt: Attempt, outage_s: float) -> None:
    standing.hosts[0].disconnect()
    time.sleep(outage_s)
    standing.hosts[0].connect()


def without_engine(standing: Standing, _attempt: Attempt, outage_s: float) -> None:
    standing.hosts[0].stop_engine(hard=True)
    time.sleep(outage_s)
    standing.hosts[0].start_engine()


def without_power(standing: Standing, _attempt: Attempt, _outage_s: float) -> None:
    standing.hosts[0].restart(hard=True)


FAULTS: tuple[Callable[[Standing, Attempt, float], None], ...] = (
    killed, cancelled, unplugged, without_engine, without_power,
)  # fmt: skip
#: Events of the journal that neither touch a container nor say that the release stands.
NO_ACTS = {"prepared", "discarded", "pruned"}


@fault(
    "random",
    Phase.ANY,
    dies="controller, run, network, engine or host, one after the other, at a moment chosen by chance",
    promised="One release whole on the host in the end, the journal true, and the next deployment works.",
)
def test_whatever_dies_whenever_one_release_stands(solo: Standing, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - a test that can be repeated
    breaks, after_s, outage_s = FAULTS[seed % len(FAULTS)], chance.uniform(0, LONGEST_S), chance.uniform(*OUTAGE_S)
    print(f"seed {seed}: {breaks.__name__} after {after_s:.2f} s, for {outage_s:.2f} s")
    solo.offer()
    with solo.begin() as attempt:
        attempt.until_ended(after_s)
        broke = datetime.now(UTC)
        breaks(solo, attempt, outage_s)
        run = attempt.end()
    print(run)
    if breaks is without_engine and done_before(solo, broke):
        # What ran was not the run's to start again, and an engine that crashed does not do it by itself.
        solo.goes_on(*PATIENT)
        return
    if run.verdict:
        # After an outage, containers may be on their way up.
        await_that(
            "what the verdict says",
            lambda: solo.on(solo.hosts[0]).agrees_with(run, solo.version, solo.offered),
            SLACK_S,
        )
    remedied(solo, run)
    if run.word != "rollback_failed":
        assert solo.settles_on_either() in {solo.version, solo.offered}
    goes_on(solo, *PATIENT)


def done_before(standing: Standing, broke: datetime) -> bool:
    """Tell whether the run had nothing under way when something broke, and neither changed nor confirmed any since."""
    there = look(standing.hosts[0], standing.stack)
    last = {str(line["release"]): str(line["event"]) for line in there.journal}
    acts = [line for line in there.journal if line["event"] not in NO_ACTS]
    return set(last.values()) <= SETTLED and all(datetime.fromisoformat(str(line["at"])) <= broke for line in acts)
