# SPDX-License-Identifier: GPL-3.0-or-later
"""What an engine leaves that crashed within a container's start, and the ways out that Slipway names."""

from __future__ import annotations

import re

from tests.support.attempt import Run
from tests.support.console import console
from tests.support.standing import Standing

#: What an engine says that has lost a container and not its port.
PORT_IS_HELD = "port is already allocated"
#: What Slipway says of a container that runs on and that the engine has lost.
ORPHAN = re.compile(r"As root on this host: (kill -9 \d+)")


def goes_on(standing: Standing, *options: str) -> None:
    """See that the next deployment works, if need be after what it says is to be done to an engine that kept a port."""
    standing.reset()
    standing.offer()
    run = standing.deploy(*options)
    if PORT_IS_HELD not in run.output:
        standing.went_on(run)
        return
    assert run.exit_code in {10, 30}, run
    restarted_engine(standing, run)
    standing.goes_on(*options)


def restarted_engine(standing: Standing, run: Run) -> None:
    """Restart the engine, as the run says."""
    assert "restart the engine" in run.output, run
    standing.hosts[0].stop_engine()
    standing.hosts[0].start_engine()


def remedied(standing: Standing, run: Run) -> bool:
    """Tell whether the engine left something that a way back cannot remove; if so, do what the run says then.

    Raises:
        AssertionError: the run does not say so, or calls it something else than a failed way back.
    """
    port_is_held, kills = PORT_IS_HELD in run.output, set(ORPHAN.findall(run.output))
    if not port_is_held and not kills:
        return False
    run.expect(30, "rollback_failed")
    for kill in kills:
        console(standing.hosts[0], kill)
    if port_is_held:
        restarted_engine(standing, run)
    return True
