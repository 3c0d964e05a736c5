# SPDX-License-Identifier: GPL-3.0-or-later
"""A run dies with all that it was: people settle what it left at once, and take its lease away."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest

from tests.fleet import Host
from tests.support.attempt import Attempt
from tests.support.standing import Standing

#: Longer than any of these tests: nothing here comes back by itself.
LONG_S = 600
ENDS_S = 300.0
#: What runs in a container that the engine has lost.
LOST = "sleep 12321"
#: A health check that never passes, and never gives up: the gate looks until its time is over.
NEVER = {"test": ["CMD-SHELL", "exit 1"], "interval": "1s", "retries": 1000}


@pytest.fixture
def solo(solo: Standing) -> Standing:
    """A stack that stands on one host, with a guard that takes its time."""
    return with_patient_guards(solo)


@pytest.fixture
def pair(pair: Standing) -> Standing:
    """A stack that stands on two hosts, with guards that take their time."""
    return with_patient_guards(pair)


def with_patient_guards(standing: Standing) -> Standing:
    standing.configure(stack_gate_timeout=240, stack_start_timeout=60, stack_guard_timeout=LONG_S)
    return standing


@contextmanager
def at_the_gate(pair: Standing) -> Iterator[Attempt]:
    """Deploy a release that is never healthy, up to the gate on both hosts."""
    pair.offer(web={"healthcheck": NEVER})
    with pair.begin() as attempt:
        for host in pair.hosts:
            seen = partial(pair.on(host).saw, "started", version=pair.offered)
            attempt.until(f"{host.name} at the gate", seen)
        yield attempt


def dies_at_the_gate(pair: Standing) -> str:
    """Kill a deployment at the gate, and return its run."""
    with at_the_gate(pair) as attempt:
        folder = attempt.kill().folder
    assert folder
    return folder.name


def is_leased(pair: Standing, host: Host) -> bool:
    return host.ssh(f"test -s {pair.folder}/lease.json && echo yes || :", user="root").strip() == "yes"


def test_recover_settles_at_once_what_a_dead_run_left(pair: Standing) -> None:
    dead = dies_at_the_gate(pair)
    status = pair.project.status()
    status.expect(30, "rollback_failed")
    assert f"run {dead}" in status.output

    held = pair.project.run("recover")
    held.expect(10, "refused")
    assert f"--run {dead}" in held.output

    unconfirmed = str(pair.on(pair.hosts[0]).journal()[-1]["release"])
    recovered = pair.project.run("recover", "--run", dead)
    recovered.expect(0, "unchanged")
    pair.stands()
    for host in pair.hosts:
        pair.on(host).nothing_is_left_over()
    again = pair.project.run("recover")
    again.expect(0, "unchanged")
    assert "nothing to settle" in again.output
    status = pair.project.status()
    status.expect(0, "unchanged")
    assert f"never confirmed: {unconfirmed} (rolled_back)" in status.output


def test_unlock_ends_the_lease_of_the_run_that_was_named_and_of_no_other(solo: Standing) -> None:
    dead = dies_at_the_gate(solo)
    unnamed = solo.project.run("unlock")
    unnamed.expect(10, "refused")
    assert f"--run {dead}" in unnamed.output
    wrong = solo.project.run("unlock", "--run", "20260101T000000Z-deploy-000000")
    wrong.expect(10, "refused")
    assert f"--run {dead}" in wrong.output
    assert all(is_leased(solo, host) for host in solo.hosts)

    named = solo.project.run("unlock", "--run", dead)
    named.expect(30, "rollback_failed")
    assert "the guard takes release" in named.output
    assert not any(is_leased(solo, host) for host in solo.hosts)
    free = solo.project.run("unlock")
    assert "nobody holds the lease" in free.output
    solo.project.run("recover").expect(0, "unchanged")
    solo.stands()


@contextmanager
def lost_container(host: Host, within: str) -> Iterator[str]:
    """Let a process run as if the engine had lost its container in a crash; return its number.

    Args:
        host: where.
        within: a container in whose network the process is.
    """
    pid = host.docker("inspect", "--format", "{{.State.Pid}}", within)
    # The shim is a shell of another name, and its child is what ran in the container.
    shim = "/run/containerd-shim-runc-v2"
    words = f"-namespace moby -id {'b' * 64} -address /run/containerd/containerd.sock"
    began = f"nsenter --net --target {pid} {shim} -c '{LOST} & wait' sh {words}"
    there = f"timeout 30 sh -c 'until pgrep -f \"^{LOST}$\"; do sleep 0.1; done'"
    host.ssh(f"cp /bin/sh {shim}; setsid {began} </dev/null >/dev/null 2>&1 & {there}", user="root")
    try:
        yield host.ssh(f"pgrep -f '^{LOST}$'").strip()
    finally:
        host.ssh(f"pkill -9 -f '^{LOST}$'; rm {shim}", user="root")


def test_recover_ends_what_the_engine_has_lost_of_the_stack_and_of_no_other(solo: Standing) -> None:
    host = solo.hosts[0]
    other = host.docker("run", "--detach", "--name", "other", "--entrypoint", "/bin/probe", image_of(solo))
    try:
        with lost_container(host, other) as stranger:
            recovered = solo.project.run("recover")
            recovered.expect(0, "unchanged")
            assert f"kill -9 {stranger}" in recovered.output
            assert runs(host, stranger)
    finally:
        host.docker("rm", "--force", other)
    with lost_container(host, f"{solo.stack}-web-1") as lost:
        solo.offer()
        refused = solo.deploy()
        refused.expect(10, "refused")
        assert f"process {lost} (sleep)" in refused.output
        assert "scripts/recover.sh proof ends it" in refused.output
        assert runs(host, lost)
        recovered = solo.project.run("recover")
        recovered.expect(0, "unchanged")
        assert f"ended process {lost} (sleep)" in recovered.output
        assert not runs(host, lost)
        solo.stands()


def test_a_way_back_ends_what_the_engine_has_lost_of_the_failed_release(solo: Standing) -> None:
    host = solo.hosts[0]
    dead = dies_at_the_gate(solo)
    with lost_container(host, f"{solo.stack}-web-1") as lost:
        recovered = solo.project.run("recover", "--run", dead)
        recovered.expect(0, "unchanged")
        assert f"ended process {lost} (sleep)" in recovered.output
        assert not runs(host, lost)
    assert "ending_orphan" in [line["event"] for line in solo.on(host).journal()]
    solo.stands()


def image_of(pair: Standing) -> str:
    return pair.hosts[0].docker("inspect", "--format", "{{.Image}}", f"{pair.stack}-web-1")


def runs(host: Host, pid: str) -> bool:
    """Tell whether a process runs on the host."""
    return host.ssh(f"test -d /proc/{pid} && echo yes || :").strip() == "yes"


def test_a_run_waits_for_another_as_long_as_it_was_told_to(solo: Standing) -> None:
    with at_the_gate(solo) as first:
        solo.offer()
        refused = solo.deploy()
        refused.expect(10, "refused")
        assert "--lease-wait SECONDS" in refused.output
        with solo.begin("--lease-wait", "240") as second:
            second.until("the second run waiting", lambda: any("Wait for" in task for task in second.tasks))
            first.signal(signal.SIGINT)
            first.end(ENDS_S).expect(20, "rolled_back")
            run = second.end(ENDS_S)
    solo.went_on(run)
