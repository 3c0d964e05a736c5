# SPDX-License-Identifier: GPL-3.0-or-later
"""A host restarts at a moment that nobody chose, and nobody helps. `--restart-seeds N` tries N moments.

Every other seed is tried on a host with systemd, where a unit of the user begins the guard again; elsewhere cron does.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from tests.faults.table import Phase, fault
from tests.support.standing import PACE, PATIENT, Standing

if TYPE_CHECKING:
    import pytest

#: A deployment is over after about this long.
LONGEST_S = 9.0 * PACE
#: Multiples of it, without the whole numbers, are spread evenly, however many there are.
GOLDEN_RATIO = (5**0.5 - 1) / 2
#: How often the power is cut; otherwise the host is shut down.
POWER_CUTS = 2 / 3


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give the test its seeds."""
    if "restart_seed" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("--restart-seed")
        seeds = range(metafunc.config.getoption("--restart-seeds")) if chosen is None else [chosen]
        metafunc.parametrize("restart_seed", seeds)


@fault(
    "host-restarted-any-time",
    Phase.ANY,
    dies="controller and host (power cut, or a restart), at a moment chosen by chance",
    promised="The host comes back by itself, with one release whole: 30 s, one start and one gate after its engine is "
    "up, at the latest.",
)
def test_a_host_that_restarts_comes_back_by_itself(restart_seed: int, request: pytest.FixtureRequest) -> None:
    standing: Standing = request.getfixturevalue("under_systemd" if restart_seed % 2 else "solo")
    chance = random.Random(restart_seed)  # noqa: S311 - a test that can be repeated
    after_s, hard = LONGEST_S * ((restart_seed + 1) * GOLDEN_RATIO % 1), chance.random() < POWER_CUTS
    print(f"seed {restart_seed}: {'power cut' if hard else 'restart'} after {after_s:.2f} s")
    standing.offer()
    with standing.begin() as attempt:
        attempt.until_ended(after_s)
        attempt.kill()
        standing.hosts[0].restart(hard=hard)
    print(f"back after {standing.comes_back_after_a_boot():.1f} s")
    standing.goes_on(*PATIENT)
