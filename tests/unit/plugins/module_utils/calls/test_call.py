# SPDX-License-Identifier: GPL-3.0-or-later
"""What a call says of the run whose lease it took over."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.slipway.compose.plugins.module_utils.calls.call import takeover
from ansible_collections.slipway.compose.plugins.module_utils.coordination import lease
from ansible_collections.slipway.compose.plugins.module_utils.coordination.lease import Lease
from ansible_collections.slipway.compose.plugins.module_utils.core.boot_time import BootTime
from ansible_collections.slipway.compose.plugins.module_utils.core.host_clock import boot_time

NOW = boot_time()
OTHER = Lease("20261122T214455Z-deploy-9a0b", "ada@desk", "", "2026-11-22T21:44:57Z", lease.PREPARING, 900.0, NOW)


def test_nothing_is_said_where_nobody_had_it() -> None:
    assert takeover(None) == []


def test_a_run_that_began_in_the_same_moment_stands_back() -> None:
    (said,) = takeover(OTHER)
    assert said == f"run {OTHER.run} of ada@desk began in the same moment, had started nothing, and stands back"


def test_a_run_that_is_gone_had_let_it_end() -> None:
    long_ago = BootTime(NOW.boot, NOW.ticks - 901, NOW.epoch - 901)
    assert takeover(replace(OTHER, renewed=long_ago, owner="")) == [
        f"the lease of run {OTHER.run} of somebody had ended"
    ]
