# SPDX-License-Identifier: GPL-3.0-or-later
"""What ends a run early: signals, the second of them, the time limit; and how Ansible is ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from scripts.playbook_run.early_signals import SIGNALS, end, take_signals
from scripts.playbook_run.interruption import DEFAULT_LIMIT_S, ONCE_S, Insisted, Interruption
from scripts.playbook_run.processes import ASK_S, AnsibleEnd, Process, family, kill, running_processes

ROOT = Path(__file__).resolve().parents[3]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def handlers() -> Iterator[None]:
    before = [(number, signal.getsignal(number)) for number in SIGNALS]
    yield
    for number, handler in before:
        signal.signal(number, handler)


def test_nothing_ends_a_run_at_first() -> None:
    assert Interruption(Clock()).reason() is None


@pytest.mark.parametrize("number", SIGNALS)
def test_the_first_signal_is_the_reason(number: signal.Signals) -> None:
    interruption = Interruption(Clock())
    interruption.note(number, None)
    assert interruption.reason() == number.name


def test_one_signal_sent_twice_asks_once_and_a_later_one_insists_once() -> None:
    clock = Clock()
    interruption = Interruption(clock)
    interruption.note(signal.SIGTERM, None)
    clock.now = ONCE_S / 2
    interruption.note(signal.SIGTERM, None)
    clock.now = ONCE_S
    with pytest.raises(Insisted):
        interruption.note(signal.SIGINT, None)
    interruption.note(signal.SIGINT, None)
    assert interruption.reason() == "SIGTERM"


def test_the_time_limit_is_a_reason_and_a_signal_then_insists() -> None:
    clock = Clock()
    interruption = Interruption(clock)
    interruption.limit(60)
    clock.now = 59
    assert interruption.reason() is None
    clock.now = 60
    assert interruption.reason() == "its time limit of 60 s (stack_run_timeout)"
    clock.now = 60 + ONCE_S
    with pytest.raises(Insisted):
        interruption.note(signal.SIGINT, None)
    assert interruption.reason() == "its time limit of 60 s (stack_run_timeout)"


def test_a_limit_of_0_is_none() -> None:
    clock = Clock()
    interruption = Interruption(clock)
    interruption.limit(0)
    clock.now = 10 * DEFAULT_LIMIT_S
    assert interruption.reason() is None


def test_the_limit_before_the_environment_is_read_is_the_roles_default() -> None:
    defaults = yaml.safe_load((ROOT / "roles" / "stack" / "defaults" / "main.yml").read_text(encoding="utf-8"))
    assert defaults["stack_run_timeout"] == DEFAULT_LIMIT_S


@pytest.mark.usefixtures("handlers")
def test_nohup_keeps_its_meaning() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    take_signals(end)
    assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    assert signal.getsignal(signal.SIGTERM) is end


def test_a_signal_before_anything_was_begun_ends_in_order() -> None:
    program = (
        "import os, signal\nfrom scripts.playbook_run.early_signals import *\n"
        "take_signals(end)\nos.kill(os.getpid(), signal.SIGTERM)\nprint('went on')"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 10
    assert done.stdout == "verdict: refused (interrupted) · SIGTERM came before anything was begun\n"


def test_a_family_is_found_across_its_generations() -> None:
    processes = [Process(4, 3, "d"), Process(2, 1, "b"), Process(3, 2, "c"), Process(9, 1, "x")]
    assert [process.pid for process in family(2, processes)] == [2, 3, 4]
    assert family(7, processes) == []


def test_a_number_that_was_given_again_is_not_killed() -> None:
    (me,) = (process for process in running_processes() if process.pid == os.getpid())
    kill([Process(me.pid, me.parent, "another time")])


def started(program: str) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


def test_ansible_is_asked_first(tmp_path: Path) -> None:
    with started("import time\nprint('ready', flush=True)\ntime.sleep(60)") as process:
        pid_file, clock = tmp_path / "pid", Clock()
        pid_file.write_text(str(process.pid), encoding="ascii")
        assert not AnsibleEnd(pid_file, clock).is_over()
        assert process.wait(10) in (-signal.SIGINT, 1)


def test_ansible_is_killed_with_all_that_it_started_when_it_does_not_listen(tmp_path: Path) -> None:
    child = "import signal, time; signal.signal(2, signal.SIG_IGN); time.sleep(60)"
    program = (
        "import signal, subprocess, sys, time\nsignal.signal(2, signal.SIG_IGN)\n"
        f"child = subprocess.Popen([sys.executable, '-c', {child!r}], start_new_session=True)\n"
        "print('ready', flush=True)\nprint(child.pid, flush=True)\ntime.sleep(60)"
    )
    with started(program) as process:
        assert process.stdout
        child_pid = int(process.stdout.readline())
        pid_file, clock = tmp_path / "pid", Clock()
        pid_file.write_text(str(process.pid), encoding="ascii")
        ending = AnsibleEnd(pid_file, clock)
        assert not ending.is_over()
        clock.now = ASK_S
        assert ending.is_over()
        assert process.wait(10) == -signal.SIGKILL
    assert ends(child_pid)


def ends(pid: int) -> bool:
    """Wait for the end of a process that was killed; tell whether it came."""
    deadline = time.monotonic() + 10
    while not is_dead(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return is_dead(pid)


def is_dead(pid: int) -> bool:
    """Tell whether it is gone, or waits for somebody to bury it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_a_command_that_never_began_needs_no_time(tmp_path: Path) -> None:
    assert AnsibleEnd(tmp_path / "none", Clock()).is_over()
