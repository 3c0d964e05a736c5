# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits within which not even a good release could be seen to stand are found before anything starts."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.engine.compose_model import Service
from ansible_collections.slipway.compose.plugins.module_utils.engine.model.health_checks import HealthCheck
from ansible_collections.slipway.compose.plugins.module_utils.gate.time_limits import time_findings
from ansible_collections.slipway.compose.plugins.module_utils.stack.gate_settings import GateSettings

OLD, NEW = (1, 41), (1, 44)
NOTHING = HealthCheck()


def service(name: str, interval_s: float | None = None, **more: Any) -> Service:
    check = NOTHING if interval_s is None else HealthCheck(("CMD", "true"), interval_s, **more.pop("check", {}))
    return Service(**{"image": "x", "replicas": 1, "one_shot": False, "ports": (), "inputs": (), **more}, name=name,
                   health_check=check)  # fmt: skip


def things(*services: Service, api: tuple[int, int] = OLD, **images: HealthCheck) -> list[str]:
    settings = GateSettings(timeout_s=45, start_timeout_s=60)
    return [one.thing for one in time_findings(services, images, settings, api)]


@pytest.mark.parametrize(
    ("one", "found"),
    [
        (service("web", 90), True),
        (service("web", 45), True),
        # Three probes that fail would take longer than the gate has; one that passes does not.
        (service("web", 44), False),
        (service("web", 0), False),
        (service("web"), False),
        (service("web", 90, replicas=0), False),
        (service("web", 90, one_shot=True), False),
        (service("web", 90, may_end=True), True),
        (service("web", 90, check={"start_period_s": 10}), True),
    ],
)
def test_the_first_probe_has_to_come_while_the_gate_looks(one: Service, *, found: bool) -> None:
    assert things(one) == ["health check of service web"] * found


def test_an_engine_that_looks_more_often_at_the_start_needs_no_longer_gate() -> None:
    assert things(service("web", 90, check={"start_period_s": 10}), api=NEW) == []
    assert things(service("web", 90, check={"start_period_s": 10, "start_interval_s": 50}), api=NEW) != []


def test_every_service_is_found_at_once_with_both_numbers_and_what_to_type() -> None:
    settings = GateSettings(timeout_s=45)
    web, job = time_findings((service("web", 90), service("job", 120, may_end=True)), {}, settings, NEW)[::-1]
    assert web.sentence() == (
        "health check of service web: expected a first probe within stack_gate_timeout, which is 45 s, seen a first "
        "probe 90 s after the start (interval). Give it a shorter interval in the Compose file (with start_period and "
        "start_interval for the start alone), or set stack_gate_timeout to more than 90."
    )
    assert 'io.slipway.job: "true"' in job.remedy


def test_what_an_image_says_counts_once_it_is_known() -> None:
    rare = HealthCheck(("CMD", "look"), 300.0)
    assert things(service("web")) == []
    assert things(service("web"), web=rare) == ["health check of service web"]
    assert things(service("web", 10), web=rare) == []
    (found,) = time_findings((service("web"),), {"web": rare}, GateSettings(), OLD)
    assert found.seen == "a first probe 300 s after the start (interval, in its image)"


def test_who_is_waited_for_has_to_be_healthy_before_the_start_is_over() -> None:
    db, cache = service("db", 50), service("cache", 30, awaits_health=("db",))
    assert things(db, service("web", awaits_health=("db",))) == []
    late = (db, cache, service("web", 1, awaits_health=("cache",)))
    assert things(*late) == ["health check of service cache, which others wait for"]
    (found,) = time_findings(late, {}, GateSettings(start_timeout_s=60), OLD)
    assert found.seen == "a first probe 30 s after the start (interval), after 50 s for those that it waits for"
    assert found.remedy.endswith("set stack_start_timeout to more than 80.")
    # It is started after one that waits itself.
    behind = service("late", 30, starts_after=("cache",))
    others = (service("x", 1, awaits_health=("late",)), db, service("cache", awaits_health=("db",)), behind)
    assert things(*others) == ["health check of service late, which others wait for"]


def test_who_is_waited_for_and_cannot_become_healthy_is_found_once_its_image_is_known() -> None:
    services = (service("db"), service("web", 1, awaits_health=("db",)))
    assert things(*services) == []
    assert things(*services, db=HealthCheck(("CMD", "look"))) == []
    for nothing in (NOTHING, HealthCheck(("NONE",))):
        assert things(*services, db=nothing) == ["health check of service db, which others wait for"]


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        (GateSettings(timeout_s=10, stable_for_s=11), ["stack_stable_for"]),
        (GateSettings(timeout_s=10, healthy_for_s=11), ["stack_healthy_for"]),
        (GateSettings(timeout_s=10, stable_for_s=10, healthy_for_s=10), []),
    ],
)
def test_nobody_can_run_for_longer_than_the_gate_looks(settings: GateSettings, found: list[str]) -> None:
    services = (service("web", 1), service("worker"), service("job", one_shot=True))
    findings = time_findings(services, {"worker": NOTHING, "job": NOTHING}, settings, OLD)
    assert [one.thing for one in findings] == found
    # Of what an image says nothing is known before it is here.
    assert time_findings((service("worker"),), {}, GateSettings(timeout_s=1, stable_for_s=2), OLD) == []
