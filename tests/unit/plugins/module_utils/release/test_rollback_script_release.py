# SPDX-License-Identifier: GPL-3.0-or-later
"""`rollback.sh` to a release: its files stand, and Compose gets its settings and no others, whatever shell is `sh`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.gate.health import ServiceExpectation
from ansible_collections.slipway.compose.plugins.module_utils.release import journal
from ansible_collections.slipway.compose.plugins.module_utils.release.environment_script import environment_script
from ansible_collections.slipway.compose.plugins.module_utils.release.record import ReleaseFile, ReleaseRecord
from ansible_collections.slipway.compose.plugins.module_utils.release.rollback_script import WayBack, render
from ansible_collections.slipway.compose.plugins.module_utils.release.store import text_sha256

NEW, OLD = "20261122T220000Z-1.1", "20261122T210000Z-1.0"
COMPOSE = ReleaseFile("compose.yaml", executable=False, sha256="0" * 64)
SETTINGS = ReleaseFile(".env", executable=False, sha256="1" * 64)
START = ReleaseFile("bin/start.sh", executable=True, sha256="2" * 64)
#: Writes down what it was asked, and with which environment and input it was asked it.
DOCKER = """#!/bin/sh
here=$(dirname "$0")
echo "$*" >>"$here/asked"
case "$1" in
    compose) cat "/proc/$$/environ" >"$here/environment" ;;
    run) cat >"$here/input"; exit "$(cat "$here/run-exit")" ;;
    ps) case "$*" in *config-hash*) cat "$here/replicas" ;; esac ;;
esac
"""
#: Writes down what was made durable, and what the journal said by then.
SYNC = """#!/bin/sh
echo "${1##*/} $(grep -c rolled_back "$SYNC_JOURNAL")" >>"$(dirname "$0")/synced"
"""


class Host:
    """A stack whose release NEW is to be undone, and a docker."""

    def __init__(self, folder: Path, shell: str) -> None:
        self.stack = folder / "shop"
        self.project = self.stack / "project"
        self.script = self.stack / "releases" / NEW / "rollback.sh"
        self.script.parent.mkdir(parents=True)
        self.files = self.stack / "releases" / OLD / "files"
        self.files.mkdir(parents=True)
        self.project.mkdir()
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.program("docker", DOCKER)
        (self.bin / "run-exit").write_text("0")
        (self.bin / "replicas").touch()
        (self.bin / "sh").symlink_to(str(shutil.which(shell)))
        self.environment = {"PATH": f"{self.bin}:{os.environ['PATH']}", "HOME": "/home/deploy"}
        self.user: int | None = None

    def program(self, name: str, text: str) -> None:
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)

    def release(
        self, *files: ReleaseFile, env: dict[str, str] | None = None, undone: tuple[ReleaseFile, ...] = ()
    ) -> None:
        """Keep release OLD with these files, and lead the way back from NEW to it."""
        kept = {f"files/{file.path}": f"old {file.path}\n" for file in files}
        kept = {"environment.sh": environment_script(env or {}), "images.lock.yaml": "{}", **kept}
        for path, text in kept.items():
            (self.files.parent / path).parent.mkdir(parents=True, exist_ok=True)
            (self.files.parent / path).write_text(text)
        record = ReleaseRecord(
            id=OLD, stack="shop", version="1.0", created_at="", created_by="", commit="", plan_sha256="",
            content_sha256="", reversible=True, compose_files=("compose.yaml",), images={}, files=files,
            services=(ServiceExpectation("web", 1), ServiceExpectation("job.1", 1, one_shot=True)),
        )  # fmt: skip
        way = WayBack(
            "shop", NEW, undone, to=record, expected=(ServiceExpectation("web", 1),), gate_timeout_s=1.0,
            sealed=tuple((f"releases/{OLD}/{path}", text_sha256(text)) for path, text in kept.items()),
        )  # fmt: skip
        self.script.write_text(render(way, self.environment))

    def run(self, **environment: str) -> tuple[int, str]:
        """Have a program run the way back."""
        ended = subprocess.run(
            ["sh", self.script], cwd="/", text=True, check=False, timeout=30, user=self.user, group=self.user,
            extra_groups=[] if self.user is not None else None, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={"PATH": self.environment["PATH"], "SLIPWAY_CALLED": "yes", **environment},
        )  # fmt: skip
        return ended.returncode, ended.stdout

    def seen(self) -> dict[str, str]:
        """Return the environment in which Compose ran."""
        pairs = (self.bin / "environment").read_text().split("\0")
        return dict(pair.partition("=")[::2] for pair in pairs if pair)

    def asked(self) -> list[str]:
        return (self.bin / "asked").read_text().splitlines()

    def events(self) -> list[str]:
        return [entry.event for entry in journal.parse((self.stack / "journal.jsonl").read_text())]


@pytest.fixture(params=[shell for shell in ("dash", "bash", "busybox") if shutil.which(shell)])
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Host:
    return Host(tmp_path, request.param)


def test_containers_of_no_service_of_the_release_go_before_it_is_started(host: Host) -> None:
    host.release(COMPOSE)
    there = {"c1": "web", "c2": "debug", "c3": "job.1", "c4": "job-1", "c5": "we", "c6": ""}
    lines = [f"{name} shop-{service}-1 {service}\n" for name, service in there.items()]
    (host.bin / "replicas").write_text("".join(lines))
    code, said = host.run()
    assert code == 0, said
    gone = [line for line in host.asked() if line.startswith(("stop", "rm", "compose"))]
    removed = [f"{verb} {name}" for name in ("c2", "c4", "c5") for verb in ("stop", "rm --force")]
    assert gone[:-1] == removed
    assert " up " in gone[-1]
    assert "Removed container shop-debug-1: the release has no service debug." in said.splitlines()


@pytest.mark.parametrize("called", ["yes", ""])
def test_compose_gets_the_settings_of_the_release_and_no_other(host: Host, called: str) -> None:
    env = {
        "UID": "1000", "SECONDS": "7", "RANDOM": "4", "PPID": "1", "OPTIND": "3", "LINENO": "x", "SHLVL": "9",
        "stack_dir": "/srv/other", "settings": "/etc/shadow", "env_file": "/etc/x", "jobs": "gone - - x", "name": "n",
        "placing": "exit 9", "TOKEN": "it's \"quoted\" $(x) `y`\nand long", "EMPTY": "", "LANG": "de_DE.UTF-8",
    }  # fmt: skip
    host.release(COMPOSE, env=env)
    callers = {"XDG_RUNTIME_DIR": "/run/user/7", "LC_ALL": "C", "HOME": "/root", "PWD": "/", "EDITOR": "vi"}
    code, said = host.run(**callers, SLIPWAY_CALLED=called, SLIPWAY_RUN="deploy-1")
    assert "It does not stand" in said if called == "" else code == 0, said
    # The engine is fake: what it says is what the script would be told of an engine without containers.
    assert host.seen() == {**host.environment, "PWD": str(host.project), **env}
    (compose,) = [line for line in host.asked() if line.startswith("compose")]
    assert f"--project-directory {host.project} -f {host.project}/compose.yaml" in compose
    assert f"-f {host.stack}/releases/{OLD}/images.lock.yaml up" in compose


@pytest.mark.parametrize("has_one", [False, True])
def test_compose_reads_the_releases_own_env_file_and_never_a_stray_one(host: Host, *, has_one: bool) -> None:
    (host.project / ".env").write_text("MODE=stray")
    host.release(COMPOSE, *([SETTINGS] if has_one else []))
    code, said = host.run()
    assert code == 0, said
    (compose,) = [line for line in host.asked() if line.startswith("compose")]
    expected = f"{host.files}/.env" if has_one else "/dev/null"
    assert f"--env-file {expected} " in compose


def test_what_the_caller_says_is_one_line_of_json(host: Host) -> None:
    host.release(COMPOSE)
    code, said = host.run(SLIPWAY_BY='he said "x\\y"\n{"event": "confirmed"}\t.', SLIPWAY_RUN='a"b')
    assert code == 0, said
    lines = (host.stack / "journal.jsonl").read_text().splitlines()
    assert [json.loads(line)["event"] for line in lines] == [journal.ROLLING_BACK, journal.ROLLED_BACK]
    assert {(json.loads(line)["run"], json.loads(line)["detail"]) for line in lines} == {
        ('a"b', 'he said "x\\y" {"event": "confirmed"} .')
    }


def test_files_stand_as_they_did_whatever_the_release_has_left(host: Host) -> None:
    host.release(COMPOSE, START, undone=(ReleaseFile("bin", executable=False, sha256="3" * 64), SETTINGS))
    (host.project / "compose.yaml").mkdir()
    (host.project / "bin").write_text("a file of the release\n")
    (host.project / ".env").write_text("MODE=experimental")
    code, said = host.run()
    assert code == 0, said
    assert (host.project / "compose.yaml").read_text() == "old compose.yaml\n"
    assert (host.project / "bin" / "start.sh").stat().st_mode & 0o777 == 0o755
    assert not (host.project / ".env").exists()
    assert host.events() == [journal.ROLLING_BACK, journal.ROLLED_BACK]
    assert (host.stack / "current").readlink() == Path("releases") / OLD
    assert not list(host.stack.glob(".placing*"))


@pytest.mark.parametrize("name", ["environment.sh", "images.lock.yaml", "files/compose.yaml", "files/it's here"])
@pytest.mark.parametrize("called", ["yes", ""])
def test_what_is_damaged_is_named_before_anything_is_touched(host: Host, name: str, called: str) -> None:
    host.release(COMPOSE, ReleaseFile("it's here", executable=False, sha256="4" * 64), env={"A": "1"})
    (host.stack / "guard.json").write_text("{}")
    damaged = host.files.parent / name
    whole = damaged.read_text()
    for spoil in (lambda: damaged.write_text(whole[:-1]), damaged.unlink, damaged.mkdir):
        spoil()
        code, said = host.run(SLIPWAY_CALLED=called)
        assert (code, f"releases/{OLD}/{name}" in said, "Nothing was done." in said) == (1, True, True), said
        assert not (host.bin / "asked").exists()
        assert not list(host.project.iterdir())
    # A program that calls it tells the journal itself.
    assert (host.stack / "guard.json").exists() == bool(called)
    assert not called or not (host.stack / "journal.jsonl").exists()
    assert called or host.events() == [journal.ROLLBACK_FAILED] * 3
    damaged.rmdir()
    damaged.write_text(whole)
    host.run(SLIPWAY_CALLED="yes")
    assert host.events()[-2:] == [journal.ROLLING_BACK, journal.ROLLED_BACK]


def test_the_confirmed_release_is_another_one_afterwards(host: Host) -> None:
    (host.stack / "current").symlink_to(f"releases/{NEW}")
    host.release(COMPOSE)
    code, said = host.run()
    assert code == 0, said
    assert (host.stack / "current").readlink() == Path("releases") / OLD


def test_files_are_on_the_disk_before_the_journal_says_so(tmp_path: Path) -> None:
    host = Host(tmp_path, "dash")
    host.program("sync", SYNC.replace("$SYNC_JOURNAL", str(host.stack / "journal.jsonl")))
    host.release(COMPOSE)
    host.run()
    lines = (host.bin / "synced").read_text().splitlines()
    (file,) = [line for line in lines if line.startswith(".placing-")]
    assert file.endswith(" 0")
    # The folder of the file, and that of the link `current`.
    assert lines.count(". 0") == 2
    assert lines[-1] == "journal.jsonl 1"


def test_the_wait_counts_seconds_however_long_the_engine_takes_to_answer(tmp_path: Path) -> None:
    host = Host(tmp_path, "dash")
    host.program("docker", DOCKER + 'case "$*" in *--quiet*) sleep 1.1 ;; esac\n')
    host.release(COMPOSE)
    code, said = host.run(SLIPWAY_CALLED="")
    assert (code, "It does not stand" in said) == (1, True)
    assert len([line for line in host.asked() if "--quiet" in line]) == 1
