# SPDX-License-Identifier: GPL-3.0-or-later
"""What begins a stack's guard again after a boot: a unit or a line in the crontab, there while the guard is armed."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.coordination import after_boot, init_system

#: A crontab(1) that keeps its table in a file, and takes its time between reading and writing.
CRONTAB = """#!/bin/sh
table={table}
case "$1" in
    -l) if [ -e "$table" ]; then cat "$table"; sleep 0.05; else echo "no crontab for $(id -un)" >&2; exit 1; fi ;;
    -r) rm "$table" ;;
    *) cat "$1" >"$table" ;;
esac
"""
COMMAND = [sys.executable, "-c", "import os, sys; print(sys.argv[1:], os.environ['NAME'])", "it's; $HOME", "%d"]
ENVIRONMENT = {"NAME": 'a "b" $c'}
OTHERS = "# mine\n15 4 * * * backup\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a stack, below a folder with an odd name."""
    made = tmp_path / '50% "of" $it' / "shop"
    made.mkdir(parents=True)
    return made


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The table of a host with cron."""
    program = tmp_path / "bin" / "crontab"
    program.parent.mkdir()
    program.write_text(CRONTAB.format(table=tmp_path / "table"))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(init_system, "systemd_keeps_units", lambda: False)
    monkeypatch.setattr(after_boot, "means", lambda: "cron")
    return tmp_path / "table"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of a user who is not root and whose systemd runs."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(after_boot, "_home", lambda: tmp_path / "home")
    monkeypatch.setattr(init_system, "systemd_keeps_units", lambda: True)
    return tmp_path / "home"


def enable(folder: Path) -> None:
    after_boot.enable(folder, COMMAND, ENVIRONMENT)


def test_the_script_runs_the_command_with_its_environment_and_no_other(folder: Path, table: Path) -> None:
    enable(folder)
    script = folder / after_boot.SCRIPT
    assert stat.S_IMODE(script.stat().st_mode) == 0o600
    subprocess.run(["sh", str(script)], check=True, timeout=30, env={"NAME": "another", "PATH": os.environ["PATH"]})
    assert (folder / after_boot.LOG_FILE).read_text() == '["it\'s; $HOME", \'%d\'] a "b" $c\n'
    assert table.exists()


def test_the_line_is_there_while_it_is_enabled_and_runs_the_script(folder: Path, table: Path, tmp_path: Path) -> None:
    table.write_text(OTHERS)
    for _again in range(2):
        enable(folder)
    assert after_boot.is_enabled(folder)
    before, line = table.read_text().rsplit("\n", 2)[:2]
    assert before + "\n" == OTHERS
    # As cron(8) does with it: it takes a % as a line end, unless there is a backslash before it.
    command = line.removeprefix("@reboot ").replace("\\%", "%")
    for _boot in range(2):
        subprocess.run(["sh", "-c", command], check=True, timeout=30, cwd=tmp_path)
    assert len((folder / after_boot.LOG_FILE).read_text().splitlines()) == 2
    after_boot.disable(folder)
    assert table.read_text() == OTHERS
    assert not after_boot.is_enabled(folder)
    assert sorted(one.name for one in folder.iterdir()) == [after_boot.LOG_FILE]
    # A crash may have left the line.
    subprocess.run(["sh", "-c", command], check=True, timeout=30, cwd=tmp_path)


def test_a_crontab_that_was_made_for_it_goes_with_it(folder: Path, table: Path) -> None:
    enable(folder)
    assert table.exists()
    after_boot.disable(folder)
    assert not table.exists()


def test_two_stacks_at_once_keep_each_others_line(folder: Path, table: Path) -> None:
    table.write_text(OTHERS)
    stacks = [folder, *(folder.with_name(f"other{number}") for number in range(4))]
    for stack in stacks[1:]:
        stack.mkdir()
    for act, lines in ((enable, len(stacks)), (after_boot.disable, 0)):
        threads = [threading.Thread(target=act, args=(stack,)) for stack in stacks]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert table.read_text().count("@reboot") == lines
    assert table.read_text() == OTHERS


def test_a_crontab_that_cannot_be_read_is_left_alone(folder: Path, table: Path) -> None:
    table.mkdir()
    enable(folder)
    assert not after_boot.is_enabled(folder)
    assert table.is_dir()


def test_a_unit_is_wanted_while_it_is_enabled(folder: Path, home: Path) -> None:
    for _again in range(2):
        enable(folder)
    units = home / ".config" / "systemd" / "user"
    unit, link = units / "slipway-at-boot-shop.service", units / "default.target.wants" / "slipway-at-boot-shop.service"
    assert link.readlink() == unit
    lines = unit.read_text().splitlines()
    path = str(folder / after_boot.SCRIPT).replace("%", "%%")
    assert f"ConditionPathExists={path}" in lines
    argument = path.replace('"', '\\"').replace("$", "$$")
    assert f'ExecStart=/bin/sh "{argument}"' in lines
    after_boot.disable(folder)
    assert not unit.exists()
    assert not link.is_symlink()
    after_boot.disable(folder)


@pytest.mark.parametrize(("systemd", "cron", "answer"), [(1, 1, "systemd"), (0, 1, "cron"), (0, 0, "")])
def test_systemd_begins_it_where_it_can_and_cron_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, systemd: int, cron: int, answer: str
) -> None:
    monkeypatch.setattr(init_system, "systemd_keeps_units", lambda: bool(systemd))
    monkeypatch.setattr(after_boot, "processes", list)
    monkeypatch.setattr(after_boot, "_CRON_PID", tmp_path if cron else tmp_path / "none")
    assert after_boot.means() == answer


def test_a_host_that_begins_nothing_after_a_boot_says_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(init_system, "systemd_keeps_units", lambda: False)
    monkeypatch.setattr(after_boot, "means", lambda: "")
    enable(folder)
    assert not after_boot.is_enabled(folder)
    assert list(folder.iterdir()) == []


def test_a_home_that_is_not_there_keeps_nothing_from_being_armed(folder: Path, home: Path) -> None:
    home.touch()
    enable(folder)
    assert not after_boot.is_enabled(folder)
    after_boot.disable(folder)


def test_a_crontab_that_would_be_spoiled_is_left_alone(folder: Path, table: Path) -> None:
    table.write_bytes(b"# caf\xe9\n15 4 * * * backup\n")
    after_boot.enable(folder, COMMAND, ENVIRONMENT)
    assert table.read_bytes() == b"# caf\xe9\n15 4 * * * backup\n"
    assert not after_boot.is_enabled(folder)


def test_no_line_of_a_crontab_becomes_two(folder: Path, table: Path) -> None:
    odd = "# one\x0c15 4 * * * stays a comment\n"
    table.write_text(odd, encoding="utf-8")
    after_boot.enable(folder, COMMAND, ENVIRONMENT)
    assert table.read_text(encoding="utf-8").startswith(odd)
    after_boot.disable(folder)
    assert table.read_text(encoding="utf-8") == odd
