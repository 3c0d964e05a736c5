# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller is gone from one moment to the next: SIGKILL for all that it runs."""

from __future__ import annotations

from tests.faults import moments
from tests.faults.moments import Moment, reached
from tests.faults.standing import PATIENT, Standing
from tests.faults.table import Fault, Phase, faults

DIES = "the controller with all that it runs (SIGKILL)"
UNTOUCHED = "Nothing was touched. The next deployment works as soon as the dead run's lease has ended."
COMES_BACK = (
    "The host's guard takes the release back, no later than stack_guard_timeout and the time of one start and one gate."
)


@faults(
    "moment",
    [
        (Fault("killed-while-planning", Phase.PLAN, DIES, UNTOUCHED), moments.planning),
        (Fault("killed-while-staging", Phase.STAGE, DIES, UNTOUCHED), moments.staging),
        (Fault("killed-while-pulling", Phase.PULL, DIES, UNTOUCHED), moments.pulling),
    ],
)
def test_before_the_start_nothing_is_touched(solo: Standing, moment: Moment) -> None:
    solo.offer()
    with reached(solo, moment) as attempt:
        run = attempt.kill()
    assert not run.verdict
    solo.stands()
    solo.goes_on(*PATIENT)


@faults(
    "moment",
    [
        (Fault("killed-between-arm-and-start", Phase.ARMED, DIES, COMES_BACK), moments.armed),
        (Fault("killed-mid-recreate", Phase.START, DIES, COMES_BACK), moments.recreating),
        (Fault("killed-at-the-gate", Phase.GATE, DIES, COMES_BACK), moments.gating),
    ],
)
def test_after_the_start_the_host_comes_back(solo: Standing, moment: Moment) -> None:
    solo.offer()
    with reached(solo, moment) as attempt:
        run = attempt.kill()
    assert not run.verdict
    solo.settles()
    solo.goes_on()
