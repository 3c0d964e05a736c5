# SPDX-License-Identifier: GPL-3.0-or-later
"""Three hosts: who goes back and when, hosts that nobody reaches, releases without a way back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from tests.fleet import Host
from tests.integration.rollout import CRASH_AFTER_S, QUICK, Rollout
from tests.support import observed
from tests.support.waiting import await_that


@contextmanager
def away(*hosts: Host) -> Iterator[None]:
    """Cut hosts off for as long as the block lasts."""
    for host in hosts:
        host.disconnect()
    try:
        yield
    finally:
        for host in hosts:
            host.connect()


def test_every_touched_host_of_every_batch_goes_back_at_the_same_time(rollout: Rollout) -> None:
    run = rollout.deploy(rollout.new, {"host2": "never-healthy"})
    run.expect(20, "rolled_back")
    assert rollout.states(run) == ["rolled_back"] * 2 + ["untouched"]
    assert rollout.pages() == [rollout.old] * 3
    began: list[datetime] = []
    ended: list[datetime] = []
    for host in rollout.hosts[:2]:
        events = rollout.events(host, run.release)
        began.append(events["rolling_back"])
        ended.append(events["rolled_back"])
        settled = run.output.partition("Settle the fleet")[2]
        assert re.search(rf"{host.name} +health gate passed", settled), run
    assert (max(began) - min(began)).total_seconds() <= 3
    assert max(began) <= max(ended)


def test_with_scope_batch_the_other_batches_are_confirmed(rollout: Rollout) -> None:
    run = rollout.deploy(rollout.new, {"host3": "never-healthy"}, stack_serial=[1, 2], stack_rollback_scope="batch")
    run.expect(20, "rolled_back")
    assert rollout.states(run) == ["deployed", "rolled_back", "rolled_back"]
    assert rollout.pages() == [rollout.new, rollout.old, rollout.old]


def test_one_that_crashes_while_the_next_batch_changes_takes_everybody_back(rollout: Rollout) -> None:
    # The others have to stand for longer than the first one lives.
    healthy_for = f"{{{{ 1 if inventory_hostname == 'host1' else {CRASH_AFTER_S + 4} }}}}"
    crashes = {"host1": "healthy-then-crash"}
    run = rollout.deploy(rollout.new, crashes, stack_serial=[1, "100%"], stack_healthy_for=healthy_for)
    run.expect(20, "rolled_back")
    assert rollout.states(run) == ["rolled_back"] * 3
    assert rollout.pages() == [rollout.old] * 3
    assert "out of cheese" in run.verdict["hosts"]["host1"]["error"]


def test_a_host_that_cannot_be_reached_is_left_out_where_that_is_wanted(rollout: Rollout) -> None:
    canary, lost = rollout.hosts[1], rollout.hosts[0]
    with away(lost):
        refused = rollout.deploy(rollout.new, stack_serial=[1, "100%"])
        refused.expect(10, "refused")
        assert rollout.states(refused)[0] == "refused"

        run = rollout.deploy(rollout.new, stack_serial=[1, "100%"], stack_unreachable="skip", stack_bake_time=3)
        run.expect(0, "deployed")
        assert rollout.states(run) == ["skipped"] + ["deployed"] * 2
        assert run.verdict["hosts"]["host1"]["error"]
        assert "LEFT OUT" in run.output
        # The next host is the canary in its place.
        canary_passed = rollout.events(canary, run.release)["gate_passed"]
        assert all(rollout.events(host, run.release)["starting"] >= canary_passed for host in rollout.hosts[2:])
    assert rollout.pages() == [rollout.old] + [rollout.new] * 2

    again = rollout.deploy(rollout.new, stack_unreachable="skip")
    again.expect(0, "deployed")
    assert rollout.states(again) == ["deployed"] + ["unchanged"] * 2
    assert rollout.pages() == [rollout.new] * 3

    # The same for a way back by hand.
    with away(lost):
        back = rollout.project.rollback()
        back.expect(0, "deployed")
    assert rollout.states(back) == ["skipped"] + ["deployed"] * 2
    assert rollout.pages() == [rollout.new] + [rollout.old] * 2


def test_a_run_that_reaches_nobody_is_refused(rollout: Rollout) -> None:
    with away(*rollout.hosts):
        run = rollout.deploy(rollout.new, stack_unreachable="skip")
    run.expect(10, "refused")
    assert rollout.states(run) == ["refused"] * 3
    assert rollout.pages() == [rollout.old] * 3


def test_a_host_that_vanishes_before_its_start_takes_the_others_back_even_where_hosts_may_be_left_out(
    rollout: Rollout,
) -> None:
    # A guard that waits longer, so that nobody calls the host before it is to be started.
    with rollout.begin(rollout.new, stack_bake_time=6, stack_guard_timeout=400, stack_unreachable="skip") as attempt:
        attempt.until("the canary bakes", lambda: "Pausing for" in attempt.said)
        with away(rollout.hosts[1]):
            run = attempt.end()
    run.expect(40, "unknown")
    assert rollout.states(run) == ["rolled_back", "unknown", "untouched"]
    outlook = run.verdict["hosts"]["host2"]["outlook"]
    assert outlook.startswith("its guard takes it back by itself, if the release was started there, 400 s")
    assert outlook in run.output
    assert rollout.pages() == [rollout.old] * 3

    rollout.project.run("recover", "--run", run.verdict["run"]).expect(0, "unchanged")
    rollout.settles()


def test_a_host_that_vanishes_while_it_waits_for_its_turn_is_missed_before_that(rollout: Rollout) -> None:
    with rollout.begin(rollout.new, stack_bake_time=10) as attempt:
        attempt.until("the canary bakes", lambda: "Pausing for" in attempt.said)
        with away(rollout.hosts[2]):
            run = attempt.end()
    run.expect(20, "rolled_back")
    assert rollout.states(run) == ["rolled_back", "untouched", "refused"]
    assert "its lease ends by itself" in run.verdict["hosts"]["host3"]["outlook"]
    assert rollout.pages() == [rollout.old] * 3


def test_a_host_that_vanishes_while_it_starts_goes_back_by_itself_and_the_others_with_the_run(rollout: Rollout) -> None:
    lost = rollout.hosts[1]
    with rollout.begin(rollout.new, {"host2": "slow-start"}) as attempt:
        attempt.until("the second host starts", lambda: "(batch 2)" in attempt.said)
        attempt.until("its journal says so", lambda: observed.journal(lost, "app")[-1]["event"] == "starting")
        with away(lost):
            run = attempt.end()
    run.expect(40, "unknown")
    assert rollout.states(run) == ["rolled_back", "unknown", "untouched"]
    assert f"{QUICK['stack_guard_timeout']} s (stack_guard_timeout)" in run.verdict["hosts"]["host2"]["outlook"]
    assert observed.answer(rollout.hosts[0]) == rollout.old
    came_back = "rolled_back"
    await_that(came_back, lambda: came_back in rollout.events(lost, run.release), QUICK["stack_guard_timeout"] + 30)
    rollout.settles()


def test_past_a_release_that_is_not_reversible_nobody_is_taken_back(rollout: Rollout) -> None:
    planned = rollout.project.plan(rollout.new, "-e", "stack_reversible=false")
    planned.expect(0, "planned")
    assert "NOT REVERSIBLE" in planned.output
    assert planned.folder is not None
    assert "AUTOMATIC ROLLBACK PAST IT IS BLOCKED" in (planned.folder / "plan.json").read_text(encoding="utf-8")

    run = rollout.deploy(rollout.new, {"host2": "never-healthy"}, stack_reversible=False)
    run.expect(30, "rollback_failed")
    assert rollout.states(run) == ["deployed", "rollback_failed", "untouched"]
    assert "NOT REVERSIBLE" in run.output
    assert "stack_force_irreversible=true" in run.output
    assert rollout.pages() == [rollout.new, rollout.new, rollout.old]
    assert run.release not in observed.kept_releases(rollout.hosts[2], "app")

    refused = rollout.project.rollback("--to", rollout.first, "--limit", "host1")
    refused.expect(10, "refused")
    assert "stack_force_irreversible=true" in refused.output
    assert observed.answer(rollout.hosts[0]) == rollout.new

    forced = rollout.project.rollback("--to", rollout.first, "--limit", "host1", "-e", "stack_force_irreversible=true")
    forced.expect(0, "deployed")
    assert observed.answer(rollout.hosts[0]) == rollout.old
    later = rollout.another()
    rollout.deploy(later, stack_serial="100%").expect(0, "deployed")
    assert rollout.pages() == [later] * 3
