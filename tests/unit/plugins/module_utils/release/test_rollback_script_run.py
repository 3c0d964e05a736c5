# SPDX-License-Identifier: GPL-3.0-or-later
"""`rollback.sh` as it runs, by hand and by a program, with a docker that says what the test wants."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.coordination.lock import StackLock
from ansible_collections.slipway.compose.plugins.module_utils.core.processes import process_began
from ansible_collections.slipway.compose.plugins.module_utils.gate.health import ServiceExpectation
from ansible_collections.slipway.compose.plugins.module_utils.release import journal
from ansible_collections.slipway.compose.plugins.module_utils.release.record import ReleaseFile
from ansible_collections.slipway.compose.plugins.module_utils.release.rollback_script import WayBack, render

RELEASE = "20261122T220000Z-1.1"
FILES = (ReleaseFile("compose.yaml", executable=False, sha256="0" * 64),)
EXPECTED = (
    ServiceExpectation("web", 2),
    ServiceExpectation("migrate", 1, one_shot=True),
    ServiceExpectation("tidy", 1, may_end=True),
)
#: The engine calls everything unhealthy that has ended.
STANDING = {
    "web": ["running//0", "running/healthy/0"],
    "migrate": ["exited//0"],
    "tidy": ["exited/unhealthy/0"],
}
#: Says what lies in the files beside it, and writes down what it was asked.
DOCKER = """#!/bin/sh
state=$(dirname "$0")/state
echo "$*" >>"$state/asked"
case "$*" in
    ps*--quiet*service=*) service=${*##*service=}; ls "$state/${service%% *}" 2>/dev/null ;;
    ps*Status*) echo "shop-web-1: Up 2 seconds" ;;
    ps*status=dead*status=removing*) cat "$state/dead" ;;
    ps*) cat "$state/names" ;;
    inspect*) shift 3; for one; do cat "$state"/*/"$one"; done ;;
    rename*) ! grep -qx -e "$3" "$state/names" ;;
    compose*) exit "$(cat "$state/compose-exit")" ;;
esac
"""


class Host:
    """A stack's folder with a way back, and a docker."""

    def __init__(self, folder: Path) -> None:
        self.stack = folder / "shop"
        self.script = self.stack / "releases" / RELEASE / "rollback.sh"
        self.script.parent.mkdir(parents=True)
        self.state = folder / "bin" / "state"
        self.state.mkdir(parents=True)
        docker = folder / "bin" / "docker"
        docker.write_text(DOCKER)
        docker.chmod(0o755)
        self.environment = {"PATH": f"{docker.parent}:{os.environ['PATH']}", "HOME": "/home/deploy"}
        (self.state / "names").touch()
        (self.state / "dead").touch()
        (self.state / "compose-exit").write_text("0")
        self.write()
        self.containers(STANDING)

    def write(self, gate_timeout_s: float = 0.0) -> None:
        way = WayBack("shop", RELEASE, FILES, expected=EXPECTED, gate_timeout_s=gate_timeout_s)
        self.script.write_text(render(way, self.environment))

    def containers(self, states: dict[str, list[str]]) -> None:
        for service, found in states.items():
            (self.state / service).mkdir(exist_ok=True)
            for number, state in enumerate(found):
                (self.state / service / f"{service}{number}").write_text(f"{state}\n")

    def begin(self, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["sh", self.script],
            cwd="/",
            env={**self.environment, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, **environment: str) -> tuple[int, str]:
        process = self.begin(**environment)
        said, _none = process.communicate(timeout=30)
        return process.returncode, said

    def events(self) -> list[str]:
        return [entry.event for entry in self.entries()]

    def entries(self) -> tuple[journal.JournalEntry, ...]:
        path = self.stack / "journal.jsonl"
        return journal.parse(path.read_text()) if path.is_file() else ()

    def asked(self) -> str:
        path = self.state / "asked"
        return path.read_text() if path.exists() else ""


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


@pytest.fixture
def orphan(host: Host) -> Iterator[subprocess.Popen[bytes]]:
    """A start that its caller left alone, as the file `running` names it."""
    process = subprocess.Popen(["sh", "-c", "sleep 60; true"], start_new_session=True)
    (host.stack / "running").write_text(f"{process.pid} {process_began(process.pid)}\n")
    yield process
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def until(true: Callable[[], bool]) -> None:
    limit = time.monotonic() + 10
    while not true():
        assert time.monotonic() < limit
        time.sleep(0.01)


def test_by_hand_it_waits_until_everything_stands_and_tells_what_it_did(host: Host) -> None:
    for name in ("guard.json", "running"):
        (host.stack / name).touch()
    code, said = host.run()
    assert code == 0, said
    assert said.splitlines() == [
        f"Stack shop: back from release {RELEASE} to nothing, as before its first release.",
        "Waiting until everything stands, 0 s at the most.",
        "shop-web-1: Up 2 seconds",
        "Done: nothing, as before its first release.",
    ]
    assert host.events() == [journal.ROLLING_BACK, journal.ROLLED_BACK]
    assert {entry.run for entry in host.entries()} == {"by-hand"}
    assert not (host.stack / "guard.json").exists()
    assert not (host.stack / "running").exists()


@pytest.mark.parametrize("tidy", ["running//0", "running/healthy/0", "exited//0"])
def test_by_hand_what_may_be_a_job_stands_whether_it_runs_or_is_over(host: Host, tidy: str) -> None:
    host.containers({"tidy": [tidy]})
    code, said = host.run()
    assert code == 0, said


@pytest.mark.parametrize(
    "states",
    [
        {"web": ["running//0"], "migrate": ["exited//0"]},
        {"web": ["running//0", "running/unhealthy/0"], "migrate": ["exited//0"]},
        {"web": ["running//0", "running/starting/0"], "migrate": ["exited//0"]},
        {"web": ["running//0", "restarting//1"], "migrate": ["exited//0"]},
        {"web": ["running//0", "exited//0"], "migrate": ["exited//0"]},
        {"web": ["running//0", "running//0"], "migrate": ["exited//1"]},
        {"web": ["running//0", "running//0"], "migrate": ["running//0"]},
        {"web": ["running//0", "running//0"], "migrate": []},
        {**STANDING, "tidy": ["exited//1"]},
        {**STANDING, "tidy": ["restarting//0"]},
        {**STANDING, "tidy": ["running/unhealthy/0"]},
    ],
)
def test_by_hand_it_says_what_does_not_stand(tmp_path: Path, states: dict[str, list[str]]) -> None:
    host = Host(tmp_path / "host")
    for service in STANDING:
        for one in (host.state / service).iterdir():
            one.unlink()
    host.containers(states)
    code, said = host.run()
    assert code == 1
    assert "It does not stand. See the logs: docker compose -p shop logs" in said
    assert "Done" not in said
    assert host.events() == [journal.ROLLING_BACK, journal.ROLLBACK_FAILED]


def test_what_needs_a_while_to_stand_gets_it(host: Host) -> None:
    host.write(gate_timeout_s=20)
    (host.state / "web" / "web1").write_text("running/starting/0\n")
    process = host.begin()
    until(lambda: host.asked().count("inspect") >= 1)
    (host.state / "web" / "web1").write_text("running/healthy/0\n")
    assert process.communicate(timeout=30)[0].endswith("release.\n")
    assert process.returncode == 0
    assert host.events() == [journal.ROLLING_BACK, journal.ROLLED_BACK]


def test_where_compose_fails_it_fails_and_says_nothing_of_success(host: Host) -> None:
    (host.state / "compose-exit").write_text("17")
    for called in ("", "yes"):
        code, said = host.run(SLIPWAY_CALLED=called)
        assert code == 17
        assert "Done" not in said
    assert set(host.events()) == {journal.ROLLING_BACK}


def test_left_over_containers_get_their_name_or_go(host: Host) -> None:
    names = ["shop-web-1", "0123456789ab_shop-web-1", "ba9876543210_shop-migrate-1", "0123456789ab", "shop_web_1"]
    (host.state / "names").write_text("".join(f"{name}\n" for name in names))
    code, said = host.run()
    assert code == 0, said
    asked = host.asked().splitlines()
    # The first one's place is taken; the second one is what is left of a service.
    assert "rm --force 0123456789ab_shop-web-1" in asked
    assert "rename ba9876543210_shop-migrate-1 shop-migrate-1" in asked
    assert [line for line in asked if line.startswith("rm ")] == ["rm --force 0123456789ab_shop-web-1"]
    assert len([line for line in asked if line.startswith("rename ")]) == 2
    assert "Removed the left-over container 0123456789ab_shop-web-1." in said
    assert "Gave the left-over container ba9876543210_shop-migrate-1 its name." in said
    assert asked.index("rename ba9876543210_shop-migrate-1 shop-migrate-1") < next(
        number for number, line in enumerate(asked) if line.startswith("compose")
    )


def test_what_the_engine_had_begun_to_remove_goes_before_anything_is_started(host: Host) -> None:
    (host.state / "dead").write_text("shop-web-1\n0123456789ab_shop-migrate-1\n")
    code, said = host.run()
    assert code == 0, said
    asked = [line for line in host.asked().splitlines() if line.startswith(("rm", "compose"))]
    assert asked[:2] == ["rm --force shop-web-1", "rm --force 0123456789ab_shop-migrate-1"]
    assert asked[2].startswith("compose")
    assert "Removed container shop-web-1, which the engine had begun to remove." in said


def test_it_waits_for_the_command_that_is_at_work(host: Host) -> None:
    with StackLock(host.stack, "deploy", 0.0):
        process = host.begin()
        assert process.stdout is not None
        assert process.stdout.readline().startswith("Another command is at work on this stack; waiting for it")
        time.sleep(0.2)
        assert host.events() == []
        assert not (host.state / "asked").exists()
    said, _none = process.communicate(timeout=30)
    assert process.returncode == 0, said
    assert host.events() == [journal.ROLLING_BACK, journal.ROLLED_BACK]


def test_it_says_so_when_it_has_waited_long_enough(host: Host) -> None:
    text = host.script.read_text()
    assert "flock --wait 900 9" in text
    host.script.write_text(text.replace("flock --wait 900 9", "flock --wait 0.1 9"))
    with StackLock(host.stack, "deploy", 0.0):
        code, said = host.run()
    assert code == 1
    assert "nothing was done. Run this again when it has ended" in said
    assert host.events() == []


def test_nobody_else_works_on_the_stack_meanwhile(host: Host) -> None:
    host.write(gate_timeout_s=20)
    (host.state / "web" / "web1").write_text("running/starting/0\n")
    process = host.begin()
    until(lambda: host.events() == [journal.ROLLING_BACK])
    busy = subprocess.run(["flock", "--nonblock", host.stack / "lock", "true"], check=False, timeout=30)
    (host.state / "web" / "web1").write_text("running/healthy/0\n")
    process.communicate(timeout=30)
    assert busy.returncode == 1


def test_a_start_that_nobody_waits_for_is_ended(host: Host, orphan: subprocess.Popen[bytes]) -> None:
    code, said = host.run()
    assert code == 0, said
    assert orphan.wait(10) == -signal.SIGKILL


def test_another_process_that_got_its_number_is_left_alone(host: Host, orphan: subprocess.Popen[bytes]) -> None:
    for text in (f"{orphan.pid} {process_began(orphan.pid)}0\n", f"{orphan.pid}\n", "\n", "../self 1\n"):
        (host.stack / "running").write_text(text)
        code, said = host.run()
        assert code == 0, said
    assert orphan.poll() is None


def test_called_by_a_program_it_leaves_lock_gate_and_orphans_to_it(host: Host, orphan: subprocess.Popen[bytes]) -> None:
    (host.state / "web" / "web1").write_text("restarting//1\n")
    with StackLock(host.stack, "deploy", 0.0):
        code, said = host.run(SLIPWAY_CALLED="yes", SLIPWAY_RUN="deploy-1f2e", SLIPWAY_BY="by the guard")
    assert code == 0, said
    assert "Waiting" not in said
    assert orphan.poll() is None
    assert "inspect" not in host.asked()
    assert [(entry.event, entry.run, entry.detail) for entry in host.entries()] == [
        (journal.ROLLING_BACK, "deploy-1f2e", "by the guard"),
        (journal.ROLLED_BACK, "deploy-1f2e", "by the guard"),
    ]


@pytest.mark.parametrize("called", ["", "yes"])
def test_a_full_disk_does_not_stop_it(host: Host, called: str) -> None:
    (host.stack / "journal.jsonl").symlink_to("/dev/full")
    code, said = host.run(SLIPWAY_CALLED=called)
    assert code == 0, said
    assert said.count(f"Could not write to {host.stack}/journal.jsonl.") == 2
    assert "compose --ansi never --progress plain --env-file /dev/null -p shop down --remove-orphans" in host.asked()


def test_a_journal_that_is_none_does_not_stop_it(host: Host) -> None:
    (host.stack / "journal.jsonl").mkdir()
    code, said = host.run()
    assert code == 0, said
    assert "Done" in said


def test_half_a_line_in_the_journal_takes_no_other_with_it(host: Host) -> None:
    whole = journal.JournalEntry("2026-11-22T22:00:00Z", "deploy", RELEASE, journal.STARTING).line()
    (host.stack / "journal.jsonl").write_text(f'{whole}{{"at": "2026-11')
    host.run()
    assert host.events() == [journal.STARTING, journal.ROLLING_BACK, journal.ROLLED_BACK]
    (host.stack / "journal.jsonl").write_text(whole)
    host.run()
    assert len((host.stack / "journal.jsonl").read_text().splitlines()) == 3


def test_it_asks_the_engine_with_which_it_was_proved_whatever_the_caller_has(host: Host) -> None:
    docker = host.state.parent / "docker"
    docker.write_text(f'{DOCKER}\nenv | sort >"$state/environment"\n')
    host.environment |= {"DOCKER_HOST": "unix:///run/other.sock", "DOCKER_CONFIG": "/etc/it's"}
    host.write()
    callers = {"DOCKER_HOST": "tcp://192.0.2.1:1", "HOME": "/root", "COMPOSE_FILE": "/x", "TOKEN": "secret"}
    host.run(**callers, LANG="de_DE.UTF-8", XDG_RUNTIME_DIR="/run/user/7")
    seen = (host.state / "environment").read_text().splitlines()
    for name, value in host.environment.items():
        assert f"{name}={value}" in seen
    names = {line.partition("=")[0] for line in seen}
    assert not [name for name in names if name.startswith(("COMPOSE_", "TOKEN", "LANG", "XDG_"))]
