# SPDX-License-Identifier: GPL-3.0-or-later
"""Real containers that end although nobody was to touch them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.coordination.guard import Guard
from ansible_collections.slipway.compose.plugins.module_utils.coordination.held_lease import StackLease
from ansible_collections.slipway.compose.plugins.module_utils.engine.client import Engine
from ansible_collections.slipway.compose.plugins.module_utils.engine.container_client import ContainerClient
from ansible_collections.slipway.compose.plugins.module_utils.engine.containers import Container as Seen
from ansible_collections.slipway.compose.plugins.module_utils.gate.report import DownError
from ansible_collections.slipway.compose.plugins.module_utils.host.host import Host
from ansible_collections.slipway.compose.plugins.module_utils.host.revival import Revival
from ansible_collections.slipway.compose.plugins.module_utils.release.store import ReleaseStore
from tests.support.records import RECORD, SNAPSHOT

if TYPE_CHECKING:
    from docker.models.containers import Container

    from tests.engine.conftest import Stack

RELEASE = "20261122T220000Z-1.1"
GATE = {"timeout_s": 5, "healthy_for_s": 0.5, "stable_for_s": 1, "log_lines": 5, "checks": []}
WEB = "touch /began; sleep 600"


def untouched(root: Path, stack: Stack, *containers: Container, **snapshot: Any) -> Revival:
    """A release that was prepared when these containers ran, which somebody had started by hand."""
    store = ReleaseStore(str(root), stack.name, "run")
    store.make()
    store.release_folder(RELEASE).mkdir()
    record = replace(RECORD, id=RELEASE, stack=stack.name, version="1.1")
    store.write(RELEASE, "release.json", record.to_json())
    store.write(RELEASE, "environment.json", "{}")
    store.write_json(RELEASE, "gate.json", GATE)
    for container in containers:
        container.reload()
    ran = [Seen.from_inspect(container.attrs).as_record() for container in containers]
    store.write_json(RELEASE, "snapshot.json", {**SNAPSHOT, "containers": ran, **snapshot})
    return Revival(Host(store, Engine(), StackLease(store, 900.0), Guard(store, "", 900.0, 60.0)), RELEASE)


def test_what_runs_is_left_alone(tmp_path: Path, stack: Stack) -> None:
    web = stack.run("web", WEB, restart_policy="unless-stopped")
    before = untouched(tmp_path, stack, web)
    assert before.revive() is None
    assert before.brought_back is None
    started = web.attrs["State"]["StartedAt"]
    web.reload()
    assert web.attrs["State"]["StartedAt"] == started


def test_what_has_ended_is_started_again_and_gated(tmp_path: Path, stack: Stack) -> None:
    web = stack.run("web", WEB, restart_policy="unless-stopped")
    job = stack.run("job", "exit 0", start=False)
    before = untouched(tmp_path, stack, web, job)
    web.stop(timeout=0)
    report = before.revive()
    assert report is not None
    assert report.passed
    assert before.brought_back is not None
    assert f"these have ended: {web.name}. " in before.brought_back.sentence()
    web.reload()
    job.reload()
    assert (web.status, job.status) == ("running", "created")


def test_what_ends_again_is_down(tmp_path: Path, stack: Stack) -> None:
    web = stack.run("web", "test ! -e /began || exit 3; " + WEB, restart_policy="unless-stopped")
    before = untouched(tmp_path, stack, web)
    web.exec_run(["sh", "-c", "until test -e /began; do sleep 0.05; done"])
    web.stop(timeout=0)
    with pytest.raises(DownError, match=f"these have ended: {web.name}.*It was started again, in vain") as caught:
        before.revive()
    assert caught.value.report is not None
    assert caught.value.report.failures[0].service == "web"


def test_what_cannot_be_started_names_the_reason(tmp_path: Path, stack: Stack) -> None:
    folder = tmp_path / "mounted"
    folder.mkdir()
    mount = {"Type": "bind", "Source": str(folder), "Target": "/mounted"}
    web = stack.run("web", WEB, restart_policy="unless-stopped", mounts=[mount])
    before = untouched(tmp_path / "root", stack, web)
    web.stop(timeout=0)
    folder.rmdir()
    expected = rf"(?s)container {web.name}: expected to start again, seen .*mounted.*docker start {web.name}"
    with pytest.raises(DownError, match=expected):
        before.revive()


def test_what_depends_on_another_waits_for_it(tmp_path: Path, stack: Stack) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    mounts = [{"Type": "bind", "Source": str(shared), "Target": "/shared"}]
    slow = "trap 'exit 0' TERM; sleep 1; touch /shared/ready; sleep 600 & wait"
    db = stack.run(
        "db",
        slow,
        restart_policy="unless-stopped",
        mounts=mounts,
        health="test -e /shared/ready",
        # It is not to count as unhealthy before it is ready.
        health_settings={"retries": 100},
    )
    needs = {"com.docker.compose.depends_on": "db:service_healthy:false"}
    # In the order of their names it would come first, and end.
    api = stack.run("api", "test -e /shared/ready || exit 3; sleep 600", start=False, labels=needs, mounts=mounts)
    while not (shared / "ready").exists():
        db.exec_run(["sh", "-c", "sleep 0.05"])
    api.start()
    before = untouched(tmp_path / "root", stack, db, api)
    for container in (db, api):
        container.stop(timeout=0)
    (shared / "ready").unlink()
    report = before.revive()
    assert report is not None
    assert report.passed, report.message()


def test_what_was_not_well_before_is_not_asked_for(tmp_path: Path, stack: Stack) -> None:
    web = stack.run("web", WEB, restart_policy="unless-stopped")
    broken = stack.run("worker", WEB, start=False)
    before = untouched(tmp_path, stack, web, broken)
    web.stop(timeout=0)
    report = before.revive()
    assert report is not None
    assert report.passed, report.message()


def test_an_engine_that_goes_away_meanwhile_leaves_it_down(
    tmp_path: Path, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    web = stack.run("web", WEB, restart_policy="unless-stopped")
    before = untouched(tmp_path, stack, web)
    web.stop(timeout=0)

    def gone(*_asked: object) -> str:
        message = "Connection refused"
        raise ConnectionError(message)

    monkeypatch.setattr(ContainerClient, "start", gone)
    with pytest.raises(DownError, match=f"these have ended: {web.name}.*(?s:.*)Connection refused"):
        before.revive()


def test_what_somebody_has_replaced_is_not_made_again(tmp_path: Path, stack: Stack) -> None:
    gone = stack.run("web", WEB, restart_policy="unless-stopped", number=1)
    before = untouched(tmp_path, stack, gone)
    stack.forget(gone)
    stack.run("web", WEB, number=2)
    assert before.revive() is None


def test_what_somebody_has_gone_back_from_by_hand_stays_so(tmp_path: Path, stack: Stack) -> None:
    web = stack.run("web", WEB, restart_policy="unless-stopped")
    before = untouched(tmp_path, stack, web, release="20261122T210000Z-1.0")
    web.stop(timeout=0)
    assert before.revive() is None
    web.reload()
    assert web.status == "exited"
