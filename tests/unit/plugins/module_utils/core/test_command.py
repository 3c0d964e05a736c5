# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that change containers: one at a time, also where the one before was left alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.core import command
from ansible_collections.slipway.compose.plugins.module_utils.core.findings import SlipwayError
from ansible_collections.slipway.compose.plugins.module_utils.core.processes import process_began

ENVIRONMENT = {"PATH": os.environ["PATH"]}
WAIT_S = 10.0


def until(true: Callable[[], bool]) -> None:
    limit = time.monotonic() + WAIT_S
    while not true():
        assert time.monotonic() < limit
        time.sleep(0.01)


@pytest.fixture
def note(tmp_path: Path) -> Path:
    return tmp_path / command.RUNNING_FILE


def test_the_note_names_the_command_while_it_runs(note: Path) -> None:
    script = f'cat {note}; echo $$; cut -d " " -f 22 /proc/$$/stat; cat'
    said = command.run_command(["sh", "-c", script], ENVIRONMENT, WAIT_S, note=note).output.split()
    assert len(said) == 4
    assert said[:2] == said[2:]
    assert not note.exists()


def test_arguments_and_exit_codes_are_what_they_were(note: Path) -> None:
    odd = ["a b", "$(id)", "", "-e", "'\"", "*", "two\nlines"]
    for where in (None, note):
        answer = command.run_command(
            ["sh", "-c", 'printf "%s|" "$@"; exit 7', "sh", *odd], ENVIRONMENT, WAIT_S, note=where
        )
        assert (answer.exit_code, answer.output) == (7, "".join(f"{one}|" for one in odd))


def test_a_program_that_is_missing_is_named(note: Path) -> None:
    for where in (None, note):
        with pytest.raises(SlipwayError, match=r"no-such-program: expected a program that can be run.*bootstrap\.yml"):
            command.run_command(["no-such-program"], ENVIRONMENT, WAIT_S, note=where)


def test_a_command_that_was_left_alone_is_ended_before_the_next(note: Path, tmp_path: Path) -> None:
    script = f"sleep 60 & echo $! >{tmp_path}/child; wait"
    left = subprocess.Popen(["sh", "-c", script], start_new_session=True)
    try:
        until(lambda: (tmp_path / "child").exists() and (tmp_path / "child").read_text().endswith("\n"))
        child = int((tmp_path / "child").read_text())
        note.write_text(f"{left.pid} {process_began(left.pid)}\n")
        command.run_command(["true"], ENVIRONMENT, WAIT_S, note=note)
        until(lambda: not process_began(left.pid) and not process_began(child))
        assert left.wait(WAIT_S) == -signal.SIGKILL
    finally:
        left.kill()
        left.wait()


@pytest.mark.parametrize(
    "text",
    ["", "x", "1", "1 2 3", "99999999 1", "\0", pytest.param(f"{os.getpid()} 1\n", id="this process, another one")],
)
def test_a_note_about_nobody_ends_nobody(note: Path, text: str) -> None:
    note.write_text(text)
    assert command.run_command(["echo", "done"], ENVIRONMENT, WAIT_S, note=note).output == "done\n"
    assert not note.exists()


def test_a_command_that_takes_too_long_is_ended_with_its_children(note: Path, tmp_path: Path) -> None:
    script = f"sleep 60 & echo $! >{tmp_path}/child; wait"
    with pytest.raises(SlipwayError, match=r"no end after 0 s \(stack_start_timeout\)"):
        command.run_command(["sh", "-c", script], ENVIRONMENT, 0.3, limit="stack_start_timeout", note=note)
    child = int((tmp_path / "child").read_text())
    until(lambda: not process_began(child))


def test_a_note_that_cannot_be_written_does_not_keep_a_command_from_running(tmp_path: Path) -> None:
    note = tmp_path / "no" / "such" / "folder"
    assert command.run_command(["echo", "done"], ENVIRONMENT, WAIT_S, note=note).output == "done\n"


def test_a_caller_that_dies_before_the_note_is_written_starts_nothing(
    note: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(_group: int, _note: Path | None) -> None:
        time.sleep(0.2)
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(command, "noted", die)
    argv = [sys.executable, "-c", f"open({str(tmp_path / 'started')!r}, 'w')"]
    caller = get_context("fork").Process(
        target=command.run_command, args=(argv, ENVIRONMENT, WAIT_S), kwargs={"note": note}
    )
    caller.start()
    caller.join(WAIT_S)
    assert caller.exitcode == -signal.SIGKILL
    time.sleep(0.3)
    assert not (tmp_path / "started").exists()


def test_a_caller_that_dies_later_leaves_a_note(note: Path) -> None:
    caller = get_context("fork").Process(
        target=command.run_command, args=(["sleep", "60"], ENVIRONMENT, 90.0), kwargs={"note": note}
    )
    caller.start()
    until(lambda: note.exists() and note.read_text().endswith("\n"))
    caller.kill()
    caller.join()
    group = int(note.read_text().split()[0])
    assert process_began(group)
    command.end_noted(note)
    until(lambda: not process_began(group))
