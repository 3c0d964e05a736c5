# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rollout does next: who goes on, who goes back, who waits, who has to hear of it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.slipway.compose.plugins.plugin_utils.fleet import course
from ansible_collections.slipway.compose.plugins.plugin_utils.fleet.steps import HostSteps

OK: dict[str, Any] = {"failed": False}
BAD: dict[str, Any] = {"failed": True, "msg": "it broke"}
GONE: dict[str, Any] = {"unreachable": True, "msg": "Task failed: no route"}
READY: dict[str, Any] = {"failed": False, "current": "20261122T210000Z-1.0", "unchanged": False}
SAME: dict[str, Any] = {"failed": False, "current": "20261122T220000Z-1.1", "unchanged": True}
PLANNED = {"source": OK, "resolve": OK, "plan": OK}

FINE = {**PLANNED, "prepare": READY, "start": OK}
FAILED, WAITING = {**FINE, "start": BAD}, {**PLANNED, "prepare": READY}
LOST, AWAY, UNTOUCHED = {**FINE, "start": GONE}, {"reach": GONE}, {**PLANNED, "prepare": SAME, "start": OK}
FOR_GOOD = {**FINE, "prepare": {**READY, "reversible": False}}

Results = dict[str, dict[str, Any]]


def fleet(*hosts: Results) -> dict[str, HostSteps]:
    """Return hosts that reported this, host1 first."""
    return {f"host{number}": HostSteps(results) for number, results in enumerate(hosts, start=1)}


@pytest.mark.parametrize(
    ("others", "on"),
    [
        (WAITING, True),
        (FINE, True),
        (AWAY, True),
        ({"reach": OK, "prepare": GONE}, True),
        (FAILED, False),
        (LOST, False),
        ({**FINE, "outside": BAD}, False),
        ({**FINE, "bake": BAD}, False),
        ({**FINE, "pause": GONE}, False),
        ({**FINE, "gate_again": BAD}, False),
        ({**WAITING, "renew": GONE}, False),
        ({**PLANNED, "prepare": BAD}, False),
        ({**PLANNED, "prepare": GONE}, False),
        (PLANNED, False),
    ],
)
def test_the_rollout_goes_on_only_while_all_is_well(others: Results, *, on: bool) -> None:
    assert course.goes_on(fleet(WAITING, others)) is on


def test_without_anybody_it_does_not_go_on() -> None:
    assert not course.goes_on(fleet(AWAY, AWAY))


@pytest.mark.parametrize(
    ("hosts", "scope", "acts"),
    [
        ([FINE, FINE, FINE, FINE], "fleet", ["confirmed"] * 4),
        ([FINE, FINE, FINE, FAILED], "fleet", ["rolled_back"] * 4),
        ([FINE, FINE, FINE, FAILED], "batch", ["confirmed", "confirmed", "rolled_back", "rolled_back"]),
        ([FINE, FAILED, WAITING, WAITING], "fleet", ["rolled_back"] * 4),
        ([FINE, FAILED, WAITING, WAITING], "batch", ["rolled_back"] * 4),
        ([FINE, FINE, FINE, {**PLANNED, "prepare": BAD}], "fleet", ["rolled_back"] * 3 + [""]),
        ([FINE, FINE, FINE, UNTOUCHED], "fleet", ["confirmed"] * 3 + [""]),
        ([{**FINE, "confirm": OK}, {**FINE, "confirm": BAD}, FINE, FINE], "fleet", ["rolled_back"] * 4),
        ([{**FINE, "confirm": OK}, {**FINE, "confirm": OK}, FINE, FINE], "fleet", ["", "", "confirmed", "confirmed"]),
        ([{**FINE, "settle": OK}, FAILED, FINE, FINE], "fleet", [""] + ["rolled_back"] * 3),
        ([FINE, FINE, LOST, WAITING], "fleet", ["rolled_back"] * 4),
        ([FINE, {**FINE, "bake": BAD}, WAITING, WAITING], "fleet", ["rolled_back"] * 4),
        ([FINE, {**FINE, "time": BAD}, WAITING, WAITING], "fleet", ["rolled_back"] * 4),
        # Where going back is blocked, what stands is confirmed although the run ends.
        ([{**FOR_GOOD, "time": BAD}, {**FOR_GOOD, "pause": GONE}], "fleet", ["confirmed"] * 2),
        ([{**FOR_GOOD, "gate_again": BAD}, {**FOR_GOOD, "renew": GONE}], "fleet", ["rolled_back"] * 2),
        ([FINE, FINE, {**FINE, "gate_again": BAD}, WAITING], "batch", ["confirmed"] * 2 + ["rolled_back"] * 2),
        ([{**WAITING, "start": {**OK, "confirmed": True}}], "fleet", [""]),
        # Who is left out takes no place: host2 and host3 are the first batch.
        ([AWAY, FINE, FINE, FAILED], "fleet", ["", "rolled_back", "rolled_back", "rolled_back"]),
        ([AWAY, FINE, FINE, FAILED], "batch", ["", "confirmed", "confirmed", "rolled_back"]),
        # Where going back is blocked, those that stand stay.
        ([FOR_GOOD, {**FOR_GOOD, "start": BAD}, WAITING], "fleet", ["confirmed", "rolled_back", "rolled_back"]),
        ([FOR_GOOD, {**FOR_GOOD, "confirm": BAD}], "fleet", ["confirmed", "rolled_back"]),
    ],
)
def test_what_each_host_does_when_the_fleet_is_settled(hosts: list[Results], scope: str, acts: list[str]) -> None:
    steps = fleet(*hosts)
    due = course.settlements(steps, 2, scope)
    assert [next((act for act, names in due.items() if name in names), "") for name in steps] == acts


@pytest.mark.parametrize(
    ("hosts", "wanted", "sizes"),
    [
        ([WAITING] * 4, [1, "100%"], [1, 3]),
        ([AWAY, WAITING, WAITING, WAITING], [1, "100%"], [2, 2]),
        ([WAITING, AWAY, WAITING, WAITING], [1, "100%"], [1, 3]),
        ([WAITING, WAITING, WAITING, AWAY], 1, [1, 1, 2]),
        ([AWAY, AWAY, WAITING, WAITING], "50%", [3, 1]),
        ([WAITING, AWAY, AWAY, WAITING], 1, [1, 3]),
        ([AWAY, AWAY], 1, [2]),
        ([WAITING], "100%", [1]),
    ],
    ids=str,
)
def test_only_hosts_that_are_there_take_a_place_in_a_batch(
    hosts: list[Results], wanted: int | str | list[int | str], sizes: list[int]
) -> None:
    assert course.serial(fleet(*hosts), wanted, 25) == sizes


@pytest.mark.parametrize(
    ("hosts", "wanted", "plan", "sizes"),
    [
        ([WAITING] * 7, "100%", {}, [3, 3, 1]),
        ([WAITING] * 7, [1, "100%"], {}, [1, 3, 3]),
        ([WAITING] * 3, "100%", {}, [3]),
        ([WAITING, AWAY, WAITING, WAITING, WAITING, AWAY], "100%", {}, [4, 2]),
        # Who bakes together changes together; after the last batch nobody waits.
        ([WAITING] * 9, [1, 4, "100%"], {"bake_time": 10}, [1, 4, 3, 1]),
        ([WAITING] * 9, [1, 4, "100%"], {"pause_after": "batch"}, [1, 4, 3, 1]),
        ([WAITING] * 9, [1, 4, "100%"], {"bake_time": 0, "pause_after": "nothing"}, [1, 3, 1, 3, 1]),
    ],
    ids=str,
)
def test_no_more_hosts_change_together_than_are_called_at_the_same_time(
    hosts: list[Results], wanted: int | str | list[int | str], plan: dict[str, Any], sizes: list[int]
) -> None:
    planned = [{**host, "plan": {**OK, "plan": plan}} for host in hosts]
    assert course.serial(fleet(*planned), wanted, 3) == sizes


@pytest.mark.parametrize(
    ("hosts", "batch", "answer"),
    [
        ([FINE, WAITING], ["host1"], True),
        ([FINE, FINE], ["host2"], False),
        ([FINE, AWAY], ["host1"], False),
        ([UNTOUCHED, WAITING], ["host1"], False),
        ([FINE, {**PLANNED, "prepare": SAME}], ["host1"], False),
        ([FAILED, WAITING], ["host1"], False),
        ([AWAY, FINE, WAITING], ["host1", "host2"], True),
        # A part of a batch: its others come at once, and then the next batch waits.
        ([FINE, FINE, WAITING, WAITING, WAITING], ["host2"], False),
        ([FINE, FINE, FINE, WAITING, WAITING], ["host3"], True),
    ],
)
def test_the_next_batch_waits_if_one_changed_and_others_are_to_change(
    hosts: list[Results], batch: list[str], *, answer: bool
) -> None:
    wanted: list[int | str] = [1, 2, "100%"] if len(hosts) > 3 else [1]
    assert course.waits(fleet(*hosts), batch, wanted) is answer


@pytest.mark.parametrize(
    ("hosts", "batch", "after", "pauses_on"),
    [
        ([FINE, WAITING, WAITING], ["host1"], "nothing", ""),
        ([FINE, WAITING, WAITING], ["host1"], "canary", "host1"),
        ([FINE, FINE, WAITING], ["host2"], "canary", ""),
        ([FINE, FINE, WAITING], ["host2"], "batch", "host2"),
        ([UNTOUCHED, FINE, WAITING], ["host2"], "canary", "host2"),
        ([UNTOUCHED, FINE, WAITING], ["host1", "host2"], "canary", "host2"),
        ([AWAY, FINE, FINE, WAITING], ["host1", "host2", "host3"], "canary", "host2"),
        ([UNTOUCHED, WAITING], ["host1"], "batch", ""),
        ([FINE, FINE], ["host2"], "batch", ""),
        ([FAILED, WAITING], ["host1"], "batch", ""),
    ],
)
def test_a_rollout_pauses_on_the_first_host_that_the_batch_changed(
    hosts: list[Results], batch: list[str], after: str, pauses_on: str
) -> None:
    steps = fleet(*hosts)
    assert course.pauses_on(steps, batch, after, sum(not steps[name].left_out for name in batch)) == pauses_on


@pytest.mark.parametrize(
    ("guard_timeout", "longest", "age"), [(900, 420, 300), (900, 800, 100), (450, 420, 30), (100, 420, 0)]
)
def test_hosts_hear_of_the_run_before_the_next_step_can_outlast_their_guard(
    guard_timeout: float, longest: float, age: float
) -> None:
    assert course.renewal_age(guard_timeout, longest) == age


def at(results: Results, **called: float) -> Results:
    """Return the same with the times of some calls."""
    return {
        step: {**result, "called_at": called[step]} if step in called else result for step, result in results.items()
    }


def test_who_holds_something_and_was_not_called_for_long_is_called_again() -> None:
    hosts = fleet(
        at(FINE, prepare=100.0, start=900.0),
        at(WAITING, prepare=100.0),
        at(FINE, prepare=100.0, start=200.0),
        {**at(FINE, prepare=100.0, start=200.0), "renew": {**OK, "called_at": 950.0}},
        at(UNTOUCHED, prepare=100.0),
        AWAY,
        {**at(FINE, prepare=100.0, start=200.0), "confirm": OK},
        {**at(FINE, prepare=100.0, start=200.0), "gate_again": {**OK, "called_at": 950.0}},
    )
    assert course.to_renew(hosts, ["host5"], now=1000.0, age_s=300.0) == ["host2", "host3", "host8"]
    # Who is about to be started hears of the run by that.
    assert course.to_renew(hosts, ["host2", "host3"], now=1000.0, age_s=300.0) == ["host3", "host8"]


def test_the_batch_shares_the_calls() -> None:
    assert course.shares(["a", "b", "c", "d", "e"], ["x", "y"]) == {"x": ["a", "c", "e"], "y": ["b", "d"]}
    assert course.shares(["a"], ["x", "y"]) == {"x": ["a"]}
