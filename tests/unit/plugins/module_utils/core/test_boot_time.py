# SPDX-License-Identifier: GPL-3.0-or-later
"""How long ago a moment was, whatever the wall clock says."""

from __future__ import annotations

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.core.boot_time import BootTime

NOON = 1_795_000_000.0
DAY = 86_400.0
BEFORE = BootTime("boot-1", 5000.0, NOON)


@pytest.mark.parametrize("clock", [NOON, NOON - DAY, 0.0, NOON + DAY])
def test_within_a_boot_the_wall_clock_says_nothing(clock: float) -> None:
    assert BootTime("boot-1", 5060.0, clock).seconds_since(BEFORE) == 60.0


@pytest.mark.parametrize(
    ("clock", "expected"), [(NOON + 7200, 7200.0), (NOON + 600, 3600.0), (NOON - DAY, 3600.0), (0.0, 3600.0)]
)
def test_after_a_boot_it_was_no_later_than_the_boot(clock: float, expected: float) -> None:
    assert BootTime("boot-2", 3600.0, clock).seconds_since(BEFORE) == expected
