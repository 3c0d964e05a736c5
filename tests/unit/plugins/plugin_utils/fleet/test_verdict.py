# SPDX-License-Identifier: GPL-3.0-or-later
"""Every way in which a run can end."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.core.findings import Finding
from ansible_collections.slipway.compose.plugins.plugin_utils.fleet.steps import HostSteps
from ansible_collections.slipway.compose.plugins.plugin_utils.fleet.verdict import judge

RELEASE, BEFORE = "20261122T220000Z-1.1", "20261122T210000Z-1.0"
OK: dict[str, Any] = {"failed": False}
BAD: dict[str, Any] = {"failed": True, "msg": "it broke"}
GONE: dict[str, Any] = {"unreachable": True, "msg": "Task failed: no route"}
SKIPPED: dict[str, Any] = {"skipped": True, "failed": False}
READY: dict[str, Any] = {"failed": False, "current": BEFORE, "unchanged": False}
SAME: dict[str, Any] = {"failed": False, "current": RELEASE, "unchanged": True}
GIVEN_BACK: dict[str, Any] = {"failed": False, "given_back": True}
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
        ({**PLANNED, "prepare": READY, "start": {**OK, "confirmed": True}}, "deployed", RELEASE, ""),
        ({**STARTED, "start": BAD, "settle": OK}, "rolled_back", BEFORE, "it broke"),
        # It was called, and never came to touch anything.
        ({**STARTED, "start": BAD, "settle": GIVEN_BACK}, "refused", BEFORE, "it broke"),
        ({**STARTED, "start": GONE, "settle": GIVEN_BACK}, "refused", BEFORE, "no route"),
        # Nothing was touched, and what ran ended all the same.
        ({**PLANNED, "prepare": {**BAD, "down": True}}, "rollback_failed", None, "it broke"),
        ({**STARTED, "start": BAD, "settle": {**OK, "gate": {"passed": True}}}, "rolled_back", BEFORE, "it broke"),
        ({**PLANNED, "prepare": READY, "settle": {**BAD, "down": True}}, "rollback_failed", None, "it broke"),
        ({**STARTED, "start": BAD, "settle": {**BAD, "down": True}}, "rollback_failed", None, "it broke"),
        ({**STARTED, "outside": BAD, "settle": OK}, "rolled_back", BEFORE, "it broke"),
        ({**STARTED, "bake": BAD, "settle": OK}, "rolled_back", BEFORE, "it broke"),
        ({**STARTED, "gate_again": BAD, "settle": OK}, "rolled_back", BEFORE, "it broke"),
        ({**STARTED, "outside_again": BAD, "settle": OK}, "rolled_back", BEFORE, "it broke"),
        ({**STARTED, "renew": GONE, "settle": OK}, "rolled_back", BEFORE, "no route"),
        ({**STARTED, "settle": OK}, "rolled_back", BEFORE, ""),
        ({**STARTED, "confirm": BAD, "settle": OK}, "rolled_back", BEFORE, "it broke"),
        ({**STARTED, "start": BAD, "settle": BAD}, "rollback_failed", None, "it broke\nit broke"),
        ({**STARTED, "start": GONE, "settle": GONE}, "unknown", None, "no route\nno route"),
        ({**STARTED, "start": BAD, "settle": GONE}, "unknown", None, "it broke\nno route"),
        ({**PLANNED, "prepare": READY, "renew": BAD, "settle": OK}, "refused", BEFORE, "it broke"),
        ({**PLANNED, "prepare": READY, "settle": GONE}, "untouched", BEFORE, "no route"),
        ({**PLANNED, "prepare": SAME, "start": OK, "gate_again": BAD}, "rollback_failed", RELEASE, "it broke"),
        ({**PLANNED, "prepare": SAME, "start": OK, "bake": BAD}, "unchanged", RELEASE, ""),
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
        # Nobody could go back, and the run ended early: the fleet is in two.
        (["deployed", "untouched"], "rollback_failed"),
        (["deployed", "refused"], "rollback_failed"),
        (["unchanged", "unchanged"], "unchanged"),
        (["refused", "untouched"], "refused"),
        (["untouched", "untouched"], "refused"),
        (["rolled_back", "untouched"], "rolled_back"),
        (["rolled_back", "deployed"], "rolled_back"),
        # Only a batch was to go back, and nothing had come to touch this host.
        (["deployed", "given_back"], "rolled_back"),
        (["given_back", "untouched"], "refused"),
        (["unknown", "rolled_back"], "unknown"),
        (["rollback_failed", "unknown"], "rollback_failed"),
        (["rollback_failed", "deployed"], "rollback_failed"),
        (["skipped", "deployed"], "deployed"),
        (["skipped", "unchanged"], "unchanged"),
        (["skipped", "refused"], "refused"),
        (["skipped", "untouched"], "refused"),
        (["skipped", "rolled_back"], "rolled_back"),
    ],
)
def test_the_gravest_host_decides(states: list[str], verdict: str) -> None:
    example: dict[str, dict[str, Any]] = {
        "deployed": {**STARTED, "confirm": OK},
        "unchanged": {**PLANNED, "prepare": SAME},
        "refused": {**PLANNED, "prepare": BAD},
        "untouched": {**PLANNED, "prepare": READY},
        "rolled_back": {**STARTED, "start": BAD, "settle": OK},
        "given_back": {**STARTED, "start": BAD, "settle": GIVEN_BACK},
        "unknown": STARTED,
        "rollback_failed": {**STARTED, "start": BAD, "settle": BAD},
        "skipped": {"reach": GONE},
    }
    found = judge({f"host{number}": HostSteps(example[state]) for number, state in enumerate(states)}, RELEASE)
    assert found.word == verdict
    assert [host.state for host in found.hosts.values()] == [
        "refused" if one == "given_back" else one for one in states
    ]
    assert found.message.count("\n") == 1


@pytest.mark.parametrize("settled", [GIVEN_BACK, {**OK, "gate": {"passed": True}}])
def test_where_one_host_has_to_stay_the_others_are_not_called_back(settled: dict[str, Any]) -> None:
    forever = {**STARTED, "prepare": {**READY, "reversible": False}}
    hosts = {"host1": {**forever, "confirm": OK}, "host2": {**forever, "start": BAD, "settle": settled}}
    assert judge({name: HostSteps(one) for name, one in hosts.items()}, RELEASE).word == "rollback_failed"


@pytest.mark.parametrize(("prepare", "verdict"), [(READY, "planned"), (SAME, "unchanged"), (BAD, "refused")])
def test_check_mode_says_what_would_be(prepare: dict[str, Any], verdict: str) -> None:
    found = judge({"host1": HostSteps({**PLANNED, "prepare": prepare})}, RELEASE, check_mode=True)
    assert found.word == verdict


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
    assert (found.word, found.hosts["host1"].error) == (verdict, error)


def test_without_hosts_a_run_is_refused() -> None:
    found = judge({}, None)
    assert (found.word, found.exit_code) == ("refused", 10)
    assert "stack_hosts" in found.message


def test_each_finding_of_a_refusal_is_said_once() -> None:
    port = Finding("port 80/tcp", "a free port", "taken", "Stop it.").as_dict()
    disk = Finding("disk", "1 MB", "0 MB", "Free it.").as_dict()
    found = steps(resolve={**BAD, "findings": [port]}, look={**BAD, "findings": [port, disk]}, prepare=SKIPPED)
    assert found.refusal.splitlines() == [Finding(**port).sentence(), Finding(**disk).sentence()]


def test_who_is_left_out_is_named_beside_the_meaning() -> None:
    found = judge({"host1": steps(**{**STARTED, "confirm": OK}), "host2": steps(reach=GONE)}, RELEASE)
    assert found.meaning.startswith("every host that could be reached runs the release")
    assert "LEFT OUT" in found.meaning
    assert "host2" in found.meaning
    assert found.hosts["host2"].error == "no route"
    assert "host2: LEFT OUT" in found.message


def test_a_host_that_is_lost_before_it_is_touched_is_left_out_too() -> None:
    found = judge({"host1": steps(reach=OK, prepare=GONE), "host2": steps(reach=OK, **STARTED, confirm=OK)}, RELEASE)
    assert (found.word, found.hosts["host1"].state) == ("deployed", "skipped")


def test_a_run_without_anybody_is_refused() -> None:
    found = judge({"host1": steps(reach=GONE), "host2": steps(reach=OK, prepare=GONE)}, RELEASE)
    assert found.word == "refused"
    assert [(host.state, host.error) for host in found.hosts.values()] == [("refused", "no route")] * 2


@pytest.mark.parametrize(
    ("results", "words"),
    [
        ({"start": GONE, "settle": GONE}, "its guard takes it back by itself, if the release was started there, 900 s"),
        ({"start": OK, "confirm": GONE, "settle": GONE}, "if it was confirmed in time it stays on the release; if not"),
        ({"start": GONE}, "900 s (stack_guard_timeout) after the run last reached it"),
        ({"start": BAD, "settle": BAD}, ""),
        ({"start": OK, "confirm": OK}, ""),
    ],
)
def test_what_becomes_of_a_host_that_nobody_reaches_is_said(results: dict[str, dict[str, Any]], words: str) -> None:
    guarded = {**PLANNED, "prepare": {**READY, "guard_timeout": 900}, **results}
    found = judge({"host1": HostSteps(guarded)}, RELEASE)
    assert words in found.hosts["host1"].outlook
    assert bool(words) is bool(found.hosts["host1"].outlook)
    assert found.hosts["host1"].outlook in found.message


@pytest.mark.parametrize(
    "told", [{"prepare": {**READY, "reversible": False}}, {"plan": {"plan": {"reversible": False}}, "prepare": READY}]
)
def test_a_host_without_a_guard_is_not_said_to_go_back(told: dict[str, dict[str, Any]]) -> None:
    found = judge({"host1": HostSteps({**told, "start": GONE, "settle": GONE})}, RELEASE)
    assert found.word == "unknown"
    assert "no guard" in found.hosts["host1"].outlook
