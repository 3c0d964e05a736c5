# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel tells of processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.core.processes import Process, process, processes


def test_this_process_is_among_all_of_them() -> None:
    mine = process(os.getpid())
    assert mine is not None
    assert (mine.pid, mine.parent, mine.has_ended) == (os.getpid(), os.getppid(), False)
    assert mine.began.isdigit()
    assert mine in list(processes())


def test_one_that_has_ended_and_was_not_waited_for_says_so() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        until = time.monotonic() + 30
        while not (found := process(child.pid)) or not found.has_ended:
            assert time.monotonic() < until
        child.wait()
        assert process(child.pid) is None


@pytest.mark.parametrize("name", ["sh", "a (b) c) S 1 2", "", "two\nlines"])
def test_a_name_may_hold_anything(tmp_path: Path, name: str) -> None:
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "stat").write_text(f"7 ({name}) S 3 {'0 ' * 17}99 0\n", encoding="utf-8")
    assert process(7, tmp_path) == Process(7, name, 3, "99", has_ended=False)


def test_what_is_no_process_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "uptime").touch()
    (tmp_path / "8").mkdir()
    (tmp_path / "8" / "stat").touch()
    assert list(processes(tmp_path)) == []
