"""Hooks of a release, as commands and as one-off runs, against the local engine."""

from __future__ import annotations

import json
import secrets
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from ansible_collections.slipway.compose.plugins.module_utils.engine.client import Engine
from ansible_collections.slipway.compose.plugins.module_utils.gate.health import ServiceExpectation
from ansible_collections.slipway.compose.plugins.module_utils.hooks.runner import HookRunner
from ansible_collections.slipway.compose.plugins.module_utils.release.documents import HOOKS_FILE
from ansible_collections.slipway.compose.plugins.module_utils.release.record import ReleaseFile, ReleaseRecord
from ansible_collections.slipway.compose.plugins.module_utils.release.store import ReleaseStore, unpack_files
from ansible_collections.slipway.compose.plugins.module_utils.stack.bundle import BundledFile, FileBundle
from ansible_collections.slipway.compose.plugins.module_utils.stack.gate_settings import GateSettings
from ansible_collections.slipway.compose.plugins.module_utils.stack.hooks import (
    POST_DEPLOY,
    PRE_DEPLOY,
    Hook,
    HookReport,
    HookSettings,
    parse_hooks,
)
from tests.support.records import RECORD

if TYPE_CHECKING:
    import docker

RELEASE = "20260101T000000Z-1.1"
BEFORE = "20260101T000000Z-1.0"
SECRET = "canary-of-the-hooks"
SCRIPT = b"#!/bin/sh\necho script of the release\ncat data.txt 2>/dev/null\n"


@dataclass
class Staged:
    """A release that is staged and not started."""

    store: ReleaseStore
    engine: Engine
    image: str

    def run(self, kind: str = PRE_DEPLOY, *, first_host: bool = True, **hook: Any) -> list[HookReport]:
        """Run one hook, with its shell script under `sh` for a command or under `inside` for the service."""
        if "sh" in hook:
            hook["command"] = ["sh", "-c", hook.pop("sh")]
        if "inside" in hook:
            hook["run"] = {"service": "web", "command": ["sh", "-c", hook.pop("inside")]}
        hooks = parse_hooks({kind: [{"name": "probe", **hook}]})
        return self.run_all(kind, hooks, first_host=first_host)

    def run_all(self, kind: str, hooks: tuple[Hook, ...], *, first_host: bool = True) -> list[HookReport]:
        settings = HookSettings(hooks, host="web1", first_host=first_host)
        self.store.write_json(RELEASE, HOOKS_FILE, settings.as_dict())
        return HookRunner(self.store, self.engine, RELEASE).run(kind, BEFORE)

    def containers(self) -> list[str]:
        return self._names("ps", "--all", "--format", "{{.Names}}")

    def networks(self) -> list[str]:
        return self._names("network", "ls", "--format", "{{.Name}}")

    def _names(self, *words: str) -> list[str]:
        listed = subprocess.run(["docker", *words], check=True, capture_output=True, text=True).stdout
        return [name for name in listed.split() if name.startswith(self.store.folder.name)]


def compose_file(stack: str) -> bytes:
    """Return a project that is as hard to run beside itself as it may be."""
    web = {
        "image": "registry.invalid/nothing:1",
        "pull_policy": "always",
        "container_name": f"{stack}-taken",
        "command": ["sleep", "600"],
        "environment": {"GREETING": "${GREETING}", "COST": "$${5}", "TOKEN": "${TOKEN}"},
        "env_file": ["web.env"],
        "volumes": ["./conf/web.conf:/etc/web.conf:ro", "./data:/data"],
        "depends_on": {"db": {"condition": "service_healthy"}},
    }
    return yaml.safe_dump({"services": {"web": web, "db": {"image": "registry.invalid/nothing:2"}}}).encode()


def release(stack: str, image: str, bundle: FileBundle) -> ReleaseRecord:
    return replace(
        RECORD, id=RELEASE, stack=stack, version="1.1", content_sha256=bundle.content_sha256,
        compose_files=bundle.compose_files, images={"web": image, "db": image},
        files=tuple(ReleaseFile(one.path, one.executable, one.sha256) for one in bundle.files),
        services=(ServiceExpectation("web", 1), ServiceExpectation("db", 1)),
    )  # fmt: skip


@pytest.fixture
def staged(engine: docker.DockerClient, busybox_image: str, tmp_path: Path) -> Iterator[Staged]:
    stack = f"hooks-{secrets.token_hex(4)}"
    files = (
        BundledFile("compose.yaml", False, compose_file(stack)),  # noqa: FBT003 - whether it is executable
        BundledFile("conf/web.conf", False, b"configuration of the release\n"),  # noqa: FBT003
        BundledFile("data/.keep", False, b""),  # noqa: FBT003
        BundledFile("hooks/tell.sh", True, SCRIPT),  # noqa: FBT003
        BundledFile("web.env", False, b"FROM_FILE=1.1\n"),  # noqa: FBT003
    )
    bundle = FileBundle(files, {"GREETING": "hello", "TOKEN": SECRET, "STACK_VERSION": "1.1"}, ("compose.yaml",))
    store = ReleaseStore(str(tmp_path), stack, "run-7")
    store.make()
    building = store.building_folder()
    unpack_files(bundle, building / "files")
    lock = yaml.safe_dump({"services": {name: {"image": busybox_image} for name in ("web", "db")}})
    store.stage(building, release(stack, busybox_image, bundle), bundle, GateSettings().as_dict(), lock)
    yield Staged(store, Engine(), busybox_image)
    for container in engine.containers.list(all=True, filters={"label": f"com.docker.compose.project={stack}"}):
        container.remove(force=True)
    for network in engine.networks.list(filters={"label": f"com.docker.compose.project={stack}"}):
        network.remove()


def test_a_command_is_told_of_the_release(staged: Staged) -> None:
    (report,) = staged.run(sh="env | sort; pwd")
    told = dict(line.partition("=")[::2] for line in report.output)
    assert {name: value for name, value in told.items() if name.startswith("SLIPWAY_")} == {
        "SLIPWAY_STACK": staged.store.folder.name,
        "SLIPWAY_RELEASE": RELEASE,
        "SLIPWAY_VERSION": "1.1",
        "SLIPWAY_PREVIOUS_RELEASE": BEFORE,
        "SLIPWAY_HOST": "web1",
        "SLIPWAY_RUN": "run-7",
        "SLIPWAY_HOOK": PRE_DEPLOY,
    }
    assert (told["GREETING"], told["TOKEN"]) == ("hello", "[masked TOKEN]")
    assert report.output[-1] == str(staged.store.project)
    assert report.passed


def test_a_program_of_the_stack_comes_from_the_release(staged: Staged) -> None:
    (staged.store.project / "data.txt").write_text("beside it, the project\n")
    (report,) = staged.run(command=["./hooks/tell.sh"])
    assert report.output == ("script of the release", "beside it, the project")


def test_a_failure_is_told_with_its_last_words(staged: Staged) -> None:
    (report,) = staged.run(sh=f"echo no room for {SECRET}; exit 3")
    assert not report.passed
    assert report.seen.startswith("exit code 3 after ")
    assert report.output == ("no room for [masked TOKEN]",)


def test_a_one_off_run_has_what_the_release_has(staged: Staged) -> None:
    script = "echo $GREETING; echo $COST; echo $FROM_FILE; echo $TOKEN; cat /etc/web.conf; echo $SLIPWAY_RELEASE"
    (report,) = staged.run(inside=script)
    assert report.output == (
        "hello",
        "${5}",
        "1.1",
        "[masked TOKEN]",
        "configuration of the release",
        RELEASE,
    ), report
    assert report.passed
    left_behind_nothing(staged)


def test_a_one_off_run_leaves_the_project_alone_and_finds_the_data_there(staged: Staged) -> None:
    assert staged.run(inside="touch /data/new")[0].passed
    assert list(staged.store.project.iterdir()) == [], "there is no data yet, so the release's folder was shown"
    (staged.store.project / "data").mkdir()
    (staged.store.project / "data" / "rows").write_text("kept\n")
    (report,) = staged.run(inside="cat /data/rows && echo more >/data/rows")
    assert report.output == ("kept",)
    assert (staged.store.project / "data" / "rows").read_text() == "more\n"
    left_behind_nothing(staged)


def test_a_one_off_run_that_fails(staged: Staged) -> None:
    (report,) = staged.run(inside="echo cannot migrate >&2; exit 4")
    assert report.seen.startswith("exit code 4 after ")
    assert report.output == ("cannot migrate",)
    left_behind_nothing(staged)


def test_a_network_that_is_there_is_used_and_left(staged: Staged) -> None:
    stack = staged.store.folder.name
    argv = ["docker", "network", "create", "--label", f"com.docker.compose.project={stack}", f"{stack}_default"]
    made = subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()
    (report,) = staged.run(inside="cat /etc/hosts")
    assert report.passed, report
    still = subprocess.run(["docker", "network", "inspect", made], check=False, capture_output=True)
    assert still.returncode == 0, "Compose made it anew, or it was removed with the run"


@pytest.mark.parametrize("how", ["sh", "inside"])
def test_the_time_limit(staged: Staged, how: str) -> None:
    began = time.monotonic()
    script: dict[str, Any] = {how: "echo begun; sleep 60 & sleep 61"}
    (report,) = staged.run(**script, timeout=2)
    assert time.monotonic() - began < 15
    assert report.seen == "no end within its time limit of 2 s; it and its children were killed"
    assert report.output == ("begun",)
    left_behind_nothing(staged)


def test_what_a_dead_caller_left_is_cleared(staged: Staged) -> None:
    stack = staged.store.folder.name
    labels = ["--label", f"com.docker.compose.project={stack}", "--label", "io.slipway.hook=pre_deploy"]
    argv = ["docker", "run", "--detach", "--name", f"{stack}-pre_deploy-hook", *labels, staged.image, "sleep", "60"]
    subprocess.run(argv, check=True, capture_output=True)
    (report,) = staged.run(inside="true")
    assert report.passed, report
    left_behind_nothing(staged)


def test_which_run(staged: Staged) -> None:
    hooks = parse_hooks(
        {
            PRE_DEPLOY: [
                {"name": "once", "command": ["true"], "once": True},
                {"name": "outside", "command": ["true"], "on": "controller"},
                {"name": "fails", "command": ["false"]},
                {"name": "never", "command": ["true"]},
            ],
            POST_DEPLOY: [
                {"name": "reported", "command": ["false"]},
                {"name": "goes on", "command": ["true"]},
                {"name": "decides", "command": ["false"], "on_error": "rollback"},
                {"name": "never", "command": ["true"]},
            ],
        }
    )
    assert names(staged.run_all(PRE_DEPLOY, hooks)) == ["once", "fails"]
    assert names(staged.run_all(PRE_DEPLOY, hooks, first_host=False)) == ["fails"]
    assert names(staged.run_all(POST_DEPLOY, hooks)) == ["reported", "goes on", "decides"]


def test_the_hooks_are_kept_for_the_deploy_user_alone(staged: Staged) -> None:
    staged.run(sh="true")
    file = staged.store.release_folder(RELEASE) / "hooks.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert json.loads(file.read_text())["host"] == "web1"


def names(reports: list[HookReport]) -> list[str]:
    return [report.hook.name for report in reports]


def left_behind_nothing(staged: Staged) -> None:
    assert staged.containers() == []
    assert staged.networks() == []
    assert [path.name for path in staged.store.releases.iterdir()] == [RELEASE]
