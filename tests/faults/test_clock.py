# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller and host do not agree what time it is."""

from __future__ import annotations

from pathlib import Path

from tests.faults import moments
from tests.faults.standing import Standing
from tests.faults.table import Fault, Phase, faults

LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
BEHIND = "the host's clock, which is an hour behind the controller's"
AHEAD = "the host's clock, which is an hour ahead of the controller's"


def clock(offset: str) -> dict[str, str]:
    """Return the environment in which programs see the wall clock moved, and nothing else."""
    assert LIBRARY is not None, "libfaketime is missing: run scripts/setup.sh --with test"
    return {
        "LD_PRELOAD": str(LIBRARY),
        "FAKETIME": offset,
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "PYTHONPATH": str(Path(__file__).parent / "wrong_clock"),
    }


@faults(
    "offset",
    [
        (
            Fault(
                "host-clock-an-hour-behind",
                Phase.ANY,
                BEHIND,
                "Deployments work, and scripts/rollback.sh leads to the release that was confirmed before.",
            ),
            "+1h",
        ),
        (Fault("host-clock-an-hour-ahead", Phase.ANY, AHEAD, "As above."), "-1h"),
    ],
)
def test_a_clock_that_is_off_changes_no_order(solo: Standing, offset: str) -> None:
    solo.reset()
    solo.offer()
    with solo.begin(environment=clock(offset)) as attempt:
        off = attempt.end()
    off.expect(0, "deployed")
    solo.version = before = solo.offered
    solo.stands()
    solo.goes_on()
    back = solo.project.rollback()
    back.expect(0, "deployed")
    assert back.release == off.release, back
    solo.version = before
    solo.stands()
    solo.goes_on()


@faults(
    "offset",
    [
        (
            Fault("guard-with-host-clock-behind", Phase.GATE, f"the controller, and {BEHIND}", "The guard is on time."),
            "+1h",
        ),
        (
            Fault("guard-with-host-clock-ahead", Phase.GATE, f"the controller, and {AHEAD}", "The guard is on time."),
            "-1h",
        ),
    ],
)
def test_a_clock_that_is_off_does_not_move_the_guard(solo: Standing, offset: str) -> None:
    solo.offer()
    with moments.gating(solo) as held, solo.begin(environment=clock(offset)) as attempt:
        held.reach(attempt)
        attempt.kill()
    solo.settles()
    solo.goes_on()
