# SPDX-License-Identifier: GPL-3.0-or-later
"""Between two batches: one bakes, or the rollout pauses until somebody continues it."""

from __future__ import annotations

import json
import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.integration.rollout import Rollout
from tests.support import observed
from tests.support.attempt import Attempt, Run

#: Longer than any of these pauses lasts.
LONG_S = 400
PAUSED = re.compile(r"scripts/continue\.sh proof (--run \S+)")


def renewals(run: Run) -> int:
    """Return how many hosts were told during a run that it lives."""
    assert run.folder is not None
    events = [json.loads(path.read_text()) for path in run.folder.glob("artifacts/job_events/*.json")]
    told = [one for one in events if one["event_data"].get("task", "").startswith("Renew lease and guard")]
    return len([one for one in told if one["event"] == "runner_item_on_ok"])


def test_a_canary_that_ends_while_it_bakes_takes_itself_back_and_nobody_else_is_touched(rollout: Rollout) -> None:
    run = rollout.deploy(rollout.new, {"host1": "healthy-then-crash"}, stack_serial=[1, "100%"], stack_bake_time=12)
    run.expect(20, "rolled_back")
    assert rollout.states(run) == ["rolled_back"] + ["untouched"] * 2
    assert rollout.pages() == [rollout.old] * 3
    assert "bakes for 12 s" in run.output
    assert "Pass the gate again" in run.output
    assert "out of cheese" in run.verdict["hosts"]["host1"]["error"]
    for host in rollout.hosts[1:]:
        assert "starting" not in rollout.events(host, run.release)


def test_a_rollout_that_outlasts_every_guard_and_lease_keeps_them_alive(rollout: Rollout) -> None:
    run = rollout.deploy(
        rollout.new, stack_bake_time=21, stack_guard_timeout=45, stack_start_timeout=11, stack_gate_timeout=11
    )
    run.expect(0, "deployed")
    events = rollout.events(rollout.hosts[0], run.release)
    assert (events["confirmed"] - events["starting"]).total_seconds() > 45
    assert rollout.pages() == [rollout.new] * 3
    assert run.output.count("bakes for 21 s; then") == 2
    assert renewals(run)
    for host in rollout.hosts:
        assert {"rolling_back", "rolled_back"}.isdisjoint(rollout.events(host, run.release))
        assert observed.current_release(host, "app") == run.release

    # A short rollout calls nobody in between.
    short = rollout.deploy(rollout.another(), stack_serial=2, stack_guard_timeout=900)
    short.expect(0, "deployed")
    assert not renewals(short)


@contextmanager
def paused(rollout: Rollout, behaviours: dict[str, str] | None = None, /, **variables: Any) -> Iterator[Attempt]:
    """Deploy the next version up to the first pause."""
    limits = {"stack_pause_timeout": LONG_S}
    with rollout.begin(rollout.new, behaviours, **{**limits, **variables}) as attempt:
        attempt.until("the rollout pauses", lambda: bool(PAUSED.search(attempt.said)))
        attempt.until("its host knows", lambda: observed.is_paused(rollout.hosts[0], "app"))
        yield attempt


def how_to_continue(attempt: Attempt) -> list[str]:
    """Return the options of scripts/continue.sh that the run named last."""
    told: list[str] = PAUSED.findall(attempt.said)
    return told[-1].split()


def test_a_rollout_pauses_after_its_canary_until_somebody_continues_it(rollout: Rollout) -> None:
    limits: dict[str, Any] = {"stack_guard_timeout": 45, "stack_start_timeout": 15, "stack_gate_timeout": 15}
    with paused(rollout, stack_pause_after="canary", **limits) as attempt:
        assert rollout.pages() == [rollout.new, rollout.old, rollout.old]
        unnamed = rollout.project.run("continue")
        unnamed.expect(10, "refused")
        assert " ".join(how_to_continue(attempt)) in unnamed.output
        wrong = rollout.project.run("continue", "--run", "20260101T000000Z-deploy-000000")
        wrong.expect(10, "refused")
        assert " ".join(how_to_continue(attempt)) in wrong.output
        refused = rollout.project.deploy(rollout.new)
        refused.expect(10, "refused")
        assert "paused since" in refused.output

        # Longer than any host would wait for a sign of life.
        acts_at = time.monotonic() + limits["stack_guard_timeout"]
        attempt.until("every guard would have acted", lambda: time.monotonic() > acts_at)
        assert rollout.pages() == [rollout.new, rollout.old, rollout.old]

        continued = rollout.project.run("continue", *how_to_continue(attempt))
        continued.expect(0, "continued")
        assert [continued.host(host.name)[0] for host in rollout.hosts] == ["continued"] + ["untouched"] * 2
        run = attempt.end()
    run.expect(0, "deployed")
    assert rollout.pages() == [rollout.new] * 3
    assert len(re.findall(r"host1 +health gate passed", run.output)) == 2
    assert len(set(PAUSED.findall(run.output))) == 1
    events = rollout.events(rollout.hosts[0], run.release)
    assert "rolling_back" not in events
    told = next(line for line in observed.journal(rollout.hosts[0], "app") if line["event"] == "continued")
    assert told["release"] == run.release
    assert f"continued {told['detail']}" in run.output

    over = rollout.project.run("continue", "--run", run.verdict["run"])
    over.expect(10, "refused")
    assert "nobody holds the lease" in over.output


def test_with_a_pause_after_each_batch_everybody_goes_back_that_nobody_continues(rollout: Rollout) -> None:
    variables: dict[str, Any] = {"stack_pause_after": "batch", "stack_pause_timeout": 12, "stack_bake_time": 1}
    with paused(rollout, **variables) as attempt:
        rollout.project.run("continue", *how_to_continue(attempt)).expect(0, "continued")
        run = attempt.end()
    run.expect(20, "rolled_back")
    assert rollout.states(run) == ["rolled_back"] * 2 + ["untouched"]
    assert rollout.pages() == [rollout.old] * 3
    assert run.output.count("stack_pause_timeout, 12 s") >= 1
    assert "bakes for 1 s" in run.output
    assert "stack_pause_timeout, 12 s" in run.verdict["hosts"]["host2"]["error"]


def test_a_canary_that_cannot_go_back_is_confirmed_when_nobody_continues(rollout: Rollout) -> None:
    variables: dict[str, Any] = {"stack_pause_after": "canary", "stack_pause_timeout": 3, "stack_reversible": False}
    run = rollout.deploy(rollout.new, stack_serial=[1, "100%"], **variables)
    run.expect(30, "rollback_failed")
    assert rollout.states(run) == ["deployed"] + ["untouched"] * 2
    assert "stack_pause_timeout, 3 s" in run.verdict["hosts"]["host1"]["error"]
    assert rollout.pages() == [rollout.new] + [rollout.old] * 2
    assert observed.current_release(rollout.hosts[0], "app") == run.release


def test_a_canary_that_ended_while_the_rollout_paused_is_seen_when_it_goes_on(rollout: Rollout) -> None:
    with paused(rollout, {"host1": "healthy-then-crash"}, stack_pause_after="canary") as attempt:
        attempt.until("the canary has crashed", lambda: observed.ask(rollout.hosts[0])[0] == 0)
        rollout.project.run("continue", *how_to_continue(attempt)).expect(0, "continued")
        run = attempt.end()
    run.expect(20, "rolled_back")
    assert rollout.states(run) == ["rolled_back"] + ["untouched"] * 2
    assert "out of cheese" in run.verdict["hosts"]["host1"]["error"]
    assert rollout.pages() == [rollout.old] * 3


def test_a_run_that_is_cancelled_while_it_pauses_goes_back(rollout: Rollout) -> None:
    with paused(rollout, stack_pause_after="canary") as attempt:
        how = how_to_continue(attempt)
        attempt.signal(signal.SIGTERM)
        run = attempt.end()
    run.expect(20, "rolled_back")
    assert rollout.pages() == [rollout.old] * 3
    rollout.project.run("continue", *how).expect(10, "refused")
    rollout.settles()
