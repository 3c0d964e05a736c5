# SPDX-License-Identifier: GPL-3.0-or-later
"""Which containers run that the engine does not know of, from what the kernel tells of its processes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.engine.lost import containers as module
from ansible_collections.slipway.compose.plugins.module_utils.engine.lost.containers import (
    LostContainer,
    lost_container_finding,
    lost_container_findings,
    lost_containers,
)

KNOWN, LOST, OTHER = "a" * 64, "b" * 64, "c" * 64
#: The user whose engine it is, where that runs without root; anybody.
ROOTLESS, ANYBODY = 1000, 1234


class Engine:
    """An engine that gives these answers, the last one for ever."""

    def __init__(self, *answers: set[str], is_the_usual: bool = False) -> None:
        """Take what it knows to run, each time that it is asked."""
        self._answers = list(answers)
        self.is_the_usual = is_the_usual
        self.owners = frozenset({0, ROOTLESS})

    def running(self) -> set[str]:
        """Return the next answer."""
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


class Proc:
    """A folder like /proc."""

    def __init__(self, folder: Path) -> None:
        """Begin with a file that is no process."""
        self.folder = folder
        (folder / "uptime").touch()

    def process(self, pid: int, parent: int, name: str, *command: str, **more: Any) -> None:
        """Add a process; `more` may say when it started, its numbers in namespaces below, control group and users."""
        started, namespaces = more.get("started", 0), more.get("namespaces", ())
        cgroup = more.get("cgroup", "/system.slice/containerd.service")
        entry = self.folder / str(pid)
        entry.mkdir()
        between = "0 " * 17
        (entry / "stat").write_text(f"{pid} ({name}) S {parent} {between}{started} 0\n", encoding="ascii")
        (entry / "cmdline").write_bytes(b"".join(word.encode() + b"\0" for word in command or (name,)))
        numbers = "\t".join(map(str, (pid, *namespaces)))
        users = "\t".join(map(str, more.get("users", (0, 0, 0, 0))))
        (entry / "cgroup").write_text(f"0::{cgroup}\n", encoding="ascii")
        (entry / "status").write_text(f"Name:\t{name}\nUid:\t{users}\nNSpid:\t{numbers}\n", encoding="ascii")

    def shim(
        self,
        pid: int,
        container: str,
        *,
        namespace: str = "moby",
        address: str = "/run/s",
        **more: Any,
    ) -> None:
        """Add the shim of a container."""
        program = "/usr/bin/containerd-shim-runc-v2"
        command = (program, "-namespace", namespace, "-id", container, "-address", address)
        self.process(pid, 1, "containerd-shim", *command, **more)


@pytest.fixture
def proc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Proc:
    """A machine with one container that the engine knows."""
    monkeypatch.setattr(module, "_RETRY_S", 0.0)
    monkeypatch.setattr(module, "_PATIENCE_S", 0.01)
    proc = Proc(tmp_path)
    proc.shim(100, KNOWN)
    proc.process(101, 100, "postgres")
    return proc


def test_a_container_that_the_engine_knows_is_none(proc: Proc) -> None:
    assert lost_containers(Engine({KNOWN}), proc.folder) == []


def test_a_container_that_the_engine_has_lost_is_one(proc: Proc) -> None:
    proc.shim(200, LOST)
    proc.process(201, 200, "sh (healthy) ?", started=9000)
    proc.process(203, 200, "worker (1) x", started=8000)
    assert lost_containers(Engine({KNOWN}), proc.folder) == [LostContainer(LOST, 203, "8000", "worker (1) x")]


def test_a_shim_without_a_process_does_no_harm(proc: Proc) -> None:
    proc.shim(200, LOST)
    assert lost_containers(Engine({KNOWN}), proc.folder) == []


def test_what_is_being_started_is_waited_for(proc: Proc, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PATIENCE_S", 60.0)
    proc.shim(200, LOST)
    proc.process(201, 200, "runc:[2:INIT]")
    answers: list[set[str]] = [{KNOWN}, {KNOWN}, {KNOWN, LOST}]
    assert lost_containers(Engine(*answers), proc.folder) == []


def test_a_process_that_is_ending_is_passed_over(proc: Proc) -> None:
    (proc.folder / "300").mkdir()
    (proc.folder / "300" / "stat").touch()
    assert lost_containers(Engine({KNOWN}), proc.folder) == []


def test_containers_of_other_engines_are_left_alone(proc: Proc) -> None:
    proc.shim(200, LOST, namespace="k8s.io")
    proc.process(201, 200, "pause")
    proc.shim(300, LOST, namespaces=(19,))
    proc.process(301, 300, "nginx", namespaces=(20,))
    proc.shim(500, LOST, cgroup=f"/system.slice/docker-{KNOWN}.scope/system.slice/containerd.service")
    proc.process(501, 500, "an engine in a container that has the host's processes")
    proc.shim(400, LOST, address="/run/user/1000/docker/containerd/containerd.sock")
    proc.process(401, 400, "redis")
    assert lost_containers(Engine({KNOWN}), proc.folder) == []
    assert lost_containers(Engine(set()), proc.folder) == [], (
        "the engine that is asked is none of those whose containers are here"
    )


@pytest.mark.parametrize(
    ("users", "found"),
    [
        ((0, 0, 0, 0), True),
        ((ROOTLESS,) * 4, True),
        ((ANYBODY,) * 4, False),
        # A program that becomes root, called by anybody under a name and with arguments of his choice.
        ((ANYBODY, 0, 0, 0), False),
        ((), False),
    ],
)
def test_a_process_of_another_user_is_no_shim_whatever_it_calls_itself(
    proc: Proc, users: tuple[int, ...], *, found: bool
) -> None:
    proc.shim(200, LOST, users=users)
    proc.process(201, 200, "sleep")
    assert bool(lost_containers(Engine({KNOWN}), proc.folder)) is found


def test_an_engine_at_the_usual_place_is_known_without_any_container(proc: Proc) -> None:
    proc.shim(200, LOST, address="/var/run/docker/containerd/containerd.sock")
    proc.process(201, 200, "worker")
    assert lost_containers(Engine(set(), is_the_usual=True), proc.folder) == [LostContainer(LOST, 201, "0", "worker")]


def test_one_in_transition_after_the_other_is_not_one_that_stays(proc: Proc, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PATIENCE_S", 60.0)
    proc.shim(200, LOST)
    proc.process(201, 200, "runc:[2:INIT]")
    proc.shim(300, OTHER)
    proc.process(301, 300, "runc:[2:INIT]")
    answers = [{KNOWN, OTHER}, {KNOWN, LOST}]
    assert lost_containers(Engine(*answers), proc.folder) == []


def test_without_any_container_the_engine_is_not_asked(tmp_path: Path) -> None:
    assert lost_containers(Engine(), tmp_path) == []


def test_the_finding_says_how_to_end_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "lost_containers", lambda _engine: [LostContainer(LOST, 201, "5", "worker")])
    (finding,) = lost_container_findings(Engine())
    assert finding.thing == f"container {LOST[:12]}"
    assert "process 201 (worker)" in finding.seen
    assert finding.remedy.startswith("If it is this stack's, scripts/recover.sh ENV ends it.")
    assert finding.remedy.endswith("as root on this host: kill -9 201.")
    tried = lost_container_finding(LostContainer(LOST, 201, "5", "worker"), "privileged containers are denied")
    assert tried.seen.endswith("could not be ended from a container: privileged containers are denied")
    assert tried.remedy == "As root on this host: kill -9 201."
