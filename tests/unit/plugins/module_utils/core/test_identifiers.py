# SPDX-License-Identifier: GPL-3.0-or-later
"""IDs of runs: their order is a protocol."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ansible_collections.slipway.compose.plugins.module_utils.core.identifiers import RUN_ID, new_run_id, run_began

NOW = datetime(2026, 11, 22, 21, 45, tzinfo=UTC)


def test_a_run_is_named_by_time_and_verb() -> None:
    first, second = new_run_id("deploy", NOW), new_run_id("deploy", NOW)
    assert first.startswith("20261122T214500Z-deploy-")
    assert len(first.rsplit("-", 1)[1]) == 6
    assert first != second
    assert RUN_ID.match(first)


def test_the_run_that_began_earlier_sorts_first() -> None:
    assert new_run_id("rollback", NOW) < new_run_id("deploy", NOW + timedelta(seconds=1))


def test_the_id_tells_when_the_run_began() -> None:
    assert run_began(new_run_id("deploy", NOW)) == NOW
    assert run_began("nightly-7") is None
