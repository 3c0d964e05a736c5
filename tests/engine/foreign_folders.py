# SPDX-License-Identifier: GPL-3.0-or-later
"""Files get into folders that a container has taken over, although who deploys is not root."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.release.placing.activation import (
    activate,
    activation_findings,
)
from ansible_collections.slipway.compose.plugins.module_utils.release.placing.as_root import Job, do_as_root
from ansible_collections.slipway.compose.plugins.module_utils.release.record import ReleaseFile

if TYPE_CHECKING:
    import docker

RELEASE = "20261122T220000Z-1.1"
DEPLOYER, CONTAINER = 64123, 64999
CONFIG = ReleaseFile("config/app.conf", executable=False, sha256=hashlib.sha256(b"of the release\n").hexdigest())


@pytest.fixture
def stack() -> Iterator[Path]:
    """A stack of somebody who is not root, one folder of which a container has made its own."""
    top = Path(tempfile.mkdtemp(prefix="slipway-foreign-"))
    top.chmod(0o755)
    folder = top / f"foreign-{secrets.token_hex(4)}"
    (folder / "project" / "config").mkdir(parents=True)
    source = folder / "releases" / RELEASE / "files" / CONFIG.path
    source.parent.mkdir(parents=True)
    source.write_text("of the release\n")
    for path in (folder, *folder.rglob("*")):
        os.chown(path, DEPLOYER, DEPLOYER)
    folder.chmod(0o700)
    (folder / "project" / "config" / "app.conf").write_text("of the container\n")
    (folder / "project" / "config" / "old.conf").write_text("of the release before\n")
    for path in (folder / "project" / "config", *(folder / "project" / "config").iterdir()):
        os.chown(path, CONTAINER, CONTAINER)
    (folder / "project" / "config").chmod(0o700)
    yield folder
    shutil.rmtree(top)


def as_deployer(stack: Path, files: list[ReleaseFile], replaced: list[ReleaseFile]) -> str:
    """Have somebody who may ask the engine, and is not root, find out what is in the way, and activate the release."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        said = ""
        try:
            os.setgroups([Path("/var/run/docker.sock").stat().st_gid])
            os.setresgid(DEPLOYER, DEPLOYER, DEPLOYER)
            os.setresuid(DEPLOYER, DEPLOYER, DEPLOYER)
            os.environ["HOME"] = "/"
            found = activation_findings(stack, files, replaced)
            made = activate(stack, RELEASE, files, replaced)
            said = "\n".join([*(finding.sentence() for finding in found), *made.changed, *made.said])
        except BaseException as error:  # noqa: BLE001 - the test is told of it
            said += repr(error)
        os.write(writer, said.encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as told:
        said = told.read()
    os.waitpid(child, 0)
    return said


def test_a_release_gets_into_a_folder_that_a_container_has_taken_over(stack: Path) -> None:
    old = ReleaseFile("config/old.conf", executable=False, sha256="0" * 64)
    assert as_deployer(stack, [CONFIG], [old]) == "config/app.conf\nconfig/old.conf"
    config = stack / "project" / "config"
    assert [path.name for path in config.iterdir()] == ["app.conf"]
    made = (config / "app.conf").stat()
    assert (config / "app.conf").read_text() == "of the release\n"
    assert (made.st_uid, made.st_mode & 0o777) == (DEPLOYER, 0o644)
    assert (config.stat().st_uid, config.stat().st_mode & 0o777) == (CONTAINER, 0o700)


def test_what_stood_in_the_way_there_is_kept_and_comes_back(stack: Path) -> None:
    place = stack / "project" / "config" / "app.conf"
    place.unlink()
    place.mkdir()
    (place / "rows").write_text("of the container")
    for path in (place, place / "rows"):
        os.chown(path, CONTAINER, CONTAINER)
    said = as_deployer(stack, [CONFIG], [])
    (kept,) = (stack / "displaced").iterdir()
    assert said == (f"config/app.conf\nKept what stood in the way of config/app.conf: displaced/{kept.name}/thing")
    assert place.read_text() == "of the release\n"
    assert as_deployer(stack, [], [CONFIG]) == (
        "config/app.conf\nPut back what had stood in the way of config/app.conf."
    )
    assert (place / "rows").read_text() == "of the container"
    assert place.stat().st_uid == CONTAINER


def test_nothing_is_left_of_it_and_a_link_leads_nowhere(stack: Path, engine: docker.DockerClient) -> None:
    outside = stack.parent / "outside"
    outside.mkdir()
    (stack / "project" / "linked").symlink_to(outside)
    (stack / "project" / "config" / "app.conf").unlink()
    (stack / "project" / "config" / "app.conf").symlink_to(outside / "secret")
    linked = Job("place", "linked/app.conf", f"releases/{RELEASE}", 0o644)
    (stack / "releases" / RELEASE / "files" / "linked").mkdir()
    shutil.copy(stack / "releases" / RELEASE / "files" / CONFIG.path, stack / "releases" / RELEASE / "files" / "linked")
    said, reason = do_as_root(stack, [Job.of(CONFIG, RELEASE), linked, Job("may", "config/new.conf")])
    assert (said, reason) == ([], "")
    assert list(outside.iterdir()) == []
    assert (stack / "project" / "linked" / "app.conf").read_text() == "of the release\n"
    assert (stack / "project" / "config" / "app.conf").read_text() == "of the release\n"
    project = {"label": f"com.docker.compose.project={stack.name}"}
    assert engine.api.containers(all=True, filters=project) == []
    assert [one for one in engine.images.list() if any(tag.startswith("slipway-nothing") for tag in one.tags)] == []


def test_what_not_even_root_can_do_is_told(stack: Path) -> None:
    missing = Job("place", "config/other.conf", f"releases/{RELEASE}", 0o644)
    said, reason = do_as_root(stack, [missing])
    assert "Could not reach config/other.conf." in said
    assert "Could not reach config/other.conf." in reason
