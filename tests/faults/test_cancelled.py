# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that is cancelled: the signals that a pipeline or a person sends."""

from __future__ import annotations

import signal
import time

from tests.faults import moments
from tests.faults.moments import Moment, reached
from tests.faults.table import Fault, Phase, fault, proves
from tests.support.standing import PATIENT, SLACK_S, START_S, Standing
from tests.support.waiting import await_that

#: A pipeline sends SIGINT, and SIGTERM this much later, and kills this much after that.
TERM_AFTER_S, KILL_AFTER_S = 7.5, 2.5
PATIENCE_S = TERM_AFTER_S + KILL_AFTER_S
UNTOUCHED = (
    "Nothing was touched, and the verdict says so: refused (10). The lease is given back, and the next deployment "
    "works at once."
)
COMES_BACK = "The hosts are told to come back now, and do. All of them are seen to: verdict rolled_back (20)."
BEFORE_THE_START = (
    (Phase.PLAN, moments.planning),
    (Phase.LEASE, moments.leasing),
    (Phase.STAGE, moments.staging),
    (Phase.PULL, moments.pulling),
)
AFTER_THE_START = (
    (Phase.ARMED, moments.armed),
    (Phase.START, moments.recreating),
    (Phase.GATE, moments.gating),
)
SIGNALS = (signal.SIGINT, signal.SIGTERM)


def row(number: signal.Signals, phase: Phase, moment: Moment, promised: str) -> Fault:
    """Return the row of a signal at a moment."""
    name = f"{number.name.lower()}-{moment.__name__}"
    return Fault(name, phase, f"the run is cancelled with {number.name}", promised)


def cancelled(solo: Standing, moment: Moment, ended: tuple[int, str]) -> None:
    """Cancel a deployment with each signal; the second one is the first one's next deployment, and gets as far."""
    for number in SIGNALS:
        print(f"{number.name} at {moment.__name__}")
        solo.offer()
        with moment(solo) as held, solo.begin() as attempt:
            held.reach(attempt)
            attempt.signal(number)
            attempt.until_verdict(PATIENCE_S)
            held.let_go()
            run = attempt.end()
        run.expect(*ended)
        assert run.verdict["reason"] == "interrupted", run
        solo.settles()
        assert solo.on(solo.hosts[0]).agrees_with(run, solo.version, solo.offered)


@proves(*(row(number, *one, UNTOUCHED) for one in BEFORE_THE_START for number in SIGNALS))
def test_runs_that_are_cancelled_before_the_start_touch_nothing(solo: Standing) -> None:
    # Each deployment comes further than the one before it: what a cancelled one left would stop it.
    for _phase, moment in BEFORE_THE_START:
        cancelled(solo, moment, (10, "refused"))
    solo.goes_on()


@proves(*(row(number, *one, COMES_BACK) for one in AFTER_THE_START for number in SIGNALS))
def test_runs_that_are_cancelled_after_the_start_leave_what_was_confirmed(solo: Standing) -> None:
    for _phase, moment in AFTER_THE_START:
        cancelled(solo, moment, (20, "rolled_back"))
    solo.goes_on()


@fault(
    "cancelled-by-the-pipeline",
    Phase.START,
    dies="the pipeline cancels: SIGINT, SIGTERM 7.5 s later, SIGKILL for everything 2.5 s after that",
    promised="verdict.json stands before SIGKILL: unknown (40), with what becomes of each host. The host comes back.",
)
def test_a_pipeline_that_cancels_gets_its_verdict_in_time(solo: Standing) -> None:
    solo.offer()
    with moments.armed(solo) as held, solo.begin() as attempt:
        held.reach(attempt)
        attempt.signal(signal.SIGINT)
        began = time.monotonic()
        attempt.until_ended(TERM_AFTER_S)
        attempt.signal(signal.SIGTERM)
        attempt.until_ended(began + TERM_AFTER_S + KILL_AFTER_S - time.monotonic())
        run = attempt.kill()
    assert run.word == "unknown", run
    assert run.host(solo.hosts[0].name)[0] in {"unknown", "rolled_back"}, run
    solo.settles()
    solo.goes_on(*PATIENT)


@fault(
    "cancelled-irreversible",
    Phase.START,
    dies="the run is cancelled while a release starts that must not be taken back (stack_reversible: false)",
    promised="What is at work comes to its end: the new release runs whole, unconfirmed. Verdict unknown (40); the "
    "next deployment goes forward from there.",
)
def test_a_start_that_must_not_be_taken_back_comes_to_its_end(solo: Standing) -> None:
    solo.configure(stack_reversible=False)
    solo.offer()
    with reached(solo, moments.recreating) as attempt:
        attempt.signal(signal.SIGTERM)
        run = attempt.end()
    run.expect(40, "unknown")
    host = solo.on(solo.hosts[0])
    await_that("the new release, whole", lambda: host.version() == solo.offered, START_S + SLACK_S)
    solo.goes_on(*PATIENT)
