# SPDX-License-Identifier: GPL-3.0-or-later
"""`rollback.sh` where folders of the stack belong to others, and somebody who is not root deploys."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.release import journal
from ansible_collections.slipway.compose.plugins.module_utils.release.record import ReleaseFile
from tests.support.stack_files import CONTAINER, DEPLOYER
from tests.unit.plugins.module_utils.release.test_rollback_script_release import (
    COMPOSE,
    OLD,
    Host,
)


@pytest.fixture
def open_host() -> Iterator[Host]:
    """A host on which somebody who is not root deploys."""
    # pytest's own folders are closed to other users.
    folder = Path("/tmp") / f"slipway-way-back-{os.getpid()}"  # noqa: S108 - a test's own name
    folder.mkdir(mode=0o755)
    made = Host(folder, "dash")
    made.user = DEPLOYER
    yield made
    shutil.rmtree(folder)


def give(host: Host) -> None:
    """Have what lies on the host belong to who deploys."""
    for path in (host.stack, host.bin, *host.stack.rglob("*"), *host.bin.rglob("*")):
        os.chown(path, DEPLOYER, DEPLOYER, follow_symlinks=False)


def test_what_a_container_has_taken_over_is_written_as_root(open_host: Host) -> None:
    host = open_host
    changed = ReleaseFile("config/my app.conf", executable=False, sha256="4" * 64)
    host.release(COMPOSE, changed, undone=(ReleaseFile("config/gone", executable=False, sha256="5" * 64),))
    (host.project / "config").mkdir()
    for name in ("my app.conf", "gone"):
        (host.project / "config" / name).write_text("new\n")
    give(host)
    os.chown(host.project / "config", CONTAINER, CONTAINER)
    code, said = host.run()
    assert code == 0, said
    assert (host.bin / "input").read_text() == (f"gone - - config/gone\nplace releases/{OLD} 644 config/my app.conf\n")
    (run,) = [line for line in "\n".join(host.asked()).split("\n") if line.startswith("run ")]
    assert f"--volume {host.stack}:/stack" in run
    assert "--network none --read-only --cap-drop ALL" in run
    (host.bin / "run-exit").write_text("1")
    code, said = host.run()
    assert code == 1
    assert f"As root, this works: sudo sh {host.script}" in said
    assert host.events()[-1] == journal.ROLLING_BACK


def test_a_file_that_only_a_container_sees_keeps_nobody_from_going_back(open_host: Host) -> None:
    host = open_host
    keep = ReleaseFile("data/.gitkeep", executable=False, sha256="6" * 64)
    host.release(COMPOSE, keep, undone=(COMPOSE, keep))
    (host.project / "data").mkdir()
    give(host)
    os.chown(host.project / "data", CONTAINER, CONTAINER)
    (host.project / "data").chmod(0o700)
    code, said = host.run()
    assert code == 0, said
    assert not (host.bin / "input").exists()
