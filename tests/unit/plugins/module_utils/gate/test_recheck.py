# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What counts as a change between the gate and the confirmation."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.core.masking import Masker
from ansible_collections.slipway.compose.plugins.module_utils.engine.containers import ContainerSnapshot
from ansible_collections.slipway.compose.plugins.module_utils.gate.health import ServiceExpectation
from ansible_collections.slipway.compose.plugins.module_utils.gate.recheck import SecondLook, change_since_gate

if TYPE_CHECKING:
    from ansible_collections.slipway.compose.plugins.module_utils.engine.client import Engine

PASSED = {"c1": "2026-11-22T10:00:00Z"}
RUNNING = ContainerSnapshot(
    service="web",
    number=1,
    name="app-web-1",
    id="c1",
    image="probe",
    image_id="sha256:1",
    config_hash="h",
    state="running",
    health="healthy",
    exit_code=0,
    started_at="2026-11-22T10:00:00Z",
    restarts=0,
)
ENDED = replace(RUNNING, state="exited", health="")
#: The engine calls everything unhealthy that has ended.
OVER = replace(ENDED, health="unhealthy")
WEB = ServiceExpectation("web", 1)
JOB = replace(WEB, one_shot=True)
EITHER = replace(WEB, may_end=True)


@pytest.mark.parametrize(
    ("container", "wanted", "seen"),
    [
        (RUNNING, WEB, ""),
        (replace(RUNNING, health=""), WEB, ""),
        (ENDED, JOB, ""),
        (OVER, JOB, ""),
        (RUNNING, EITHER, ""),
        (OVER, EITHER, ""),
        (replace(RUNNING, health="unhealthy"), WEB, "unhealthy"),
        (replace(RUNNING, health="unhealthy"), EITHER, "unhealthy"),
        (replace(ENDED, exit_code=7), WEB, "exited with exit code 7"),
        (ENDED, WEB, "exited with exit code 0"),
        (replace(ENDED, exit_code=3), JOB, "exited with exit code 3"),
        (replace(ENDED, exit_code=3), EITHER, "exited with exit code 3"),
        (RUNNING, JOB, "running"),
        (replace(RUNNING, state="restarting", exit_code=1), WEB, "restarting with exit code 1"),
        (replace(RUNNING, state="restarting", exit_code=0), EITHER, "restarting with exit code 0"),
        (replace(RUNNING, started_at="2026-11-22T10:00:09Z"), WEB, "started again since then"),
        (replace(OVER, started_at="2026-11-22T10:00:09Z"), EITHER, "started again since then"),
        (replace(RUNNING, id="c2"), WEB, "another container"),
    ],
)
def test_only_what_stands_as_it_did_is_unchanged(
    container: ContainerSnapshot, wanted: ServiceExpectation, seen: str
) -> None:
    told = change_since_gate(container, PASSED, wanted)
    assert told.startswith(seen)
    assert bool(told) is bool(seen)


def test_a_container_of_no_service_of_the_release_does_not_count() -> None:
    look = SecondLook(cast("Engine", None), 0, Masker())
    sibling = replace(RUNNING, id="c9", service="spawned")
    report = look.report([RUNNING, sibling], PASSED, [WEB])
    assert report.passed
    assert [one.service for one in report.observations] == ["web"]
    assert not look.report([sibling], PASSED, [WEB]).passed


def test_a_job_that_was_cleaned_up_is_not_missed() -> None:
    look = SecondLook(cast("Engine", None), 0, Masker())
    expected = [WEB, ServiceExpectation("migrate", 1, one_shot=True)]
    assert look.report([RUNNING], {**PASSED, "c2": "2026-11-22T10:00:00Z"}, expected).passed
    # If it had gone before the gate was passed again, nobody else may be missing for it.
    assert not look.report([], PASSED, expected).passed
