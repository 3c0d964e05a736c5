# SPDX-License-Identifier: GPL-3.0-or-later
"""A deployment is cancelled: the script ends within the time that a pipeline gives, and the hosts come back."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from tests.fleet import Host
from tests.support.attempt import Attempt, Run
from tests.support.standing import Standing
from tests.support.waiting import await_that

#: What a pipeline that cancels gives.
PIPELINE_S = 10.0
START_S, GATE_S = 15, 25
#: As short as the limits of a start and a gate allow.
GUARD_S = 45
COMES_BACK_S = 300.0
TOLD = "by itself, now"
#: A health check that never passes, and never gives up: the gate looks until its time is over.
NEVER = {"test": ["CMD-SHELL", "exit 1"], "interval": "1s", "retries": 1000}


@contextmanager
def at_the_gate(pair: Standing) -> Iterator[Attempt]:
    """Deploy a release that is never healthy, up to the gate."""
    pair.offer(web={"healthcheck": NEVER})
    pair.configure(stack_gate_timeout=GATE_S, stack_start_timeout=START_S, stack_guard_timeout=GUARD_S)
    with pair.begin() as attempt:
        for host in pair.hosts:
            at_gate = partial(pair.on(host).saw, "started", version=pair.offered)
            attempt.until(f"{host.name} at the gate", at_gate)
        yield attempt


def comes_back(pair: Standing, *hosts: Host) -> None:
    """See that the old release serves on all hosts, by the journal as well, with nothing left under way."""

    def back() -> bool:
        pair.stands(hosts=hosts or pair.hosts)
        for host in hosts or pair.hosts:
            pair.on(host).nothing_is_left_over()
        return True

    await_that("the hosts back", back, COMES_BACK_S)


def says_what_is_true(pair: Standing, run: Run) -> None:
    """See that the verdict's word for each host is what is there."""
    for host in pair.hosts:
        pair.on(host).agrees_with(run, pair.version, pair.offered)


def test_sigterm_at_the_gate_of_a_release_that_is_never_healthy(pair: Standing) -> None:
    with at_the_gate(pair) as attempt:
        attempt.signal(signal.SIGTERM)
        attempt.until("both hosts told", lambda: attempt.said.count(TOLD) == len(pair.hosts))
        run = attempt.end(COMES_BACK_S)
    run.expect(20, "rolled_back")
    assert run.verdict["cut_off_by"] == "SIGTERM"
    assert "verdict: rolled_back (interrupted) · " in run.output
    assert "'Start the release and pass its gate' on host1, host2" in run.verdict["message"]
    assert [run.host(host.name)[0] for host in pair.hosts] == ["rolled_back", "rolled_back"]
    comes_back(pair)
    says_what_is_true(pair, run)


def test_a_second_signal_ends_the_script_at_once(solo: Standing) -> None:
    with at_the_gate(solo) as attempt:
        attempt.signal(signal.SIGHUP)
        attempt.until("the hosts being told", lambda: "telling host1" in attempt.said, PIPELINE_S)
        time.sleep(0.8)
        attempt.signal(signal.SIGHUP)
        run = attempt.end(2.0)
    run.expect(40, "unknown")
    assert "asked again" in run.output
    comes_back(solo)


def test_when_ansible_itself_is_killed_the_hosts_are_told_all_the_same(solo: Standing) -> None:
    with at_the_gate(solo) as attempt:
        for entry in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                command = (entry / "cmdline").read_bytes()
                if os.fsencode(solo.project.root) in command and b"ansible-playbook" in command:
                    os.kill(int(entry.name), signal.SIGKILL)
        run = attempt.end(COMES_BACK_S)
    run.expect(20, "rolled_back")
    assert str(run.verdict["cut_off_by"]).startswith("the end of ansible-playbook")
    assert run.output.count(TOLD) == len(solo.hosts)
    comes_back(solo)


def test_killed_right_after_it_was_asked_to_end(solo: Standing) -> None:
    with at_the_gate(solo) as attempt:
        attempt.signal(signal.SIGINT)
        attempt.until_verdict(2.0)
        run = attempt.kill()
    assert run.word == "unknown", run
    for host in solo.hosts:
        assert "its guard takes it back by" in run.verdict["hosts"][host.name]["outlook"], run
    comes_back(solo)


def test_a_host_that_does_not_answer_keeps_no_other_waiting(pair: Standing) -> None:
    lost, other = pair.hosts
    with at_the_gate(pair) as attempt:
        lost.disconnect()
        try:
            attempt.signal(signal.SIGTERM)
            attempt.until("the other host told", lambda: TOLD in attempt.said)
            comes_back(pair, other)
            run = attempt.end(COMES_BACK_S)
        finally:
            lost.connect()
    run.expect(40, "unknown")
    assert run.host(other.name)[0] == "rolled_back"
    assert run.host(lost.name) == ("unknown", None)
    assert "its guard takes it back by" in run.verdict["hosts"][lost.name]["outlook"]
    comes_back(pair)


def test_the_whole_run_has_a_limit(solo: Standing) -> None:
    solo.offer(web={"healthcheck": NEVER})
    solo.configure(stack_gate_timeout=90, stack_guard_timeout=200, stack_run_timeout=30)
    with solo.begin() as attempt:
        run = attempt.end(COMES_BACK_S)
    run.expect(20, "rolled_back")
    assert run.verdict["cut_off_by"] == "its time limit of 30 s (stack_run_timeout)"
    assert "while it waited for 'Start the release and pass its gate' on host1" in run.verdict["message"]
    comes_back(solo)
    says_what_is_true(solo, run)


def test_without_the_scripts_the_limit_is_looked_at_between_batches(pair: Standing) -> None:
    version = pair.offer()
    pair.configure(
        stack_serial=1, stack_healthy_for=35, stack_gate_timeout=80, stack_guard_timeout=160, stack_run_timeout=30
    )
    exit_status, output = pair.project.run_playbook("deploy", "-e", f"stack_version={version}")
    assert exit_status != 0
    assert "longer than stack_run_timeout, 30 s. It was about to begin with host2" in output
    assert "rolled_back: " in output
    comes_back(pair)
