# SPDX-License-Identifier: GPL-3.0-or-later
"""`rollback.sh` with a real engine: what ran before runs again, whatever stands where its files belong."""

from __future__ import annotations

import json
import secrets
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from ansible_collections.slipway.compose.plugins.module_utils.core.command import command_environment
from ansible_collections.slipway.compose.plugins.module_utils.gate.health import ServiceExpectation
from ansible_collections.slipway.compose.plugins.module_utils.release import journal
from ansible_collections.slipway.compose.plugins.module_utils.release.record import ReleaseFile, ReleaseRecord
from ansible_collections.slipway.compose.plugins.module_utils.release.rollback_script import WayBack, render
from ansible_collections.slipway.compose.plugins.module_utils.release.store import ReleaseStore, unpack_files
from ansible_collections.slipway.compose.plugins.module_utils.stack.bundle import BundledFile, FileBundle
from tests.support.records import RECORD

if TYPE_CHECKING:
    import docker
    from docker.models.containers import Container

OLD, NEW = "20260101T000000Z-1.0", "20260101T000000Z-1.1"
COMPOSE: dict[str, Any] = {
    "services": {
        "web": {
            "image": "registry.invalid/nothing:1",
            "command": ["sh", "-c", "cat /etc/site.conf && sleep 600"],
            "environment": {
                "MODE": "${MODE:-none}",
                "OWNER": "${UID:-none}",
                "SHELL_LEVEL": "${SHLVL:-none}",
                "HERE": "${PWD}",
            },
            "volumes": ["./site.conf:/etc/site.conf:ro"],
            "stop_grace_period": "0s",
        },
        "debug": {"image": "registry.invalid/nothing:1", "command": ["sleep", "600"], "profiles": ["debug"]},
    }
}


def bundled(path: str, text: str) -> BundledFile:
    return BundledFile(path, executable=False, content=text.encode())


@pytest.fixture
def stack(engine: docker.DockerClient, tmp_path: Path) -> Iterator[ReleaseStore]:
    made = ReleaseStore(str(tmp_path), f"back-{secrets.token_hex(4)}", "run-1")
    made.make()
    yield made
    for container in containers(engine, made, ended=True):
        container.remove(force=True)
    for network in engine.networks.list(filters={"label": f"com.docker.compose.project={made.stack}"}):
        network.remove()


def keep(store: ReleaseStore, image: str, *files: BundledFile, services: tuple[str, ...] = ("web",)) -> ReleaseRecord:
    """Keep release OLD with these files and services."""
    bundle = FileBundle((bundled("compose.yaml", yaml.safe_dump(COMPOSE)), *files), {"UID": "1000"}, ("compose.yaml",))
    record = replace(
        RECORD, id=OLD, stack=store.stack, content_sha256=bundle.content_sha256,
        compose_files=bundle.compose_files, images=dict.fromkeys(services, image),
        services=tuple(ServiceExpectation(one, 1) for one in services),
        files=tuple(ReleaseFile(one.path, one.executable, one.sha256) for one in bundle.files),
    )  # fmt: skip
    building = store.building_folder()
    unpack_files(bundle, building / "files")
    lock = yaml.safe_dump({"services": {name: {"image": image} for name in COMPOSE["services"]}})
    store.stage(building, record, bundle, {}, lock)
    return record


def go_back(store: ReleaseStore, way: WayBack) -> str:
    store.release_folder(NEW).mkdir()
    way = replace(way, sealed=store.sealed(way.to) if way.to else ())
    script = store.write(NEW, "rollback.sh", render(way, command_environment({})), 0o700)
    ended = subprocess.run(["sh", script], capture_output=True, text=True, check=False, timeout=120)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert [one.event for one in store.entries()] == [journal.ROLLING_BACK, journal.ROLLED_BACK]
    return ended.stdout


def containers(engine: docker.DockerClient, store: ReleaseStore, *, ended: bool = False) -> list[Container]:
    filters: dict[str, str | list[str] | bool] = {"label": f"com.docker.compose.project={store.stack}"}
    return engine.containers.list(all=ended, filters=filters)


def services(engine: docker.DockerClient, store: ReleaseStore) -> list[str]:
    return sorted(one.labels["com.docker.compose.service"] for one in containers(engine, store))


def test_a_folder_where_a_file_belongs_keeps_nobody_from_going_back(
    stack: ReleaseStore, engine: docker.DockerClient, busybox_image: str
) -> None:
    record = keep(stack, busybox_image, bundled("site.conf", "site of 1.0\n"))
    # What the engine makes of a mounted file that is not there, and what a release that failed has left.
    (stack.project / "site.conf").mkdir()
    (stack.project / ".env").write_text("MODE=experimental\nCOMPOSE_PROFILES=debug\n")
    go_back(stack, WayBack(stack.stack, NEW, (), to=record, expected=(ServiceExpectation("web", 1),)))
    (web,) = containers(engine, stack)
    assert web.logs().decode() == "site of 1.0\n"
    environment = dict(one.partition("=")[::2] for one in web.attrs["Config"]["Env"])
    assert {name: environment[name] for name in ("MODE", "OWNER", "SHELL_LEVEL", "HERE")} == {
        "MODE": "none",
        "OWNER": "1000",
        "SHELL_LEVEL": "none",
        "HERE": str(stack.project),
    }


def test_the_profiles_of_the_releases_own_env_file_hold(
    stack: ReleaseStore, engine: docker.DockerClient, busybox_image: str
) -> None:
    settings = bundled(".env", "COMPOSE_PROFILES=debug\n")
    record = keep(stack, busybox_image, bundled("site.conf", "x\n"), settings, services=("debug", "web"))
    go_back(stack, WayBack(stack.stack, NEW, (), to=record))
    assert services(engine, stack) == ["debug", "web"]


def test_a_stack_that_was_started_by_hand_runs_again_with_what_its_profiles_had(
    stack: ReleaseStore, engine: docker.DockerClient, busybox_image: str, tmp_path: Path
) -> None:
    frozen: dict[str, Any] = {
        "services": {name: {**one, "image": busybox_image} for name, one in COMPOSE["services"].items()}
    }
    frozen["services"]["web"]["volumes"] = []
    frozen["services"]["web"]["command"] = ["sleep", "600"]
    (tmp_path / "by-hand").mkdir()
    stack.release_folder(NEW).mkdir()
    (stack.release_folder(NEW) / "adopted.yaml").write_text(json.dumps(frozen))
    script = stack.write(
        NEW,
        "rollback.sh",
        render(WayBack(stack.stack, NEW, (), adopted_from=str(tmp_path / "by-hand")), command_environment({})),
        0o700,
    )
    subprocess.run(["sh", script], check=True, capture_output=True, timeout=120)
    assert services(engine, stack) == ["debug", "web"]


def test_afterwards_there_is_what_the_release_has_and_what_is_nobodys(
    stack: ReleaseStore, engine: docker.DockerClient, busybox_image: str, tmp_path: Path
) -> None:
    record = keep(stack, busybox_image, bundled("site.conf", "x\n"))
    sleeping = {"image": busybox_image, "command": ["sleep", "600"], "stop_grace_period": "0s"}
    # The release that failed: it has a profile on that is off again, another service, and lacks one.
    (tmp_path / "new.json").write_text(json.dumps({"services": {"debug": sleeping, "added": sleeping}}))
    up = ["docker", "compose", "-p", stack.stack, "-f", str(tmp_path / "new.json"), "up", "--detach"]
    subprocess.run(up, check=True, capture_output=True, timeout=60)
    project = {"com.docker.compose.project": stack.stack}
    run = {"com.docker.compose.service": "web", "com.docker.compose.oneoff": "True"}
    hashed = {"com.docker.compose.config-hash": "0"}
    for labels in (project | {"com.docker.compose.service": "spawned"}, project | run | hashed):
        engine.containers.run(busybox_image, ["sleep", "600"], detach=True, labels=labels)
    said = go_back(stack, WayBack(stack.stack, NEW, (), to=record, expected=record.services))
    assert services(engine, stack) == ["spawned", "web", "web"]
    for gone in ("added", "debug"):
        assert f"Removed container {stack.stack}-{gone}-1: the release has no service {gone}." in said
