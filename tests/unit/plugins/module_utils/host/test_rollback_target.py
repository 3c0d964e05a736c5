# SPDX-License-Identifier: GPL-3.0-or-later
"""What differs from a confirmed release, and what is said when a way back could not be gone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.engine.containers import ContainerSnapshot
from ansible_collections.slipway.compose.plugins.module_utils.gate.health import ServiceExpectation
from ansible_collections.slipway.compose.plugins.module_utils.host.rollback_target import (
    differences,
    failed,
    still_expected,
)
from ansible_collections.slipway.compose.plugins.module_utils.release.record import ReleaseRecord

SCRIPT = Path("/var/lib/slipway/app/releases/20261123T120000Z-1.1/rollback.sh")
HELD = "driver failed programming external connectivity: Bind for 0.0.0.0:80 failed: port is already allocated"


@pytest.mark.parametrize(("said", "restart"), [("no such image", False), (HELD, True)])
def test_only_where_the_engine_holds_a_port_a_restart_of_it_is_advised(said: str, *, restart: bool) -> None:
    finding = failed(SCRIPT, said)
    assert finding.seen == said
    assert finding.remedy.endswith(f"sh {SCRIPT}")
    assert ("systemctl restart docker" in finding.remedy) == restart


WEB = ServiceExpectation("web", 1)


def release(service: ServiceExpectation) -> ReleaseRecord:
    return ReleaseRecord(
        id="20261122T220000Z-1.1", stack="app", version="1.1", created_at="", created_by="", commit="", plan_sha256="",
        content_sha256="", reversible=True, compose_files=(), images={"web": "web:1"}, files=(), services=(service,),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("service", "state", "exit_code", "differs"),
    [
        (WEB, "running", 0, ""),
        (WEB, "exited", 0, "app-web-1 is exited"),
        (replace(WEB, one_shot=True), "exited", 0, ""),
        (replace(WEB, one_shot=True), "exited", 1, "app-web-1 is exited"),
        (replace(WEB, one_shot=True), "running", 0, "app-web-1 is running"),
        # A job that nobody called one is over, or still at work.
        (replace(WEB, may_end=True), "exited", 0, ""),
        (replace(WEB, may_end=True), "running", 0, ""),
        (replace(WEB, may_end=True), "exited", 1, "app-web-1 is exited"),
        (replace(WEB, may_end=True), "restarting", 0, "app-web-1 is restarting"),
    ],
)
def test_a_job_that_is_over_makes_no_difference(
    service: ServiceExpectation, state: str, exit_code: int, differs: str
) -> None:
    record = release(service)
    container = ContainerSnapshot(
        "web", 1, "app-web-1", "c1", "web:1", "sha256:1", "h", state, "unhealthy", exit_code, "2026-11-22T10:00:00Z", 0
    )
    assert differences(record, {"web": "h"}, [container]) == [differs] * bool(differs)


@pytest.mark.parametrize(
    ("service", "differs"),
    [
        (WEB, ["service web has 0 containers instead of 1"]),
        # It may be a job, or somebody has removed a worker.
        (replace(WEB, may_end=True), ["service web has 0 containers instead of 1"]),
        (replace(WEB, one_shot=True), []),
    ],
)
def test_a_job_that_was_cleaned_up_since_it_ended_makes_no_difference(
    service: ServiceExpectation, differs: list[str]
) -> None:
    assert differences(release(service), {}, []) == differs
    (expected,) = still_expected(release(service), []).services
    assert expected == replace(service, replicas=1 if differs else 0)
