# SPDX-License-Identifier: GPL-3.0-or-later
"""A release's file gets into its place whatever stands there, in Python and in every shell, as any user."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.core.findings import SlipwayError
from ansible_collections.slipway.compose.plugins.module_utils.release import activation
from ansible_collections.slipway.compose.plugins.module_utils.release.placing_script import AS_ROOT, PLACING
from ansible_collections.slipway.compose.plugins.module_utils.release.record import ReleaseFile

RELEASE = "20261122T220000Z-1.1"
SHELLS = [shell for shell in (["dash"], ["busybox", "sh"], ["bash", "--posix"]) if shutil.which(shell[0])]
LONG = "n" * 255
ODD_NAMES = ["a b", " lead and trail ", "-rf", "it's", '$(touch x) `id` "q"', LONG, f"{LONG}/{LONG}"]
#: Somebody who deploys, and somebody whom a container runs as.
DEPLOYER, CONTAINER = 64123, 64999
as_others = pytest.mark.skipif(os.geteuid() != 0, reason="takes root to be somebody else")


def as_user(user: int, act: Callable[[], tuple[int, str]]) -> tuple[int, str]:
    """Return what another user has to say of an act, which a process of theirs does."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
            answer = act()
        except BaseException as error:  # noqa: BLE001 - the test is told of it
            answer = 99, repr(error)
        os.write(writer, json.dumps(answer).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as told:
        code, said = json.load(told)
    os.waitpid(child, 0)
    return code, said


class Stack:
    """A stack's folder, and somebody who puts the files of a release into it."""

    def __init__(self, folder: Path, how: list[str]) -> None:
        self.how = how
        self.folder = folder / "shop"
        self.project = self.folder / "project"
        self.project.mkdir(parents=True)
        self.project.chmod(0o755)
        self.folder.chmod(0o700)
        self.displaced = self.folder / "displaced"
        self.user: int | None = None
        self.outside = folder / "outside"
        self.outside.mkdir()
        (self.outside / "secret").write_text("untouched")

    def belong_to(self, user: int) -> None:
        """Have somebody else deploy, from now on."""
        self.user = user
        for path in (self.folder, self.project):
            os.chown(path, user, user)

    def file(self, path: str, content: str = "new\n", *, executable: bool = False) -> ReleaseFile:
        """Add a file to the release."""
        there = self.folder / "releases" / RELEASE / "files" / path
        there.parent.mkdir(parents=True, exist_ok=True)
        there.write_text(content)
        if self.user is not None:
            for one in (there, *there.parents):
                if self.folder in one.parents:
                    os.chown(one, self.user, self.user)
        return ReleaseFile(path, executable, hashlib.sha256(content.encode()).hexdigest())

    def put(self, *files: ReleaseFile, replaced: tuple[ReleaseFile, ...] = ()) -> tuple[int, str]:
        """Put files into their places; return how that ended and what was said."""
        if self.how == ["python"]:
            return self._python(files, replaced)
        lines = [f"gone {shlex.quote(one.path)}" for one in replaced if one.path not in {file.path for file in files}]
        for one in files:
            same = "same" if one in replaced else "other"
            lines.append(f"place releases/{RELEASE} {one.mode:o} {shlex.quote(one.path)} {same}")
        script = f"set -eu\numask 022\nstack_dir=$1\n{PLACING}\n" + "\n".join([*lines, "bring_back"])
        ended = subprocess.run(
            [*self.how, "-c", script, "sh", str(self.folder)],
            text=True, capture_output=True, check=False, timeout=20, user=self.user, group=self.user, cwd="/",
            extra_groups=[] if self.user is not None else None, env={"PATH": os.environ["PATH"]},
        )  # fmt: skip
        return ended.returncode, (ended.stdout + ended.stderr).strip()

    def _python(self, files: tuple[ReleaseFile, ...], replaced: tuple[ReleaseFile, ...]) -> tuple[int, str]:
        def activated() -> tuple[int, str]:
            try:
                return 0, "\n".join(activation.activate(self.folder, RELEASE, files, replaced).said)
            except SlipwayError as error:
                return 1, str(error)

        return activated() if self.user is None else as_user(self.user, activated)

    def kept(self) -> list[Path]:
        """Return what was kept because it stood in the way."""
        return sorted(self.displaced.glob("*/thing")) + sorted(self.project.rglob(".slipway-kept-*"))

    def left_over(self) -> list[str]:
        """Return temporary files."""
        begins = (".placing", ".slipway-", ".new")
        return [path.name for path in self.folder.rglob(".*") if path.name.startswith(begins)]


@pytest.fixture(params=[["python"], *SHELLS], ids=lambda how: how[0])
def stack(request: pytest.FixtureRequest) -> Iterator[Stack]:
    # pytest's own folders are closed to other users.
    folder = Path(tempfile.mkdtemp(prefix="slipway-placing-"))
    folder.chmod(0o755)
    yield Stack(folder, request.param)
    shutil.rmtree(folder)


def nothing(_stack: Stack) -> None:
    pass


def folder(stack: Stack) -> None:
    (stack.project / "conf" / "site.conf").mkdir(parents=True)


def empty_folders(stack: Stack) -> None:
    (stack.project / "conf" / "site.conf" / "a" / "b").mkdir(parents=True)


def link_to_file(stack: Stack) -> None:
    (stack.project / "conf").mkdir()
    (stack.project / "conf" / "site.conf").symlink_to(stack.outside / "secret")


def link_to_folder(stack: Stack) -> None:
    (stack.project / "conf").mkdir()
    (stack.project / "conf" / "site.conf").symlink_to(stack.outside)


def link_to_nothing(stack: Stack) -> None:
    (stack.project / "conf").mkdir()
    (stack.project / "conf" / "site.conf").symlink_to(stack.outside / "not-yet")


def link_for_a_folder(stack: Stack) -> None:
    (stack.project / "conf").symlink_to(stack.outside)


def fifo(stack: Stack) -> None:
    (stack.project / "conf").mkdir()
    os.mkfifo(stack.project / "conf" / "site.conf")


def fifo_for_a_folder(stack: Stack) -> None:
    os.mkfifo(stack.project / "conf")


def empty_file_for_a_folder(stack: Stack) -> None:
    (stack.project / "conf").touch()


def planted_temporary_names(stack: Stack) -> None:
    (stack.project / "conf").mkdir()
    for name in ("site.conf.slipway-new", ".site.conf.new", "site.conf~"):
        (stack.project / "conf" / name).symlink_to(stack.outside / "secret")


def other_content(stack: Stack) -> None:
    (stack.project / "conf").mkdir()
    (stack.project / "conf" / "site.conf").write_text("old\n")


def other_mode(stack: Stack) -> None:
    other_content(stack)
    (stack.project / "conf" / "site.conf").write_text("new\n")
    (stack.project / "conf" / "site.conf").chmod(0o600)


@pytest.mark.parametrize("executable", [False, True])
@pytest.mark.parametrize(
    "before",
    [
        nothing, folder, empty_folders, link_to_file, link_to_folder, link_to_nothing, link_for_a_folder, fifo,
        fifo_for_a_folder, empty_file_for_a_folder, planted_temporary_names, other_content, other_mode,
    ],
)  # fmt: skip
def test_a_file_gets_into_its_place(stack: Stack, before: Callable[[Stack], None], *, executable: bool) -> None:
    before(stack)
    file = stack.file("conf/site.conf", executable=executable)
    assert stack.put(file) == (0, "")
    made = stack.project / "conf" / "site.conf"
    assert made.read_text() == "new\n"
    assert not made.is_symlink()
    assert not made.parent.is_symlink()
    assert made.stat().st_mode & 0o7777 == (0o755 if executable else 0o644)
    assert made.parent.stat().st_mode & 0o777 == 0o755
    assert [path.name for path in stack.outside.iterdir()] == ["secret"]
    assert (stack.outside / "secret").read_text() == "untouched"
    assert stack.kept() == []
    assert stack.left_over() == []
    assert activation.astray(stack.folder, [file]) == []


@pytest.mark.parametrize("name", ODD_NAMES)
def test_any_name_is_a_name(stack: Stack, name: str) -> None:
    assert stack.put(stack.file(name)) == (0, "")
    assert (stack.project / name).read_text() == "new\n"
    assert stack.put(replaced=(stack.file(name),)) == (0, "")
    assert not (stack.project / name).exists()


def test_a_file_that_stands_there_stays_the_same_file(stack: Stack) -> None:
    files = (stack.file("a"), stack.file("b", executable=True))
    stack.put(*files)
    before = [(stack.project / name).stat().st_ino for name in "ab"]
    stack.put(*files)
    assert [(stack.project / name).stat().st_ino for name in "ab"] == before


def test_a_file_becomes_a_folder_and_a_folder_a_file_and_back(stack: Stack) -> None:
    first = (stack.file("rules", "allow all\n"), stack.file("texts/a", "old text\n"))
    stack.put(*first)
    files = stack.folder / "releases" / RELEASE / "files"
    shutil.rmtree(files)
    second = (stack.file("rules/10-first", "allow some\n"), stack.file("texts", "new text\n"))
    assert stack.put(*second, replaced=first) == (0, "")
    assert (stack.project / "rules" / "10-first").read_text() == "allow some\n"
    assert (stack.project / "texts").read_text() == "new text\n"
    shutil.rmtree(files)
    first = (stack.file("rules", "allow all\n"), stack.file("texts/a", "old text\n"))
    assert stack.put(*first, replaced=second) == (0, "")
    assert (stack.project / "rules").read_text() == "allow all\n"
    assert (stack.project / "texts" / "a").read_text() == "old text\n"
    assert stack.kept() == []


def test_data_in_the_way_is_kept_and_comes_back_when_the_file_goes(stack: Stack) -> None:
    data = stack.project / "conf" / "site.conf"
    (data / "empty").mkdir(parents=True)
    (data / "rows").write_text("of somebody")
    file = stack.file("conf/site.conf")
    code, said = stack.put(file)
    assert code == 0, said
    (kept,) = stack.kept()
    assert said == f"Kept what stood in the way of conf/site.conf: {kept.relative_to(stack.folder)}"
    assert (kept / "rows").read_text() == "of somebody"
    assert (kept / "empty").is_dir()
    assert (stack.project / "conf" / "site.conf").read_text() == "new\n"
    assert stack.put(file) == (0, "")
    assert stack.put(replaced=(file,)) == (0, "Put back what had stood in the way of conf/site.conf.")
    assert (data / "rows").read_text() == "of somebody"
    assert (data / "empty").is_dir()
    assert list(stack.displaced.iterdir()) == []


def test_a_file_with_data_in_the_way_of_a_folder_is_kept(stack: Stack) -> None:
    (stack.project / "state").write_text("of somebody")
    file = stack.file("state/seed")
    code, said = stack.put(file)
    assert (code, said.partition(":")[0]) == (0, "Kept what stood in the way of state")
    assert [path.read_text() for path in stack.kept()] == ["of somebody"]


def test_a_folder_in_the_place_of_a_file_that_goes_is_data(stack: Stack) -> None:
    (stack.project / "data").mkdir()
    (stack.project / "data" / "rows").write_text("of somebody")
    assert stack.put(replaced=(stack.file("data"), stack.file("not/there"))) == (0, "")
    assert (stack.project / "data" / "rows").read_text() == "of somebody"


def test_a_link_in_the_place_of_a_file_that_goes_is_removed_and_not_followed(stack: Stack) -> None:
    (stack.project / "config").symlink_to(stack.outside)
    (stack.project / "a").symlink_to(stack.outside / "secret")
    assert stack.put(replaced=(stack.file("config/secret"), stack.file("a"))) == (0, "")
    assert (stack.outside / "secret").read_text() == "untouched"
    assert not (stack.project / "a").is_symlink()


@as_others
def test_what_root_makes_belongs_to_who_deploys(stack: Stack) -> None:
    for path in (stack.folder, stack.project):
        os.chown(path, DEPLOYER, DEPLOYER)
    (stack.project / "data").mkdir()
    (stack.project / "data" / "rows").touch()
    stack.put(stack.file("conf/site.conf"), stack.file("data"))
    made = [stack.project / "conf", stack.project / "conf" / "site.conf", stack.project / "data"]
    assert {path.stat().st_uid for path in made} == {DEPLOYER}


@as_others
def test_a_file_that_a_container_took_over_is_the_same_until_its_content_differs(stack: Stack) -> None:
    stack.belong_to(DEPLOYER)
    file = stack.file("key")
    stack.put(file)
    key = stack.project / "key"
    os.chown(key, CONTAINER, CONTAINER)
    os.chown(key, CONTAINER, DEPLOYER)
    # The deployer may read it, and then may not.
    for mode in (0o440, 0o400):
        key.chmod(mode)
        assert stack.put(file, replaced=(file,)) == (0, "")
        assert key.stat().st_uid == CONTAINER
    changed = stack.file("key", "changed\n")
    assert stack.put(changed, replaced=(file,)) == (0, "")
    assert key.read_text() == "changed\n"
    assert (key.stat().st_uid, key.stat().st_mode & 0o777) == (DEPLOYER, 0o644)


@as_others
def test_a_folder_of_root_in_the_way_is_no_obstacle(stack: Stack) -> None:
    stack.belong_to(DEPLOYER)
    for name in ("empty.conf", "full.conf"):
        (stack.project / name).mkdir()
    (stack.project / "full.conf" / "rows").write_text("of a container")
    files = (stack.file("empty.conf"), stack.file("full.conf"))
    code, said = stack.put(*files)
    assert code == 0, said
    assert [(stack.project / file.path).read_text() for file in files] == ["new\n", "new\n"]
    (kept,) = stack.kept()
    assert said == f"Kept what stood in the way of full.conf: project/{kept.name}"
    assert (kept / "rows").read_text() == "of a container"
    assert stack.put(replaced=files) == (0, "Put back what had stood in the way of full.conf.")
    assert (stack.project / "full.conf" / "rows").read_text() == "of a container"


@as_others
def test_a_file_that_only_a_container_sees_is_left_alone_while_it_is_the_same(stack: Stack) -> None:
    stack.belong_to(DEPLOYER)
    file = stack.file("data/.gitkeep", "")
    stack.put(file)
    os.chown(stack.project / "data", CONTAINER, CONTAINER)
    (stack.project / "data").chmod(0o700)
    assert stack.put(file, replaced=(file,)) == (0, "")


@as_others
@pytest.mark.parametrize("mode", [0o700, 0o755])
def test_where_only_a_container_may_write_it_takes_more_than_this_user(stack: Stack, mode: int) -> None:
    stack.belong_to(DEPLOYER)
    file = stack.file("config/app.conf")
    stack.put(file)
    os.chown(stack.project / "config", CONTAINER, CONTAINER)
    (stack.project / "config").chmod(mode)
    changed = stack.file("config/app.conf", "changed\n")
    ended = [stack.put(changed, replaced=(file,)), stack.put(replaced=(file,))]
    if stack.how == ["python"]:
        # There is no engine that this user reaches.
        assert [code for code, _said in ended] == [1, 1]
        said = ended[0][1]
        assert f"{stack.project}/config, which belongs to {CONTAINER}" in said
        assert f"sudo chown -R {DEPLOYER}: {stack.project}/config" in said
    else:
        assert [code for code, _said in ended] == [3, 3] if mode == 0o700 else [4, 4]
    assert (stack.project / "config" / "app.conf").read_text() == "new\n"


@as_others
def test_in_a_folder_that_cannot_be_written_nothing_is_touched_that_stands(stack: Stack) -> None:
    stack.belong_to(DEPLOYER)
    file = stack.file("config/app.conf")
    stack.put(file)
    os.chown(stack.project / "config", CONTAINER, CONTAINER)
    assert stack.put(file) == (0, "")


def test_a_dry_run_finds_what_stops_and_touches_nothing(tmp_path: Path) -> None:
    stack = Stack(tmp_path, ["python"])
    (stack.project / "data").mkdir()
    (stack.project / "data" / "rows").write_text("of somebody")
    (stack.project / "conf").symlink_to(stack.outside)
    files = [stack.file("data"), stack.file("conf/site.conf"), stack.file("deep/er/x"), stack.file("old")]
    before = sorted(stack.folder.rglob("*"))
    assert activation.activation_findings(stack.folder, files[:3], files[3:]) == []
    assert sorted(stack.folder.rglob("*")) == before
    too_long = ReleaseFile("n" * 256, executable=False, sha256="0" * 64)
    (finding,) = activation.activation_findings(stack.folder, [too_long], ())
    assert (finding.thing, finding.seen) == (f"file {stack.project}/{'n' * 256}", "File name too long")


def test_a_linter_can_read_the_shell(tmp_path: Path) -> None:
    script = tmp_path / "placing.sh"
    script.write_text(f"#!/bin/sh\nstack_dir=$1\nplacing=$2\n{PLACING}\n{AS_ROOT}")
    linter = Path(sys.executable).with_name("shellcheck")
    checked = subprocess.run([linter, "--shell=sh", script], capture_output=True, text=True, check=False, timeout=60)
    assert checked.stdout == ""
