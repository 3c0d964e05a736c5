# SPDX-License-Identifier: GPL-3.0-or-later
"""What hosts reported, as it lies in Ansible's variables."""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.compose.plugins.plugin_utils.fleet.steps import RENEW, collect

OK: dict[str, Any] = {"failed": False}


def test_a_renewal_counts_for_the_host_that_was_called_not_for_the_one_that_called() -> None:
    hostvars = {
        "host1": {"__stack_prepare": {**OK, "called_at": 10.0}},
        "host2": {"__stack_renew": {"results": [{**OK, "item": "host1", "called_at": 40.0}]}},
        "host3": {"__stack_renew": {"results": [{**OK, "item": "host1", "called_at": 30.0}]}},
    }
    steps = collect(hostvars, hostvars)
    assert steps["host1"].called_at == 40.0
    assert not steps["host2"].ran(RENEW)


def test_renewals_that_could_not_even_begin_are_the_failure_of_who_was_to_make_them() -> None:
    hostvars = {"host1": {"__stack_renew": {"failed": True, "msg": "no list of hosts"}}, "host2": {}}
    steps = collect(hostvars, hostvars)
    assert (steps["host1"].failed(RENEW), steps["host2"].ran(RENEW)) == (True, False)
    assert steps["host1"].rollout_failed


def test_a_renewal_that_failed_is_not_outweighed_by_a_later_one() -> None:
    lost = {"item": "host1", "unreachable": True, "msg": "no route"}
    well = {**OK, "item": "host1", "called_at": 40.0}
    for first, second in ((lost, well), (well, lost)):
        hostvars = {"host1": {"__stack_renew": {"results": [first]}}, "host2": {"__stack_renew": {"results": [second]}}}
        steps = collect(hostvars, hostvars)
        assert steps["host1"].unreachable(RENEW)
        assert steps["host1"].error(RENEW) == "no route"
        assert not steps["host2"].rollout_failed


def test_only_calls_that_renew_the_guard_count_as_heard() -> None:
    hostvars = {
        "host1": {
            "__stack_prepare": {**OK, "called_at": 10.0},
            "__stack_start": {"failed": True, "called_at": 20.0},
            "__stack_gate_again": {**OK, "called_at": 30.0},
        }
    }
    assert collect(hostvars, ["host1"])["host1"].called_at == 10.0


def test_a_loop_that_was_skipped_renewed_nobody() -> None:
    hostvars = {"host1": {"__stack_renew": {"skipped": True, "results": []}}, "host2": {}}
    assert not any(steps.ran(RENEW) for steps in collect(hostvars, hostvars).values())
