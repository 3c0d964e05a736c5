# SPDX-License-Identifier: GPL-3.0-or-later
"""The guard, where it could fire wrongly, twice, or not at all."""

from __future__ import annotations

import secrets
from typing import Any

from tests.faults import moments
from tests.faults.on_host import run_on_host
from tests.faults.table import Fault, Phase, fault, proves
from tests.support.console import console, kill_sessions
from tests.support.standing import GUARD_S, SLACK_S, Standing
from tests.support.waiting import await_that

ROUNDS = 100


@fault(
    "guard-and-confirmation-race",
    Phase.CONFIRM,
    dies="nothing, but the guard's time is up at the very moment at which the run confirms",
    promised="Exactly one of them wins, and the other learns it: confirmed and left alone, or taken back and refused.",
)
def test_of_guard_and_confirmation_exactly_one_wins(solo: Standing) -> None:
    seed = secrets.randbelow(2**32)
    print(f"seed {seed}")
    rounds: list[dict[str, Any]] = run_on_host(solo, "guard_race.py", "race", str(ROUNDS), str(seed))["rounds"]
    console(solo.hosts[0], "rm -rf /var/lib/slipway/race")
    assert len(rounds) == ROUNDS
    for one in rounds:
        won = [event for event in one["events"] if event in {"confirmed", "rolled_back"}]
        assert len(won) == 1, one
        assert one["confirmed"] == one["current"] == (won == ["confirmed"]), one
        assert one["left"] == [], one
        if not one["confirmed"]:
            assert "taken back" in one["said"][0], one
    winners = {one["confirmed"] for one in rounds}
    assert winners == {True, False}, f"no race: one of them won all {ROUNDS} rounds"


@proves(
    Fault(
        "module-killed-mid-start",
        Phase.START,
        dies="the controller, and with it every process that it had on the host",
        promised="The guard is no child of the SSH session: it takes the release back.",
    ),
    Fault(
        "guard-killed",
        Phase.GATE,
        dies="the controller and, on the host, the guard's process (SIGKILL)",
        promised="The next run, or scripts/recover.sh, takes the release back first and says so.",
    ),
)
def test_a_guard_outlives_its_run_and_recovery_stands_in_for_it(solo: Standing) -> None:
    host = solo.hosts[0]
    solo.offer()
    with moments.reached(solo, moments.recreating) as attempt:
        attempt.kill()
        kill_sessions(host)
    solo.settles()
    solo.offer()
    with moments.reached(solo, moments.gating) as attempt:
        console(host, f"kill -KILL $(cut -d ' ' -f 1 {solo.folder}/guard.pid)")
        attempt.kill()
    await_that("the lease ended", lambda: not solo.on(host).lease_left_s(), GUARD_S + SLACK_S)
    run = solo.project.run("recover")
    assert run.exit_code == 0, run
    solo.stands()
    solo.goes_on()
