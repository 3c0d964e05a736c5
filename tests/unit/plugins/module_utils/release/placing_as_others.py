# SPDX-License-Identifier: GPL-3.0-or-later
"""A release's file gets into its place where its folder, or what stands there, belongs to somebody else."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.stack_files import CONTAINER, DEPLOYER, WAYS, Stack


@pytest.fixture(params=WAYS, ids=lambda how: how[0])
def stack(request: pytest.FixtureRequest) -> Iterator[Stack]:
    # pytest's own folders are closed to other users.
    folder = Path(tempfile.mkdtemp(prefix="slipway-placing-"))
    folder.chmod(0o755)
    yield Stack(folder, request.param)
    shutil.rmtree(folder)


def test_what_root_makes_belongs_to_who_deploys(stack: Stack) -> None:
    for path in (stack.folder, stack.project):
        os.chown(path, DEPLOYER, DEPLOYER)
    (stack.project / "data").mkdir()
    (stack.project / "data" / "rows").touch()
    stack.put(stack.file("conf/site.conf"), stack.file("data"))
    made = [stack.project / "conf", stack.project / "conf" / "site.conf", stack.project / "data"]
    assert {path.stat().st_uid for path in made} == {DEPLOYER}


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


def test_a_file_that_only_a_container_sees_is_left_alone_while_it_is_the_same(stack: Stack) -> None:
    stack.belong_to(DEPLOYER)
    file = stack.file("data/.gitkeep", "")
    stack.put(file)
    os.chown(stack.project / "data", CONTAINER, CONTAINER)
    (stack.project / "data").chmod(0o700)
    assert stack.put(file, replaced=(file,)) == (0, "")


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


def test_in_a_folder_that_cannot_be_written_nothing_is_touched_that_stands(stack: Stack) -> None:
    stack.belong_to(DEPLOYER)
    file = stack.file("config/app.conf")
    stack.put(file)
    os.chown(stack.project / "config", CONTAINER, CONTAINER)
    assert stack.put(file) == (0, "")
