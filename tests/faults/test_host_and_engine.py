# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine of a host, or the host itself, goes down and comes up again."""

from __future__ import annotations

from tests.faults import moments
from tests.faults.crashed_engine import ORPHAN, remedied
from tests.faults.look import look
from tests.faults.moments import Moment, reached
from tests.faults.standing import PATIENT, Standing
from tests.faults.table import Phase, fault
from tests.integration.attempt import Run

RECOVERED = "unfinished"


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


@fault(
    "engine-killed-while-pulling",
    Phase.PULL,
    dies="the Docker engine (SIGKILL), restarted later",
    promised="Refused (10), nothing was touched, staging is removed. The next deployment works.",
)
def test_an_engine_killed_while_it_pulls_refuses(solo: Standing) -> None:
    host = solo.hosts[0]
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


@fault(
    "engine-killed-mid-recreate",
    Phase.START,
    dies="the Docker engine (SIGKILL), restarted within a minute",
    promised="The way back waits for the engine. Verdict rolled_back (20).",
)
def test_an_engine_killed_mid_recreate_is_waited_for(solo: Standing) -> None:
    run = without_engine_from(moments.recreating, solo)
    run.expect(20, "rolled_back")
    solo.stands()
    solo.goes_on()


@fault(
    "engine-killed-within-a-start",
    Phase.START,
    dies="the Docker engine (SIGKILL) while it starts a container, restarted within a minute",
    promised="rolled_back (20): a process of the container that Docker lost is ended. Docker may keep that container's "
    "port; then rollback_failed (30), which says to restart the engine, and after it the next deployment works.",
)
def test_an_engine_killed_within_a_start_goes_back_or_says_what_to_do(solo: Standing) -> None:
    run = without_engine_from(moments.starting, solo)
    assert not ORPHAN.search(run.output), run
    if not remedied(solo, run):
        run.expect(20, "rolled_back")
        solo.stands()
    solo.goes_on()


@fault(
    "host-restarted-unconfirmed",
    Phase.GATE,
    dies="the host (power cut), started again with the release unconfirmed; the controller is gone as well",
    promised="No guard survives a boot: the next run, or scripts/recover.sh, takes the release back first and says so.",
)
def test_a_host_that_was_restarted_unconfirmed_is_recovered_first(solo: Standing) -> None:
    solo.offer()
    with reached(solo, moments.gating) as attempt:
        attempt.kill()
        solo.hosts[0].restart(hard=True)
    run = solo.goes_on(*PATIENT)
    assert RECOVERED in run.output, run


@fault(
    "host-restarted-mid-recreate",
    Phase.START,
    dies="the host (power cut), started again in the middle of a recreate",
    promised="The run, or the next one, takes the release back; what the interrupted recreate left is removed.",
)
def test_a_host_that_was_restarted_mid_recreate_is_recovered_first(solo: Standing) -> None:
    solo.offer()
    with reached(solo, moments.recreating) as attempt:
        solo.hosts[0].restart(hard=True)
        run = attempt.end()
    assert run.ended in {(20, "rolled_back"), (30, "rollback_failed"), (40, "unknown")}, run
    solo.goes_on(*PATIENT)


@fault(
    "host-restarted-before-the-start",
    Phase.ARMED,
    dies="controller and host (power cut), started again with the new release's files in place and no container new",
    promised="What came up with the new files is started again with the old ones: the way back leaves no mixture.",
)
def test_what_came_up_with_files_of_the_new_release_goes_back_whole(solo: Standing) -> None:
    solo.offer()
    with moments.armed(solo) as held, solo.begin() as attempt:
        held.reach(attempt)
        run = attempt.kill()
        solo.hosts[0].restart(hard=True)
        held.let_go()
    assert run.folder is not None
    recovered = solo.project.run("recover", "--run", run.folder.name)
    assert recovered.exit_code == 0, recovered
    solo.settles()
    solo.goes_on()
