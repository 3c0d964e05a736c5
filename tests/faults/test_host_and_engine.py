# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine of a host, or the host itself, goes down and comes up again."""

from __future__ import annotations

from tests.faults import moments
from tests.faults.crashed_engine import ORPHAN, goes_on, remedied
from tests.faults.moments import Moment, reached
from tests.faults.table import Fault, Phase, proves
from tests.support.attempt import Run
from tests.support.look import look
from tests.support.standing import ASKED_AT_THE_END, PATIENT, Standing

RECOVERED = "unfinished"
#: What a run says that found what ran before down, although it had touched nothing.
STARTED_AGAIN = "these have ended: "


def without_engine_from(moment: Moment, standing: Standing) -> Run:
    """Deploy, kill the engine at a moment, start it when the release is to go back; return how the run ended."""
    host = standing.hosts[0]
    standing.offer()
    with reached(standing, moment) as attempt:
        host.stop_engine(hard=True)
        try:
            attempt.until_task("Take the release back")
        finally:
            host.start_engine()
        return attempt.end()


@proves(
    Fault(
        "engine-killed-while-pulling",
        Phase.PULL,
        "the Docker engine (SIGKILL), restarted later",
        "Refused (10), nothing was touched, staging is removed. The next deployment works.",
    ),
    Fault(
        "engine-restarted-while-pulling",
        Phase.PULL,
        "the Docker engine (SIGKILL), restarted within a minute, which lets end what it had started",
        "Refused (10), nothing was touched, staging is removed. What ran is started again, and passes its gate.",
    ),
)
def test_an_engine_killed_while_it_pulls_refuses(solo: Standing) -> None:
    host = solo.hosts[0]
    solo.offer()
    with reached(solo, moments.pulling) as attempt:
        host.stop_engine(hard=True)
        host.start_engine()
        run = attempt.end()
    solo.untouched(run)
    assert STARTED_AGAIN in run.output, run
    solo.on(host).nothing_is_left_over()
    before = look(host, solo.stack)
    solo.offer()
    with reached(solo, moments.pulling) as attempt:
        host.stop_engine(hard=True)
        try:
            run = attempt.end()
        finally:
            host.start_engine()
    run.expect(10, "refused")
    # What the engine lost with its crash, it does not start again by itself.
    after = look(host, solo.stack)
    assert {one.id for one in after.containers} == {one.id for one in before.containers}
    assert (after.current, after.configuration) == (before.current, before.configuration)
    assert after.releases == before.releases
    solo.on(host).nothing_is_left_over()
    solo.goes_on()


@proves(
    Fault(
        "engine-restarted-before-the-start",
        Phase.ARMED,
        "the Docker engine (SIGKILL) of a host whose turn has not come, restarted within half a minute",
        "The start waits for the engine: deployed (0).",
    ),
    Fault(
        "engine-killed-before-the-start",
        Phase.ARMED,
        "the same, restarted later",
        "rolled_back (20): the host was not touched, and yet what ran is started again and passes its gate.",
    ),
)
def test_an_engine_that_is_gone_when_the_start_comes(pair: Standing) -> None:
    pair.went_on(with_the_other_engine_killed(pair, in_time=True))
    run = with_the_other_engine_killed(pair, in_time=False)
    run.expect(20, "rolled_back")
    assert [run.host(host.name)[0] for host in pair.hosts] == ["rolled_back"] * 2, run
    assert STARTED_AGAIN in run.output, run
    assert not pair.on(pair.hosts[1]).saw("starting", version=pair.offered)
    pair.stands()
    pair.goes_on()


def with_the_other_engine_killed(pair: Standing, *, in_time: bool) -> Run:
    """Deploy, and kill the second host's engine before its turn; start it in time for that, or for the way back."""
    canary, other = pair.hosts
    pair.offer()
    pair.configure(stack_serial=1)
    with moments.armed(pair) as held, pair.begin() as attempt:
        held.reach(attempt)
        assert pair.on(other).last_events()[-1] == "prepared"
        other.stop_engine(hard=True)
        try:
            held.let_go()
            attempt.until("the canary's gate", lambda: pair.on(canary).saw("gate_passed", version=pair.offered))
            if not in_time:
                attempt.until_task("Take the release back")
        finally:
            other.start_engine()
        return attempt.end()


@proves(
    Fault(
        "engine-killed-mid-recreate",
        Phase.START,
        "the Docker engine (SIGKILL), restarted within a minute",
        "The way back waits for the engine. Verdict rolled_back (20).",
    ),
    Fault(
        "engine-killed-within-a-start",
        Phase.START,
        "the Docker engine (SIGKILL) while it starts a container, restarted within a minute",
        "rolled_back (20): a process of the container that Docker lost is ended. Docker may keep that container's "
        "port; then rollback_failed (30), which says to restart the engine, and after it the next deployment works.",
    ),
)
def test_an_engine_killed_in_a_start_goes_back_or_says_what_to_do(solo: Standing) -> None:
    run = without_engine_from(moments.recreating, solo)
    run.expect(20, "rolled_back")
    solo.stands()
    run = without_engine_from(moments.starting, solo)
    assert not ORPHAN.search(run.output), run
    if not remedied(solo, run):
        run.expect(20, "rolled_back")
        solo.stands()
    solo.goes_on()


@proves(
    Fault(
        "host-restarted-mid-recreate",
        Phase.START,
        "the host (power cut), started again in the middle of a recreate",
        "The run, or the next one, takes the release back; what the interrupted recreate left is removed.",
    ),
    Fault(
        "host-restarted-unconfirmed",
        Phase.GATE,
        "the host (power cut), started again with the release unconfirmed; the controller is gone as well",
        "No guard survives a boot: the next run, or scripts/recover.sh, takes the release back first and says so.",
    ),
    Fault(
        "host-restarted-before-the-start",
        Phase.ARMED,
        "controller and host (power cut), started again with the new release's files in place and no container new",
        "What came up with the new files is started again with the old ones: the way back leaves no mixture.",
    ),
)
def test_a_host_that_was_restarted_is_recovered_first(solo: Standing) -> None:
    host = solo.hosts[0]
    solo.offer()
    with reached(solo, moments.recreating) as attempt:
        host.restart(hard=True)
        run = attempt.end()
    assert run.ended in {(20, "rolled_back"), (30, "rollback_failed"), (40, "unknown")}, run
    goes_on(solo, *PATIENT)
    solo.configure(stack_hooks=ASKED_AT_THE_END)
    solo.offer()
    with reached(solo, moments.gating) as attempt:
        attempt.kill()
        host.restart(hard=True)
    run = solo.goes_on(*PATIENT)
    assert RECOVERED in run.output, run
    solo.configure(stack_hooks=ASKED_AT_THE_END)
    solo.offer()
    with moments.armed(solo) as held, solo.begin() as attempt:
        held.reach(attempt)
        run = attempt.kill()
        host.restart(hard=True)
        held.let_go()
    assert run.folder is not None
    recovered = solo.project.run("recover", "--run", run.folder.name)
    assert recovered.exit_code == 0, recovered
    solo.settles()
    solo.goes_on()
