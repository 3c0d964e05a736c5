# SPDX-License-Identifier: GPL-3.0-or-later
"""The way back itself fails."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.table import Phase, fault
from tests.support.console import console
from tests.support.standing import Standing

#: Something outside the stack that its releases need.
FLAG = "/srv/flag"


@pytest.fixture
def flag(solo: Standing) -> Iterator[str]:
    """A file of the host that the check of every release wants to see; afterwards it is there in any case."""
    console(solo.hosts[0], f"touch {FLAG}")
    yield FLAG
    console(solo.hosts[0], f"touch {FLAG}")


@fault(
    "way-back-fails-its-gate",
    Phase.BACK,
    dies="something outside the stack, so that neither the new release nor the old one is well",
    promised="Verdict rollback_failed (30) names the host and the command to run there. The next "
    "deployment goes forward from there, although the old release still cannot stand.",
)
def test_a_way_back_that_does_not_stand_is_told(solo: Standing, flag: str) -> None:
    health = {"test": ["CMD", "test", "-e", "/outside/flag"], "interval": "1s", "retries": 2}
    outside: dict[str, object] = {
        "healthcheck": health,
        "volumes": ["./probe.conf:/etc/probe.conf:ro", "/srv:/outside:ro"],
    }
    host = solo.hosts[0]
    solo.offer(web=outside)
    solo.deploy().expect(0, "deployed")
    solo.version = solo.offered
    solo.offer(web=outside)
    with solo.begin() as attempt:
        attempt.until("the start", lambda: solo.on(host).saw("starting", version=solo.offered))
        console(host, f"rm {flag}")
        run = attempt.end()
    run.expect(30, "rollback_failed")
    assert run.host(host.name)[0] == "rollback_failed", run
    assert f"{solo.folder}/releases/" in run.output, f"no command to run in:\n{run}"
    # The old release still cannot stand: the next one must not wait for it.
    solo.goes_on()
