"""A command that somebody else wrote: its time, its output and its children are bounded."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.core.user_command import Ended, run_user_command

ENVIRONMENT = {"PATH": os.environ["PATH"]}


def shell(script: str, folder: Path, timeout_s: float = 10.0) -> Ended:
    return run_user_command(["sh", "-c", script], ENVIRONMENT, timeout_s, str(folder))


def test_output_of_both_kinds_is_kept(tmp_path: Path) -> None:
    ended = shell("echo out; echo; echo err >&2; exit 3", tmp_path)
    assert (ended.exit_code, ended.lines, ended.passed) == (3, ("out", "err"), False)
    assert ended.seen(10).startswith("exit code 3 after ")


def test_only_the_end_of_much_output_is_kept(tmp_path: Path) -> None:
    ended = shell("i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done", tmp_path)
    assert ended.passed
    assert len(ended.lines) == 20
    assert ended.lines[-1] == "line 19999"


def test_half_a_line_is_not_shown(tmp_path: Path) -> None:
    ended = shell("head -c 100000 /dev/zero | tr '\\0' s; echo; echo end", tmp_path)
    assert ended.lines == ("end",)


def test_it_gets_no_other_environment_and_nothing_to_read(tmp_path: Path) -> None:
    ended = shell("env | grep -v -e ^PWD= -e ^_= -e ^SHLVL= -e ^OLDPWD=; cat; pwd", tmp_path)
    assert ended.lines == (f"PATH={ENVIRONMENT['PATH']}", str(tmp_path))


def test_a_child_in_the_background_is_not_waited_for(tmp_path: Path) -> None:
    ended = shell("sleep 4 & echo done", tmp_path)
    assert ended.passed
    assert ended.lines == ("done",)
    assert ended.duration_s < 3


@pytest.mark.parametrize(
    "script",
    [
        "sleep 60",
        "sleep 60 & sleep 61 & wait",
        "setsid sh -c 'echo $$ >>pids; sleep 60' & wait",
        "trap '' TERM; sleep 60 & while :; do sleep 1; done",
    ],
)
def test_its_time_limit_ends_it_and_its_children(tmp_path: Path, script: str) -> None:
    began = time.monotonic()
    ended = shell(f"echo $$ >pids; echo begun; {script}", tmp_path, timeout_s=0.5)
    assert time.monotonic() - began < 8
    assert ended.exit_code is None
    assert ended.lines[:1] == ("begun",)
    assert ended.seen(0.5) == "no end within its time limit of 0.5 s; it and its children were killed"
    assert [pid for pid in (tmp_path / "pids").read_text().split() if runs(int(pid))] == []
    assert "sleep" not in "".join(commands_in(tmp_path))


def test_a_signal_is_told(tmp_path: Path) -> None:
    ended = shell("kill -9 $$", tmp_path)
    assert ended.seen(10).startswith("ended by signal 9")


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        run_user_command(["no-such-program"], ENVIRONMENT, 1, str(tmp_path))


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def commands_in(folder: Path) -> list[str]:
    """Return the command lines of the processes whose working folder is this one."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if (entry / "cwd").readlink() == folder:
                    found.append((entry / "cmdline").read_text())
            except OSError:
                continue
    return found
