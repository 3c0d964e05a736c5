# SPDX-License-Identifier: GPL-3.0-or-later
"""One command at a time on a stack, with real processes."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.coordination.lock import StackLock, end_command
from ansible_collections.slipway.compose.plugins.module_utils.core.findings import SlipwayError
from ansible_collections.slipway.compose.plugins.module_utils.core.processes import end_process, process_began

WAIT_S = 10.0


def hold(folder: Path, run: str, deaf: bool) -> None:  # noqa: FBT001 - an argument of a process
    """Hold the lock until somebody ends this process."""
    if deaf:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with StackLock(folder, run, WAIT_S):
        (folder / "held").touch()
        time.sleep(60)


@contextmanager
def holding(folder: Path, run: str = "other", *, deaf: bool = False) -> Iterator[BaseProcess]:
    """Have another process hold the lock."""
    process = get_context("fork").Process(target=hold, args=(folder, run, deaf))
    process.start()
    try:
        until = time.monotonic() + WAIT_S
        while not (folder / "held").exists():
            assert time.monotonic() < until
            time.sleep(0.01)
        yield process
    finally:
        process.kill()
        process.join()


def pid_of(process: BaseProcess) -> int:
    assert process.pid is not None
    return process.pid


def test_the_second_is_told_who_has_it(tmp_path: Path) -> None:
    with holding(tmp_path) as process, pytest.raises(SlipwayError) as raised, StackLock(tmp_path, "mine", 0.2):
        pytest.fail("two processes had the lock")
    said = str(raised.value)
    assert f"process {process.pid} of run other" in said
    assert f"fuser {tmp_path / 'lock'}" in said


def test_it_is_there_for_the_next_when_the_first_is_done(tmp_path: Path) -> None:
    for run in ("first", "second"):
        with StackLock(tmp_path, run, 0.0):
            holder = StackLock(tmp_path, "reader", 0.0).holder()
            assert holder is not None
            assert (holder.pid, holder.run) == (os.getpid(), run)
        assert StackLock(tmp_path, "reader", 0.0).holder() is None
    assert stat.S_IMODE((tmp_path / "lock").stat().st_mode) == 0o600


def test_it_is_given_back_by_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="within"), StackLock(tmp_path, "first", 0.0):
        raise ValueError("within")
    with StackLock(tmp_path, "second", 0.0):
        pass


def test_it_waits_for_the_one_who_has_it(tmp_path: Path) -> None:
    with holding(tmp_path) as process:
        os.kill(pid_of(process), signal.SIGKILL)
        with StackLock(tmp_path, "mine", WAIT_S):
            assert json.loads((tmp_path / "lock").read_text())["run"] == "mine"


def test_a_dead_process_is_no_holder_and_holds_nothing(tmp_path: Path) -> None:
    with holding(tmp_path) as process:
        process.kill()
        process.join()
        assert json.loads((tmp_path / "lock").read_text())["run"] == "other"
        assert StackLock(tmp_path, "mine", 0.0).holder() is None
        with StackLock(tmp_path, "mine", 0.0):
            pass


@pytest.mark.parametrize("text", ["", "{", "null", "[]", '{"pid": 1}', '{"pid": "x", "began": "1", "run": "r"}'])
def test_a_file_that_names_nobody_is_no_obstacle(tmp_path: Path, text: str) -> None:
    (tmp_path / "lock").write_text(text)
    assert StackLock(tmp_path, "mine", 0.0).holder() is None
    with StackLock(tmp_path, "mine", 0.0):
        pass


def test_children_do_not_keep_it(tmp_path: Path) -> None:
    with StackLock(tmp_path, "first", 0.0):
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], close_fds=False)
    try:
        with StackLock(tmp_path, "second", 5.0):
            pass
    finally:
        child.kill()
        child.wait()


@pytest.mark.parametrize("deaf", [False, True])
def test_the_command_of_a_run_is_ended(tmp_path: Path, deaf: bool) -> None:  # noqa: FBT001
    with holding(tmp_path, "cut-off", deaf=deaf) as process:
        end_command(tmp_path, "cut-off", 0.3)
        process.join(WAIT_S)
        assert process.exitcode == -(signal.SIGKILL if deaf else signal.SIGTERM)


def test_the_command_of_another_run_is_not_ended(tmp_path: Path) -> None:
    with holding(tmp_path, "other") as process:
        end_command(tmp_path, "cut-off", 0.1)
        assert process.is_alive()


def test_no_run_ends_itself_or_nobody(tmp_path: Path) -> None:
    end_command(tmp_path, "mine", 0.0)
    with StackLock(tmp_path, "mine", 0.0):
        end_command(tmp_path, "mine", 0.0)


def test_a_process_that_got_the_number_of_a_dead_one_is_left_alone(tmp_path: Path) -> None:
    with holding(tmp_path, "cut-off") as process:
        pid = pid_of(process)
        began = process_began(pid)
        (tmp_path / "lock").write_text(json.dumps({"pid": pid, "began": f"{began}0", "run": "cut-off"}))
        end_command(tmp_path, "cut-off", 0.0)
        end_process(pid, f"{began}0", 0.0)
        end_process(pid, "", 0.0)
        assert process.is_alive()
        end_process(pid, began, WAIT_S)
        process.join(WAIT_S)
        assert process.exitcode == -signal.SIGTERM


def test_when_a_process_began() -> None:
    assert process_began(os.getpid()).isdigit()
    child = subprocess.Popen(["true"])
    try:
        until = time.monotonic() + WAIT_S
        # Dead, and nobody has asked how it ended: it still has its number.
        while process_began(child.pid):
            assert time.monotonic() < until
            time.sleep(0.01)
    finally:
        child.wait()
    assert process_began(child.pid) == ""
