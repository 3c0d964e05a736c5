# SPDX-License-Identifier: GPL-3.0-or-later
"""Several hosts, one after the other, and one of them fails."""

from __future__ import annotations

import pytest

from tests.faults.table import Fault, Phase, proves
from tests.fleet import Fleet, Kind
from tests.support.probe_stack import OFTEN
from tests.support.standing import SETTINGS, Standing


@pytest.fixture(scope="module")
def _four(fleet: Fleet, emptied: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Standing:
    larger = Fleet.up([Kind.TRIXIE] * 4, fleet.layout.name)
    for host in larger.hosts[len(emptied.hosts) :]:
        host.wipe()
    return Standing(larger, larger.hosts, tmp_path_factory.mktemp("four") / "p", "four", 8082)


@pytest.fixture
def four(_four: Standing) -> Standing:
    """A stack that stands on four hosts."""
    _four.ready()
    return _four


@proves(
    Fault(
        "canary-fails",
        Phase.GATE,
        "the release does not pass on the first batch, the canary",
        "Verdict rolled_back (20). The canary goes back, and no other host was touched.",
    ),
    Fault(
        "third-of-four-batches-fails",
        Phase.GATE,
        "the release does not pass on a host of the third batch",
        "Verdict rolled_back (20). Every touched host of every batch goes back; the fourth was never touched.",
    ),
)
def test_a_batch_that_fails_takes_back_every_touched_host(four: Standing) -> None:
    # After the first one, the next deployment works on the first two hosts.
    for failing in (1, 3):
        print(f"host{failing} fails")
        chosen = f"{{{{ 'never-healthy' if inventory_hostname == 'host{failing}' else 'healthy' }}}}"
        behaves = {"PROBE_GREETING": "${GREETING}", "PROBE_BEHAVIOUR": "${BEHAVIOUR}"}
        four.offer(web={"environment": behaves, "healthcheck": OFTEN})
        four.configure(stack_serial=1, stack_env={**SETTINGS, "BEHAVIOUR": chosen})
        run = four.deploy()
        run.expect(20, "rolled_back")
        states = [run.host(host.name)[0] for host in four.hosts]
        assert states == ["rolled_back"] * failing + ["untouched"] * (len(four.hosts) - failing), run
        for host in four.hosts[failing:]:
            assert not four.on(host).saw("starting", version=four.offered)
        four.stands()
    four.goes_on()
