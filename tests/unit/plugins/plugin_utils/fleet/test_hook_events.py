"""When the controller's hooks are due, and what they are about."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.stack.hooks import (
    ON_FAILURE,
    POST_DEPLOY,
    POST_ROLLBACK,
    PRE_DEPLOY,
    PRE_ROLLBACK,
)
from ansible_collections.slipway.compose.plugins.plugin_utils.fleet.hook_events import (
    ENDED,
    GOING_BACK,
    GONE_BACK,
    PREPARED,
    STANDS,
    Subject,
    due,
    subject,
)
from ansible_collections.slipway.compose.plugins.plugin_utils.fleet.steps import HostSteps

OLD, NEW = "20260101T000000Z-1.0", "20260102T000000Z-1.1"
Results = dict[str, dict[str, Any]]

OK: dict[str, Any] = {"failed": False}
BAD: dict[str, Any] = {"failed": True, "msg": "it broke"}
PLAN: dict[str, Any] = {"failed": False, "plan": {"release": NEW, "reversible": True}}
READY: dict[str, Any] = {"failed": False, "release": NEW, "current": OLD, "unchanged": False}
SAME: dict[str, Any] = {"failed": False, "release": OLD, "current": OLD, "unchanged": True}
WAITING: Results = {"plan": PLAN, "prepare": READY}
FINE: Results = {**WAITING, "start": OK}
FAILED: Results = {**WAITING, "start": BAD}
UNCHANGED: Results = {"plan": PLAN, "prepare": SAME, "start": OK}
FOR_GOOD: Results = {**FAILED, "prepare": {**READY, "reversible": False}}


def fleet(*hosts: Results) -> dict[str, HostSteps]:
    return {f"host{number}": HostSteps(results) for number, results in enumerate(hosts, start=1)}


@pytest.mark.parametrize(
    ("event", "hosts", "happens"),
    [
        (PREPARED, (WAITING, WAITING), True),
        (PREPARED, (WAITING, UNCHANGED), True),
        (PREPARED, (UNCHANGED, UNCHANGED), False),
        (PREPARED, (WAITING, {"plan": PLAN, "prepare": BAD}), False),
        (PREPARED, ({"plan": BAD},), False),
        (STANDS, (FINE, FINE), True),
        (STANDS, (FINE, UNCHANGED), True),
        (STANDS, (UNCHANGED, UNCHANGED), False),
        (STANDS, (FINE, FAILED), False),
        (STANDS, (FINE, WAITING), False),
        (STANDS, (FINE, {**FINE, "outside": BAD}), False),
        (STANDS, (WAITING, WAITING), False),
        (GOING_BACK, (FINE, FINE), False),
        (GOING_BACK, (FINE, FAILED), True),
        (GOING_BACK, ({**FINE, "hooks_after": BAD},), True),
        (GOING_BACK, (WAITING, {"plan": PLAN, "prepare": BAD}), False),
        (GOING_BACK, (FOR_GOOD,), False),
        (GONE_BACK, ({**FAILED, "settle": OK}, {**FINE, "settle": OK}), True),
        (GONE_BACK, ({**WAITING, "settle": OK},), False),
        (GONE_BACK, ({**FOR_GOOD, "settle": BAD},), False),
        (GONE_BACK, ({**FINE, "confirm": OK},), False),
    ],
)
def test_the_event_happens(event: str, hosts: tuple[Results, ...], *, happens: bool) -> None:
    assert due(event, fleet(*hosts)) is happens


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (PREPARED, PRE_DEPLOY),
        (STANDS, POST_DEPLOY),
        (GOING_BACK, PRE_ROLLBACK),
        (GONE_BACK, POST_ROLLBACK),
        (ENDED, ON_FAILURE),
    ],
)
def test_a_deployment_is_about_its_release(event: str, kind: str) -> None:
    assert subject(event, fleet(FINE, FAILED)) == Subject(kind, release=NEW, previous=OLD)


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (PREPARED, Subject(PRE_ROLLBACK, release=NEW, previous=OLD)),
        (STANDS, Subject(POST_ROLLBACK, release=NEW, previous=OLD)),
        (GOING_BACK, Subject(PRE_ROLLBACK, release=OLD, previous=NEW)),
        (ENDED, Subject(ON_FAILURE, release=OLD, previous=NEW)),
    ],
)
def test_going_back_by_hand_is_about_the_release_that_is_left(event: str, expected: Subject) -> None:
    going_back = {"prepare": {"failed": False, "release": OLD, "current": NEW, "unchanged": False}}
    assert subject(event, fleet(going_back, going_back)) == expected


def test_what_hosts_do_not_have_in_common_is_not_told() -> None:
    other = {**FINE, "prepare": {**READY, "current": None}}
    assert subject(STANDS, fleet(FINE, other)).previous == OLD
    another = {**FINE, "prepare": {**READY, "current": "20251231T000000Z-0.9"}}
    assert subject(STANDS, fleet(FINE, another)).previous == ""
    assert subject(ENDED, fleet({"plan": BAD})) == Subject(ON_FAILURE, release="", previous="")


def test_a_hook_of_the_controller_does_not_judge_a_host_that_did_not_change() -> None:
    steps = HostSteps({**UNCHANGED, "hooks_after": BAD})
    assert not steps.rollout_failed
    assert HostSteps({**FINE, "hooks_after": BAD}).rollout_failed
    assert HostSteps({**WAITING, "hooks_before": BAD}).refused
