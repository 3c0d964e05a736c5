# SPDX-License-Identifier: GPL-3.0-or-later
"""The network between the controller and a host is gone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.faults import moments
from tests.faults.moments import reached
from tests.faults.table import Fault, Phase, proves
from tests.fleet import Host
from tests.fleet.command import docker
from tests.support.standing import PATIENT, Standing

DIES = "the network of the host"
PROMISED = "Verdict unknown (40) names the host. Its guard takes the release back without the network."


@contextmanager
def cut_off(host: Host) -> Iterator[None]:
    """Cut a host's cable, and plug it in again when the block ends."""
    host.disconnect()
    try:
        yield
    finally:
        host.connect()


@contextmanager
def powered_off(host: Host) -> Iterator[None]:
    """Cut a host's power, and start it when the block ends."""
    host.forget_connections()
    docker("kill", host.container)
    try:
        yield
    finally:
        docker("start", host.container)
        host.await_ready()


@proves(
    Fault("link-cut-in-start", Phase.START, DIES, PROMISED),
    Fault("link-cut-at-the-gate", Phase.GATE, DIES, PROMISED),
)
def test_a_host_comes_back_without_the_network(solo: Standing) -> None:
    host = solo.hosts[0]
    for moment in (moments.recreating, moments.gating):
        print(f"cut at {moment.__name__}")
        solo.offer()
        with reached(solo, moment, *PATIENT) as attempt:
            with cut_off(host):
                run = attempt.end()
                run.expect(40, "unknown")
                assert run.host(host.name)[0] == "unknown"
                solo.comes_back_alone(host)
            solo.settles()
    solo.goes_on(*PATIENT)


@proves(
    Fault(
        "host-never-returns",
        Phase.GATE,
        dies="a host of several, for good",
        promised="It counts as failed: the others go back. "
        "Verdict unknown (40) names the host that nobody knows about.",
    ),
    Fault(
        "later-host-unreachable",
        Phase.START,
        dies="the network of a host of a later batch, after the canary has passed",
        promised="The canary goes back as well. Verdict unknown (40) names the host that could not be reached.",
    ),
)
def test_a_host_that_is_gone_takes_the_others_back(pair: Standing) -> None:
    stays, gone = pair.hosts
    pair.offer()
    pair.configure(stack_healthy_for=moments.LONG_WATCH_S)
    with pair.begin() as attempt:
        attempt.until("the gate", lambda: pair.on(gone).saw("started", version=pair.offered))
        with powered_off(gone):
            run = attempt.end()
            run.expect(40, "unknown")
            assert run.host(stays.name)[0] == "rolled_back", run
            assert run.host(gone.name)[0] == "unknown", run
            pair.stands(hosts=[stays])
    # The host came up with a release that nobody confirmed: this run takes it back first.
    canary, later = pair.hosts
    pair.offer()
    pair.configure(stack_serial=1)
    with pair.begin(*PATIENT) as attempt:
        attempt.until("the canary's gate", lambda: pair.on(canary).saw("started", version=pair.offered))
        with cut_off(later):
            run = attempt.end()
    run.expect(40, "unknown")
    assert run.host(canary.name)[0] == "rolled_back", run
    assert run.host(later.name)[0] == "unknown", run
    pair.stands()
    pair.goes_on(*PATIENT)
