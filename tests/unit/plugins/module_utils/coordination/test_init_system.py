# SPDX-License-Identifier: GPL-3.0-or-later
"""What systemd does with the processes of a user, from what it says."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.coordination import init_system
from ansible_collections.slipway.compose.plugins.module_utils.core.command import Completed

SPARES_ROOT = 'as 1 "root"'


@pytest.mark.parametrize(
    ("settings", "answer"),
    [
        (["b true", "as 0", SPARES_ROOT], True),
        (["b false", "as 0", SPARES_ROOT], False),
        (["b true", "as 0", 'as 2 "root" "deploy"'], False),
        (["b true", 'as 1 "deploy"', "as 0"], True),
        (["b true", 'as 1 "somebody"', "as 0"], False),
        (["b true"], False),
        ([], False),
    ],
)
def test_whose_processes_end_with_his_sessions(settings: list[str], *, answer: bool) -> None:
    assert init_system.kills(settings, "deploy") is answer


@pytest.mark.parametrize(
    ("cgroup", "systemd", "answer"),
    [
        ("0::/user.slice/user-1000.slice/session-4.scope\n", True, True),
        ("9:pids:/user.slice\n1:name=systemd:/user.slice/user-1000.slice/session-c2.scope\n", True, True),
        ("0::/user.slice/user-1000.slice/user@1000.service/app.slice/x.service\n", True, False),
        ("0::/system.slice/ssh.service\n", True, False),
        ("0::/user.slice/user-1000.slice/session-4.scope\n", False, False),
    ],
)
def test_only_what_a_session_has_started_ends_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cgroup: str, *, systemd: bool, answer: bool
) -> None:
    asked: list[str] = []

    def ask(argv: list[str], *_more: object) -> Completed:
        asked.append(argv[0])
        return Completed(0, "b true\nas 0\nas 0\n", "")

    (tmp_path / "cgroup").write_text(cgroup, encoding="ascii")
    monkeypatch.setattr(init_system, "_SYSTEMD", tmp_path if systemd else tmp_path / "none")
    monkeypatch.setattr(init_system, "_CGROUP", tmp_path / "cgroup")
    monkeypatch.setattr(init_system, "run_command", ask)
    assert init_system.session_ends_processes() is answer
    assert asked == ["busctl"] * answer


def test_a_user_has_units_who_lingers_and_whose_systemd_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(init_system, "user_name", lambda: "deploy")
    monkeypatch.setattr(init_system, "_LINGER", tmp_path / "linger")
    monkeypatch.setattr(init_system, "_OF_USERS", tmp_path / "user")
    assert not init_system.systemd_keeps_units()
    (tmp_path / "linger").mkdir()
    (tmp_path / "linger" / "deploy").touch()
    assert not init_system.systemd_keeps_units()
    (tmp_path / "user" / "1000" / "systemd").mkdir(parents=True)
    assert init_system.systemd_keeps_units()
    (tmp_path / "linger" / "deploy").unlink()
    assert not init_system.systemd_keeps_units(), "his systemd ends with his last session"
