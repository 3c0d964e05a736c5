# SPDX-License-Identifier: GPL-3.0-or-later
"""Every way in which a run can end, and what each host has to do."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.errors import Finding
from ansible_collections.slipway.compose.plugins.module_utils.verdict import (
    EXIT_CODES,
    MEANING,
    HostSteps,
    goes_on,
    judge,
    settlement,
)

RELEASE, BEFORE = "20261122T220000Z-1.1", "20261122T210000Z-1.0"
OK: dict[str, Any] = {"failed": False}
BAD: dict[str, Any] = {"failed": True, "msg": "it broke"}
GONE: dict[str, Any] = {"unreachable": True, "msg": "Task failed: no route"}
SKIPPED: dict[str, Any] = {"skipped": True, "failed": False}
READY: dict[str, Any] = {"failed": False, "current": BEFORE, "unchanged": False}
SAME: dict[str, Any] = {"failed": False, "current": RELEASE, "unchanged": True}
PLANNED = {"source": OK, "resolve": OK, "plan": OK}
STARTED = {**PLANNED, "prepare": READY, "start": OK}


def steps(**results: dict[str, Any]) -> HostSteps:
    return HostSteps(results)


@pytest.mark.parametrize(
    ("results", "state", "release", "error"),
    [
        ({"source": BAD}, "refused", None, "it broke"),
        ({"source": OK, "resolve": BAD}, "refused", None, "it broke"),
        ({**PLANNED, "plan": BAD}, "refused", None, "it broke"),
        ({**PLANNED, "choose": BAD}, "refused", None, "it broke"),
        ({"source": OK, "resolve": OK, "look": BAD}, "refused", None, "it broke"),
        ({**PLANNED, "prepare": BAD}, "refused", None, "it broke"),
        ({**PLANNED, "prepare": GONE}, "refused", None, "no route"),
        ({"source": OK, "resolve": GONE, "look": GONE}, "refused", None, "no route"),
        ({"source": OK, "resolve": GONE, "look": OK}, "untouched", None, ""),
        (PLANNED, "planned", None, ""),
        ({**PLANNED, "prepare": READY}, "untouched", BEFORE, ""),
        ({**PLANNED, "prepare": READY, "start": SKIPPED}, "untouched", BEFORE, ""),
        ({**PLANNED, "prepare": SAME, "start": OK}, "unchanged", RELEASE, ""),
        ({**PLANNED, "prepare": SAME, "start": BAD}, "rollback_failed", RELEASE, "it broke"),
        ({**STARTED, "confirm": OK}, "deployed", RELEASE, ""),
        ({**STARTED, "outside": OK, "confirm": OK, "settle": SKIPPED}, "deployed", RELEASE, ""),
        (STARTED, "unknown", None, "the run ended before this host was settled"),
        ({**STARTED, "start": GONE}, "unknown", None, "no route"),
        ({**STARTED, "start": BAD, "back": OK}, "rolled_back", BEFORE, "it broke"),
        ({**STARTED, "outside": BAD, "back": OK}, "rolled_back", BEFORE, "it broke"),
        ({**STARTED, "settle": OK}, "rolled_back", BEFORE, ""),
        ({**STARTED, "confirm": BAD, "settle": OK}, "rolled_back", BEFORE, "it broke"),
        ({**STARTED, "start": BAD, "back": BAD, "settle": OK}, "rolled_back", BEFORE, "it broke"),
        ({**STARTED, "start": BAD, "back": BAD}, "rollback_failed", None, "it broke\nit broke"),
        ({**STARTED, "start": BAD, "back": BAD, "settle": BAD}, "rollback_failed", None, "it broke\nit broke"),
        ({**STARTED, "start": GONE, "back": GONE}, "unknown", None, "no route\nno route"),
        ({**STARTED, "start": BAD, "back": BAD, "settle": GONE}, "unknown", None, "it broke\nit broke\nno route"),
    ],
)
def test_how_a_run_ends_on_one_host(
    results: dict[str, dict[str, Any]], state: str, release: str | None, error: str
) -> None:
    verdict = judge({"host1": HostSteps(results)}, RELEASE)
    found = verdict.hosts["host1"]
    assert (found.state, found.release, found.error) == (state, release, error)


@pytest.mark.parametrize(
    ("states", "verdict"),
    [
        (["deployed", "deployed"], "deployed"),
        (["deployed", "unchanged"], "deployed"),
        (["unchanged", "unchanged"], "unchanged"),
        (["refused", "untouched"], "refused"),
        (["untouched", "untouched"], "refused"),
        (["rolled_back", "untouched"], "rolled_back"),
        (["rolled_back", "deployed"], "rolled_back"),
        (["unknown", "rolled_back"], "unknown"),
        (["rollback_failed", "unknown"], "rollback_failed"),
        (["rollback_failed", "deployed"], "rollback_failed"),
    ],
)
def test_the_gravest_host_decides(states: list[str], verdict: str) -> None:
    example: dict[str, dict[str, Any]] = {
        "deployed": {**STARTED, "confirm": OK},
        "unchanged": {**PLANNED, "prepare": SAME},
        "refused": {**PLANNED, "prepare": BAD},
        "untouched": {**PLANNED, "prepare": READY},
        "rolled_back": {**STARTED, "start": BAD, "back": OK},
        "unknown": STARTED,
        "rollback_failed": {**STARTED, "start": BAD, "back": BAD},
    }
    found = judge({f"host{number}": HostSteps(example[state]) for number, state in enumerate(states)}, RELEASE)
    assert found.verdict == verdict
    assert found.exit_code == EXIT_CODES[verdict]
    assert [host.state for host in found.hosts.values()] == states
    assert found.message.count("\n") == 1


@pytest.mark.parametrize(("prepare", "verdict"), [(READY, "planned"), (SAME, "unchanged"), (BAD, "refused")])
def test_check_mode_says_what_would_be(prepare: dict[str, Any], verdict: str) -> None:
    found = judge({"host1": HostSteps({**PLANNED, "prepare": prepare})}, RELEASE, check_mode=True)
    assert found.verdict == verdict


@pytest.mark.parametrize(
    ("info", "verdict", "error"),
    [
        ({"stands": True, "current": BEFORE}, "unchanged", ""),
        ({"stands": False, "current": BEFORE, "drift": ["web is exited"]}, "rollback_failed", "web is exited"),
        (
            {"stands": False, "current": BEFORE, "unfinished": RELEASE},
            "rollback_failed",
            f"release {RELEASE} was begun and never settled",
        ),
        (GONE, "unknown", "no route"),
    ],
)
def test_status_has_a_verdict_too(info: dict[str, Any], verdict: str, error: str) -> None:
    found = judge({"host1": steps(verify=info)}, None)
    assert (found.verdict, found.hosts["host1"].error) == (verdict, error)


def test_without_hosts_a_run_is_refused() -> None:
    found = judge({}, None)
    assert (found.verdict, found.exit_code) == ("refused", 10)
    assert "stack_hosts" in found.message


def test_each_finding_of_a_refusal_is_said_once() -> None:
    port = Finding("port 80/tcp", "a free port", "taken", "Stop it.").as_dict()
    disk = Finding("disk", "1 MB", "0 MB", "Free it.").as_dict()
    found = steps(resolve={**BAD, "findings": [port]}, look={**BAD, "findings": [port, disk]}, prepare=SKIPPED)
    assert found.refusal.splitlines() == [Finding(**port).sentence(), Finding(**disk).sentence()]


def test_every_verdict_has_a_code_and_a_meaning() -> None:
    assert set(MEANING) == set(EXIT_CODES)
    assert sorted(set(EXIT_CODES.values())) == [0, 10, 20, 30, 40]


@pytest.mark.parametrize(
    ("others", "on"),
    [
        ({**PLANNED, "prepare": READY}, True),
        ({**STARTED}, True),
        ({**STARTED, "start": BAD, "back": OK}, False),
        ({**STARTED, "outside": BAD, "back": OK}, False),
        ({**PLANNED, "prepare": BAD}, False),
        ({**PLANNED, "prepare": GONE}, False),
        (PLANNED, False),
    ],
)
def test_the_rollout_goes_on_only_while_all_is_well(others: dict[str, dict[str, Any]], *, on: bool) -> None:
    assert goes_on({"host1": HostSteps({**PLANNED, "prepare": READY}), "host2": HostSteps(others)}) is on


FINE, FAILED, WAITING = STARTED, {**STARTED, "start": BAD, "back": OK}, {**PLANNED, "prepare": READY}
STUCK = {**STARTED, "start": BAD, "back": BAD}


@pytest.mark.parametrize(
    ("hosts", "scope", "acts"),
    [
        ([FINE, FINE, FINE, FINE], "fleet", ["confirmed"] * 4),
        ([FINE, FINE, FINE, FAILED], "fleet", ["rolled_back"] * 3 + [""]),
        ([FINE, FINE, FINE, FAILED], "batch", ["confirmed", "confirmed", "rolled_back", ""]),
        ([FINE, FAILED, WAITING, WAITING], "fleet", ["rolled_back", "", "rolled_back", "rolled_back"]),
        ([FINE, FAILED, WAITING, WAITING], "batch", ["rolled_back", "", "rolled_back", "rolled_back"]),
        ([FINE, FINE, STUCK, FINE], "fleet", ["rolled_back"] * 4),
        ([FINE, FINE, FINE, {**PLANNED, "prepare": BAD}], "fleet", ["rolled_back"] * 3 + [""]),
        ([FINE, FINE, FINE, {**PLANNED, "prepare": SAME, "start": OK}], "fleet", ["confirmed"] * 3 + [""]),
        ([{**FINE, "confirm": OK}, {**FINE, "confirm": BAD}, FINE, FINE], "fleet", ["rolled_back"] * 4),
        ([{**FINE, "confirm": OK}, {**FINE, "confirm": OK}, FINE, FINE], "fleet", ["", "", "confirmed", "confirmed"]),
        ([{**FINE, "settle": OK}, FAILED, FINE, FINE], "fleet", ["", "", "rolled_back", "rolled_back"]),
    ],
)
def test_what_each_host_does_when_the_fleet_is_settled(
    hosts: list[dict[str, dict[str, Any]]], scope: str, acts: list[str]
) -> None:
    fleet = {f"host{number}": HostSteps(results) for number, results in enumerate(hosts, start=1)}
    batches = [["host1", "host2"], ["host3", "host4"]]
    assert [settlement(name, fleet, batches, scope) for name in fleet] == acts
