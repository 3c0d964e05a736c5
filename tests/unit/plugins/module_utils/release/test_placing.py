# SPDX-License-Identifier: GPL-3.0-or-later
"""A release's file gets into its place whatever stands there, in Python and in every shell, as any user."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.release.placing import activation
from ansible_collections.slipway.compose.plugins.module_utils.release.placing.script import AS_ROOT, PLACING
from ansible_collections.slipway.compose.plugins.module_utils.release.record import ReleaseFile
from tests.support.stack_files import RELEASE, WAYS, Stack

LONG = "n" * 255
ODD_NAMES = ["a b", " lead and trail ", "-rf", "it's", '$(touch x) `id` "q"', LONG, f"{LONG}/{LONG}"]


@pytest.fixture(params=WAYS, ids=lambda how: how[0])
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


def test_a_folder_on_another_file_system_gets_its_file_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = Stack(tmp_path, ["python"])
    rename = os.rename

    def within_a_folder(source: str, target: str, *, src_dir_fd: int, dst_dir_fd: int) -> None:
        if os.fstat(src_dir_fd).st_ino != os.fstat(dst_dir_fd).st_ino:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        rename(source, target, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

    monkeypatch.setattr(os, "rename", within_a_folder)
    assert stack.put(stack.file("data/seed.sql")) == (0, "")
    assert (stack.project / "data" / "seed.sql").read_text() == "new\n"
    assert stack.left_over() == []


def test_a_linter_can_read_the_shell(tmp_path: Path) -> None:
    script = tmp_path / "placing.sh"
    script.write_text(f"#!/bin/sh\nstack_dir=$1\nplacing=$2\n{PLACING}\n{AS_ROOT}")
    linter = Path(sys.executable).with_name("shellcheck")
    checked = subprocess.run([linter, "--shell=sh", script], capture_output=True, text=True, check=False, timeout=60)
    assert checked.stdout == ""
