# SPDX-License-Identifier: GPL-3.0-or-later
"""Real containers that end: jobs, what may be one, and what is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.gate.health import ServiceExpectation
from tests.engine.quick_gate import WEB, gate, only_failure

if TYPE_CHECKING:
    from tests.engine.conftest import Stack

FOREVER = "echo up; exec sleep 600"
JOB = ServiceExpectation("migrate", 1, one_shot=True)
#: Of which nobody has said that it is a job.
SETUP = ServiceExpectation("setup", 1, may_end=True)


def test_a_job_that_ends_well_passes(stack: Stack) -> None:
    stack.run("migrate", "sleep 0.7")
    assert gate(stack, JOB).passed


def test_a_job_that_fails_fails_at_once(stack: Stack) -> None:
    stack.run("migrate", "echo no such table; sleep 0.3; exit 5")
    report = gate(stack, JOB, timeout_s=30.0)
    failure = only_failure(report)
    assert (failure.service, failure.check) == ("migrate", "completion")
    assert "exit code 5" in failure.seen
    assert failure.logs == ["no such table"]
    assert report.duration_s < 3


def test_a_job_that_does_not_end_fails_at_the_deadline(stack: Stack) -> None:
    stack.run("migrate", FOREVER)
    assert only_failure(gate(stack, JOB, timeout_s=0.7)).seen == "still running"


def test_a_service_that_ends_with_0_and_stays_so_fails_at_once(stack: Stack) -> None:
    stack.run("web", "sleep 0.3")
    report = gate(stack, WEB, timeout_s=30.0)
    failure = only_failure(report)
    assert failure.check == "running"
    assert "exit code 0" in failure.seen
    assert report.duration_s < 3


@pytest.mark.parametrize(
    ("script", "health", "wanted"),
    [
        ("sleep 0.3", None, SETUP),
        ("sleep 0.8", "true", ServiceExpectation("setup", 1, may_end=True, health_first=True)),
        # What its image looks at is not there in a job.
        ("sleep 0.8", "exit 1", SETUP),
        ("sleep 0.8", "true", ServiceExpectation("setup", 1, one_shot=True)),
    ],
)
def test_a_job_that_nobody_waits_for_passes_when_it_has_ended(
    stack: Stack, script: str, health: str | None, wanted: ServiceExpectation
) -> None:
    probed: dict[str, Any] = {"health": health, "health_settings": {"retries": 99}} if health else {}
    stack.run("setup", script, **probed)
    report = gate(stack, wanted, stable_for_s=60.0, healthy_for_s=60.0)
    assert report.passed, report.message()
    (seen,) = report.observations
    assert (seen.state, seen.exit_code) == ("exited", 0)
    assert [note for note in report.notes if "io.slipway.job" in note] == report.notes
    assert bool(report.notes) is wanted.may_end


def test_a_service_that_gives_up_before_it_was_ever_healthy_is_no_job(stack: Stack) -> None:
    stack.run("setup", "sleep 0.5", health="exit 1", health_settings={"retries": 99})
    wanted = ServiceExpectation("setup", 1, may_end=True, health_first=True)
    failure = only_failure(gate(stack, wanted, stable_for_s=60.0))
    assert failure.check == "running"
    assert "exit code 0" in failure.seen
    assert "it never became healthy; if it is a job that is to end, give it the label io.slipway.job" in failure.seen


@pytest.mark.parametrize(("policy", "code"), [("always", 0), ("unless-stopped", 0), ("on-failure", 3)])
def test_a_loop_is_no_job(stack: Stack, policy: str, code: int) -> None:
    stack.run("setup", f"sleep 0.3; exit {code}", restart_policy=policy)
    failure = only_failure(gate(stack, SETUP, timeout_s=30.0, stable_for_s=60.0))
    assert failure.check == "restarts"
    assert "io.slipway.job" in failure.seen or failure.seen.startswith("it was restarted meanwhile")
