# SPDX-License-Identifier: GPL-3.0-or-later
"""The guard's time has come: it takes a release back on a real engine, once, and waits for one that went away."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.calls import guard_process
from ansible_collections.slipway.compose.plugins.module_utils.coordination import guard
from ansible_collections.slipway.compose.plugins.module_utils.coordination.guard import GuardTask, read_task
from ansible_collections.slipway.compose.plugins.module_utils.coordination.held_lease import FILE as LEASE_FILE
from ansible_collections.slipway.compose.plugins.module_utils.coordination.held_lease import StackLease
from ansible_collections.slipway.compose.plugins.module_utils.coordination.lease import STARTED
from ansible_collections.slipway.compose.plugins.module_utils.core.command import command_environment
from ansible_collections.slipway.compose.plugins.module_utils.core.host_clock import boot_time
from ansible_collections.slipway.compose.plugins.module_utils.release import journal
from ansible_collections.slipway.compose.plugins.module_utils.release.rollback_script import WayBack, render
from ansible_collections.slipway.compose.plugins.module_utils.release.store import ReleaseStore
from ansible_collections.slipway.compose.plugins.module_utils.stack.gate_settings import GateSettings
from tests.engine.conftest import Stack
from tests.support.records import RECORD, SNAPSHOT

if TYPE_CHECKING:
    from docker.models.containers import Container

RELEASE, RUN = "20261122T220000Z-1.1", "20261122T214455Z-deploy-1f2e"
SOCKET = Path(os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://"))
#: Once, the engine is gone by the time that Compose asks it.
FAILING_ONCE = """#!/bin/sh
case "$*" in
    compose*) if rm "$0-fails" 2>/dev/null; then rm {socket}; echo "Cannot connect" >&2; exit 1; fi ;;
esac
exec {docker} "$@"
"""


def containers(stack: Stack) -> list[Container]:
    found: list[Container] = stack.client.containers.list(
        all=True, filters={"label": f"com.docker.compose.project={stack.name}"}
    )
    return found


@pytest.fixture
def store(tmp_path: Path, stack: Stack) -> Iterator[ReleaseStore]:
    """A first release that runs and that nobody confirmed."""
    made = ReleaseStore(str(tmp_path), stack.name, RUN)
    made.make()
    made.release_folder(RELEASE).mkdir()
    record = replace(RECORD, id=RELEASE, stack=stack.name, version="1.1")
    made.write(RELEASE, "release.json", record.to_json())
    made.write(RELEASE, "rollback.sh", render(WayBack(stack.name, RELEASE, ()), command_environment({})), 0o700)
    made.write_json(RELEASE, "snapshot.json", SNAPSHOT)
    made.write(RELEASE, "environment.json", "{}")
    made.write_json(RELEASE, "gate.json", {**GateSettings().as_dict(), "stable_for_s": 0.1, "timeout_s": 10})
    service = {"image": stack.image, "command": ["sleep", "60"], "init": True, "network_mode": "none"}
    (made.project / "compose.yaml").write_text(json.dumps({"services": {"web": service}}))
    compose = ["docker", "compose", "-p", stack.name]
    subprocess.run([*compose, "up", "-d", "--pull", "never"], cwd=made.project, check=True, timeout=60)
    lease = StackLease(made, 900.0)
    lease.acquire()
    lease.renew_or_acquire(STARTED)
    made.note(RELEASE, journal.STARTING)
    made.write_file(guard.FILE, asdict(GuardTask("token", RUN, RELEASE, 0.0, boot_time(), 60.0)))
    yield made
    subprocess.run([*compose, "kill"], cwd=made.project, check=False, timeout=60)
    subprocess.run([*compose, "down"], cwd=made.project, check=True, timeout=60)


def guard_it(store: ReleaseStore) -> None:
    guard_process.main([str(store.folder.parent), store.stack, "token"])


def until(true: Callable[[], bool]) -> None:
    limit = time.monotonic() + 60
    while not true():
        assert time.monotonic() < limit
        time.sleep(0.05)


def test_it_takes_the_release_back_and_leaves_nothing_behind(store: ReleaseStore, stack: Stack) -> None:
    guard_it(store)
    assert containers(stack) == []
    assert [(entry.event, entry.run, entry.detail) for entry in store.entries()] == [
        (journal.STARTING, RUN, ""),
        (journal.ROLLING_BACK, RUN, "by the guard"),
        (journal.ROLLED_BACK, RUN, "by the guard"),
    ]
    for name in (guard.FILE, LEASE_FILE, "running"):
        assert not (store.folder / name).exists()


def test_after_a_boot_it_does_not_wait_and_says_why(store: ReleaseStore, stack: Stack) -> None:
    # It was to wait for a quarter of an hour, and the clock was set back meanwhile.
    before = replace(boot_time(), boot="an earlier one", epoch=time.time() + 3600)
    store.write_file(guard.FILE, asdict(GuardTask("token", RUN, RELEASE, 900.0, before, 60.0)))
    guard_it(store)
    assert containers(stack) == []
    last = store.entries()[-1]
    assert (last.event, last.detail) == (journal.ROLLED_BACK, "by the guard, after a restart of the host")
    # Whatever begins it once more finds nothing to do.
    guard_it(store)
    assert store.entries()[-1] == last


@pytest.mark.parametrize("event", [journal.CONFIRMED, journal.ROLLED_BACK])
def test_it_leaves_what_was_settled(store: ReleaseStore, stack: Stack, event: str) -> None:
    # The run died between the line and the end of its guard.
    store.note(RELEASE, event)
    before = store.entries()
    guard_it(store)
    assert store.entries() == before
    assert len(containers(stack)) == 1
    assert read_task(store.folder) is None


def test_it_finishes_a_confirmation_that_was_cut_off(store: ReleaseStore, stack: Stack) -> None:
    store.note(RELEASE, journal.CONFIRMING)
    guard_it(store)
    assert store.entries()[-1].event == journal.CONFIRMED
    assert store.current() == RELEASE
    assert len(containers(stack)) == 1


def test_an_engine_that_goes_away_meanwhile_is_waited_for(
    store: ReleaseStore, stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker, socket = shutil.which("docker"), tmp_path / "engine.sock"
    socket.symlink_to(SOCKET)
    fake = tmp_path / "bin" / "docker"
    fake.parent.mkdir()
    fake.write_text(FAILING_ONCE.format(socket=socket, docker=docker))
    fake.chmod(0o755)
    (fake.parent / "docker-fails").touch()
    monkeypatch.setenv("DOCKER_HOST", f"unix://{socket}")
    monkeypatch.setenv("PATH", f"{fake.parent}:{os.environ['PATH']}")
    # A way back asks the engine with which it was proved.
    store.write(RELEASE, "rollback.sh", render(WayBack(stack.name, RELEASE, ()), command_environment({})), 0o700)
    monkeypatch.setattr(guard_process, "_RETRY_S", 0.1)
    working = threading.Thread(target=guard_it, args=(store,))
    working.start()
    until(lambda: journal.ROLLBACK_FAILED in [entry.event for entry in store.entries()])
    assert read_task(store.folder) is not None
    assert (store.folder / LEASE_FILE).exists()
    time.sleep(0.5)
    assert working.is_alive()
    socket.symlink_to(SOCKET)
    working.join(60)
    assert not working.is_alive()
    assert store.entries()[-1].event == journal.ROLLED_BACK
    assert containers(stack) == []
    assert read_task(store.folder) is None
    assert not (store.folder / LEASE_FILE).exists()


def test_a_way_back_that_fails_is_not_tried_again(store: ReleaseStore) -> None:
    store.write(RELEASE, "rollback.sh", f"echo tried >>{store.folder}/tried; exit 3\n", 0o700)
    guard_it(store)
    assert (store.folder / "tried").read_text() == "tried\n"
    assert store.entries()[-1].event == journal.ROLLBACK_FAILED
    assert read_task(store.folder) is None
    assert not (store.folder / LEASE_FILE).exists()
