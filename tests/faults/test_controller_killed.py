# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller is gone from one moment to the next: SIGKILL for all that it runs."""

from __future__ import annotations

from tests.faults import moments
from tests.faults.moments import Moment, reached
from tests.faults.table import Fault, Phase, fault, proves
from tests.fleet import Behaviour
from tests.support import observed
from tests.support.standing import GATE_S, PACE, PATIENT, SLACK_S, Standing
from tests.support.waiting import await_that

DIES = "the controller with all that it runs (SIGKILL)"
UNTOUCHED = "Nothing was touched. The next deployment works as soon as the dead run's lease has ended."
COMES_BACK = (
    "The host's guard takes the release back, no later than stack_guard_timeout and the time of one start and one gate."
)
#: Longer than the guard is patient.
LONGEST_PAUSE_S = round(100 * PACE)


def killed(solo: Standing, moment: Moment) -> None:
    """Kill a deployment at a moment; it is the one before's next deployment, and waits for that one's lease."""
    print(f"killed at {moment.__name__}")
    solo.offer()
    with reached(solo, moment, *PATIENT) as attempt:
        run = attempt.kill()
    assert not run.verdict


@proves(
    Fault("killed-while-planning", Phase.PLAN, DIES, UNTOUCHED),
    Fault("killed-with-the-lease-taken", Phase.LEASE, DIES, UNTOUCHED),
    Fault("killed-while-staging", Phase.STAGE, DIES, UNTOUCHED),
    Fault("killed-while-pulling", Phase.PULL, DIES, UNTOUCHED),
)
def test_before_the_start_nothing_is_touched(solo: Standing) -> None:
    # Each deployment comes further than the one before it: what a killed one left would stop it.
    for moment in (moments.planning, moments.leasing, moments.staging, moments.pulling):
        killed(solo, moment)
        solo.stands()
    solo.goes_on(*PATIENT)


@proves(
    Fault("killed-between-arm-and-start", Phase.ARMED, DIES, COMES_BACK),
    Fault("killed-mid-recreate", Phase.START, DIES, COMES_BACK),
    Fault("killed-at-the-gate", Phase.GATE, DIES, COMES_BACK),
)
def test_after_the_start_the_host_comes_back(solo: Standing) -> None:
    for moment in (moments.armed, moments.recreating, moments.gating):
        killed(solo, moment)
        solo.settles()
    solo.goes_on()


@fault(
    "killed-while-the-rollout-pauses",
    Phase.PAUSE,
    dies=DIES,
    promised=COMES_BACK + " The hosts whose turn had not come were never touched.",
)
def test_a_rollout_that_pauses_is_taken_back(pair: Standing) -> None:
    pair.offer()
    pair.configure(stack_serial=1, stack_pause_after="canary", stack_pause_timeout=LONGEST_PAUSE_S)
    canary, other = pair.hosts
    with pair.begin() as attempt:
        attempt.until("the pause", lambda: "scripts/continue.sh" in attempt.said)
        await_that("its host knows", lambda: observed.is_paused(canary, pair.stack), SLACK_S)
        attempt.kill()
    assert pair.on(canary).version() == pair.offered
    pair.settles()
    assert not pair.on(other).saw("starting", version=pair.offered)
    pair.goes_on()


@proves(
    Fault(
        "killed-with-a-lone-host",
        Phase.GATE,
        dies="the controller (SIGKILL), where nobody but the one host has to agree",
        promised="The host goes on: it confirms the release when its own gate has passed.",
    ),
    Fault(
        "killed-with-a-lone-host-that-fails",
        Phase.GATE,
        dies="the controller (SIGKILL), and the release does not pass its gate on the one host",
        promised=COMES_BACK,
    ),
)
def test_a_lone_host_goes_on_or_comes_back(solo: Standing) -> None:
    solo.reset()
    solo.offer()
    with reached(solo, moments.gating) as attempt:
        attempt.kill()
    patience = GATE_S + SLACK_S
    await_that("the confirmation", lambda: solo.on(solo.hosts[0]).saw("confirmed", version=solo.offered), patience)
    solo.stands(solo.offered)
    solo.version = solo.offered
    # What stands was confirmed without its run, and is what a release that fails goes back to.
    solo.offer(Behaviour.NEVER_HEALTHY)
    with reached(solo, moments.recreating, *PATIENT) as attempt:
        attempt.kill()
    assert solo.settles() > 0
    solo.goes_on()
