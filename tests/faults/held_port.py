# SPDX-License-Identifier: GPL-3.0-or-later
"""What an engine leaves that crashed within a container's start, and the way out that Slipway names."""

from __future__ import annotations

from tests.faults.standing import Standing
from tests.integration.attempt import Run

#: What an engine says that has lost a container and not its port.
PORT_IS_HELD = "port is already allocated"


def freed(standing: Standing, run: Run) -> bool:
    """Tell whether the engine held a port when the run wanted to go back; if so, do what the run says then.

    Raises:
        AssertionError: the run does not say so, or calls it something else than a failed way back.
    """
    if PORT_IS_HELD not in run.output:
        return False
    run.expect(30, "rollback_failed")
    assert "restart the engine" in run.output, run
    standing.hosts[0].stop_engine()
    standing.hosts[0].start_engine()
    return True
