# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine of a host, or the host itself, goes down and comes up again."""

from __future__ import annotations

from functools import partial

from tests.faults import moments
from tests.faults.crashed_engine import ORPHAN, goes_on, remedied
from tests.faults.moments import Moment, reached
from tests.faults.table import Fault, Phase, proves
from tests.fleet import Host
from tests.support.attempt import Run
from tests.support.console import console
from tests.support.look import look
from tests.support.standing import ASKED_AT_THE_END, PATIENT, SLACK_S, Standing
from tests.support.waiting import await_that

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
        "The host, or the run, takes the release back; what the interrupted recreate left is removed.",
    ),
    Fault(
        "host-restarted-unconfirmed",
        Phase.GATE,
        "the host (power cut), started again with the release unconfirmed; the controller is gone as well",
        "The host takes the release back by itself: its guard begins again with the boot, and acts at once.",
    ),
    Fault(
        "host-restarted-before-the-start",
        Phase.ARMED,
        "controller and host (power cut), started again with the new release's files in place and no container new",
        "What came up with the new files is started again with the old ones, by the host itself: no mixture is left.",
    ),
)
def test_a_host_that_was_restarted_comes_back_by_itself(solo: Standing, under_systemd: Standing) -> None:
    solo.offer()
    with reached(solo, moments.recreating) as attempt:
        solo.hosts[0].restart(hard=True)
        run = attempt.end()
    assert run.ended in {(20, "rolled_back"), (30, "rollback_failed"), (40, "unknown")}, run
    solo.settles()
    goes_on(solo, *PATIENT)
    # Here cron begins the guard again, there the user's systemd.
    for standing, moment in ((solo, moments.armed), (under_systemd, moments.gating)):
        host = standing.hosts[0]
        standing.configure(stack_hooks=ASKED_AT_THE_END)
        standing.offer()
        with moment(standing) as held, standing.begin() as attempt:
            held.reach(attempt)
            attempt.kill()
            host.restart(hard=True)
            held.let_go()
        standing.comes_back_after_a_boot()
        assert standing.on(host).saw("rolled_back", version=standing.offered)
        # Neither its lease nor what begins it after a boot is left: nobody has to wait, and nothing is in the way.
        await_that("the end of the guard", partial(begins_nothing_at_boot, host), SLACK_S)
        standing.goes_on()


def begins_nothing_at_boot(host: Host) -> bool:
    """Tell whether neither cron nor systemd begins anything of the deploy user after a boot."""
    units = "find /home/deploy/.config/systemd -name 'slipway*' || :"
    return not console(host, f"crontab -l || :; {units}", user="deploy").strip()
