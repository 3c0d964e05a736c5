"""Judgements, from what `docker inspect` really said (captured_containers.json, Engine 20.10)."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.engine.containers import Container
from ansible_collections.slipway.compose.plugins.module_utils.gate.health import (
    Clock,
    FirstSight,
    ServiceExpectation,
    Standing,
    derive_expectations,
    job_note,
    judge_container,
    judge_count,
    select_replicas,
)

CAPTURED = json.loads((Path(__file__).parents[1] / "engine" / "captured_containers.json").read_text(encoding="utf-8"))
HOLDS, WAITS, FAILED = Standing.HOLDS, Standing.WAITS, Standing.FAILED
WEB = ServiceExpectation("web", 1)
JOB = ServiceExpectation("migrate", 1, one_shot=True)
EITHER = ServiceExpectation("migrate", 1, may_end=True)


def facts(name: str) -> Container:
    return Container.from_inspect(CAPTURED[name])


def clock(of: Container, ran_for: float = 10.0, since_gate_began: float = 0.0) -> Clock:
    now = (of.running_since or 0.0) + ran_for
    return Clock(now=now, since_gate_began=since_gate_began, healthy_for_s=1.5, stable_for_s=3.0)


def first_sight(of: Container) -> FirstSight:
    return FirstSight(of.restarts, of.running_since)


@pytest.mark.parametrize(
    ("captured", "expectation", "standing", "check", "seen"),
    [
        ("running", WEB, HOLDS, "stability", "running"),
        ("healthy", WEB, HOLDS, "stability", "healthy, running"),
        (
            "starting",
            WEB,
            WAITS,
            "health",
            "starting, 1 failed probe, the last one with exit code 1: nothing listens",
        ),
        (
            "unhealthy",
            WEB,
            FAILED,
            "health",
            "unhealthy, 2 failed probes, the last one with exit code 1: connection refused",
        ),
        ("created", WEB, WAITS, "start", "created, but never started"),
        ("created", JOB, WAITS, "start", "created, but never started"),
        ("cannot start", WEB, FAILED, "start", "created, but it cannot start: exit code 127"),
        ("cannot start", JOB, FAILED, "start", "created, but it cannot start: exit code 127"),
        ("exited 0", WEB, FAILED, "running", "exited (exit code 0) and restart policy 'no' leaves it so"),
        ("exited 0", JOB, HOLDS, "completion", "ended: exit code 0"),
        ("exited 0", EITHER, HOLDS, "completion", "ended: exit code 0"),
        ("exited 3", EITHER, FAILED, "running", "exited (exit code 3) and restart policy 'no' leaves it so"),
        ("restarting", EITHER, FAILED, "restarts", "it ended (exit code 3) and the engine restarts it"),
        ("running", EITHER, HOLDS, "stability", "running"),
        ("unhealthy", EITHER, FAILED, "health", "unhealthy, 2 failed probes"),
        ("exited 3", WEB, FAILED, "running", "exited (exit code 3) and restart policy 'no' leaves it so"),
        ("exited 3", JOB, FAILED, "completion", "ended: exit code 3"),
        (
            "restarting",
            WEB,
            FAILED,
            "restarts",
            "it ended (exit code 3) and the engine restarts it, restart count",
        ),
        ("restarting", JOB, WAITS, "completion", "still restarting, started again"),
        ("running", JOB, WAITS, "completion", "still running"),
        ("paused", WEB, WAITS, "running", "paused"),
        ("killed", WEB, FAILED, "running", "exited (exit code 137, that is SIGKILL)"),
    ],
)
def test_each_state_has_one_judgement(
    captured: str, expectation: ServiceExpectation, standing: Standing, check: str, seen: str
) -> None:
    container = facts(captured)
    judgement = judge_container(container, expectation, first_sight(container), clock(container))
    assert (judgement.standing, judgement.check) == (standing, check)
    assert judgement.seen.startswith(seen)


@pytest.mark.parametrize(
    ("captured", "expected", "seen", "lacks"),
    [
        ("running", "running without a break for 3 s", "running for 1.0 s", 2.0),
        ("healthy", "healthy, running without a break for 1.5 s", "healthy, running for 1.0 s", 0.5),
    ],
)
def test_a_young_container_is_waited_for_as_long_as_it_lacks(
    captured: str, expected: str, seen: str, lacks: float
) -> None:
    container = facts(captured)
    judgement = judge_container(container, WEB, first_sight(container), clock(container, ran_for=1.0))
    assert (judgement.standing, judgement.check, judgement.expected) == (WAITS, "stability", expected)
    assert judgement.seen == seen
    assert judgement.recheck_in == pytest.approx(lacks)


@pytest.mark.parametrize(("captured", "standing"), [("healthy", HOLDS), ("running", WAITS), ("starting", WAITS)])
def test_health_is_evidence_that_shortens_the_watch(captured: str, standing: Standing) -> None:
    container = facts(captured)
    moment = clock(container, ran_for=2.0)
    assert judge_container(container, WEB, first_sight(container), moment).standing is standing


def test_each_number_speaks_for_its_own_kind_even_when_the_healthy_one_is_larger() -> None:
    healthy, running = facts("healthy"), facts("running")
    for container, standing in ((healthy, WAITS), (running, HOLDS)):
        moment = replace(clock(container, ran_for=4.0), healthy_for_s=60.0)
        assert judge_container(container, WEB, first_sight(container), moment).standing is standing


@pytest.mark.parametrize("captured", ["running", "healthy"])
def test_a_restart_fails_however_short_the_watch(captured: str) -> None:
    container = facts(captured)
    moment = replace(clock(container), healthy_for_s=0.0, stable_for_s=0.0)
    earlier = FirstSight(container.restarts - 1, container.running_since)
    judgement = judge_container(container, WEB, earlier, moment)
    assert (judgement.standing, judgement.check) == (FAILED, "restarts")


def test_a_restart_since_first_sight_fails_and_one_before_it_does_not() -> None:
    before, after = facts("before its restart"), facts("after its restart")
    assert judge_container(after, WEB, first_sight(after), clock(after)).standing is HOLDS
    judgement = judge_container(after, WEB, first_sight(before), clock(after))
    assert (judgement.standing, judgement.check) == (FAILED, "restarts")
    assert judgement.seen == "it was restarted meanwhile, restart count 0 before and 1 now"


def test_a_start_that_the_restart_count_does_not_show_fails_too() -> None:
    container = facts("running")
    earlier = FirstSight(container.restarts, (container.running_since or 0.0) - 5)
    assert judge_container(container, WEB, earlier, clock(container)).standing is FAILED
    unstarted = FirstSight(0, None)
    assert judge_container(container, WEB, unstarted, clock(container)).standing is HOLDS


@pytest.mark.parametrize(("since_gate_began", "standing"), [(0.0, WAITS), (2.9, WAITS), (3.0, FAILED)])
def test_what_nobody_starts_or_replaces_is_given_a_moment(since_gate_began: float, standing: Standing) -> None:
    created = facts("created")
    moment = clock(created, since_gate_began=since_gate_began)
    assert judge_container(created, WEB, first_sight(created), moment).standing is standing
    running = facts("running")
    other = replace(WEB, image="registry.example.org/guestbook/web:1.2")
    judgement = judge_container(running, other, first_sight(running), replace(moment, now=running.running_since or 0.0))
    assert (judgement.standing, judgement.check) == (standing, "image")


def test_the_expected_image_holds() -> None:
    container = facts("running")
    wanted = replace(WEB, image="registry.example.org/guestbook/web:1.1")
    assert judge_container(container, wanted, first_sight(container), clock(container)).standing is HOLDS


@pytest.mark.parametrize(
    ("replicas", "there", "standing", "expected", "seen"),
    [
        (1, 1, HOLDS, "1 container", "1 container"),
        (2, 1, WAITS, "2 containers", "1 container"),
        (1, 0, WAITS, "1 container", "no containers"),
        (1, 2, WAITS, "1 container", "2 containers"),
        (0, 0, HOLDS, "no running container", "no containers"),
        (0, 1, WAITS, "no running container", "1 container"),
    ],
)
def test_the_number_of_containers_counts(
    replicas: int, there: int, standing: Standing, expected: str, seen: str
) -> None:
    judgement = judge_count([facts("running")] * there, ServiceExpectation("web", replicas))
    assert (judgement.standing, judgement.expected, judgement.seen) == (standing, expected, seen)


def test_stopped_left_overs_make_no_replica() -> None:
    running, stopped, created = facts("running"), replace(facts("exited 3"), service="web"), facts("created")
    assert select_replicas([stopped, running, created], WEB) == [running]
    assert select_replicas([stopped, running], ServiceExpectation("web", 2)) == [running, stopped]
    assert select_replicas([stopped, created], WEB) == [stopped]
    assert select_replicas([stopped, running], ServiceExpectation("web", 0)) == [running]


def test_expectations_follow_from_what_is_there() -> None:
    containers = [facts("running"), facts("healthy"), facts("exited 0")]
    assert derive_expectations(containers) == [
        ServiceExpectation("migrate", 1, one_shot=True),
        ServiceExpectation("web", 2, may_end=True),
    ]
    assert derive_expectations([facts("exited 0")]) == [EITHER]
    assert derive_expectations([replace(facts("exited 0"), job_label="true")]) == [JOB]
    assert derive_expectations([replace(facts("exited 0"), job_label="false")]) == [ServiceExpectation("migrate", 1)]
    assert derive_expectations([facts("restarting")]) == [ServiceExpectation("web", 1)]


LABEL = 'label io.slipway.job: "true"'


@pytest.mark.parametrize(
    ("container", "wanted", "told"),
    [
        # It may be a job of which nobody has said so.
        (facts("exited 0"), WEB, True),
        (replace(facts("restarting"), exit_code=0), WEB, True),
        (facts("restarting"), EITHER, True),
        # A crash is none.
        (facts("exited 3"), WEB, False),
        (facts("exited 3"), EITHER, False),
        (facts("restarting"), WEB, False),
    ],
)
def test_how_to_mark_a_job_is_said_where_it_may_be_one(
    container: Container, wanted: ServiceExpectation, *, told: bool
) -> None:
    judgement = judge_container(container, wanted, first_sight(container), clock(container))
    assert judgement.standing is FAILED
    assert (LABEL in judgement.seen) is told


@pytest.mark.parametrize(("health", "standing"), [("unhealthy", FAILED), ("starting", FAILED), ("healthy", HOLDS)])
def test_a_health_check_of_its_own_has_to_have_passed_before_it_counts_as_a_job(
    health: str, standing: Standing
) -> None:
    over = replace(facts(health), state="exited", exit_code=0, health="unhealthy")
    wanted = replace(EITHER, health_first=True)
    judgement = judge_container(over, wanted, first_sight(over), clock(over))
    assert judgement.standing is standing
    assert (LABEL in judgement.seen) is (standing is FAILED)
    # One that its image brings along was made for the service, and says nothing of a job with the same image.
    assert judge_container(over, EITHER, first_sight(over), clock(over)).standing is HOLDS


def test_what_counts_as_a_job_without_having_been_called_one_is_told() -> None:
    assert "label io.slipway.job" in job_note(facts("exited 0"))
