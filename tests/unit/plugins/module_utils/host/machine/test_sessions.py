# SPDX-License-Identifier: GPL-3.0-or-later
"""A host on which no guard would outlive the session is refused; one that does not come back from a restart says so."""

from __future__ import annotations

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.host.machine import sessions


@pytest.mark.parametrize(
    ("keeps_units", "ends_processes", "refused"),
    [(False, True, True), (True, True, False), (False, False, False)],
)
def test_a_host_is_refused_where_a_guard_would_end_with_the_session(
    monkeypatch: pytest.MonkeyPatch, *, keeps_units: bool, ends_processes: bool, refused: bool
) -> None:
    monkeypatch.setattr(sessions, "systemd_keeps_units", lambda: keeps_units)
    monkeypatch.setattr(sessions, "session_ends_processes", lambda: ends_processes)
    monkeypatch.setattr(sessions, "user_name", lambda: "deploy")
    said = [finding.sentence() for finding in sessions.session_findings()]
    assert bool(said) is refused
    assert all("KillUserProcesses=yes" in one and "loginctl enable-linger deploy" in one for one in said)


@pytest.mark.parametrize(("means", "notes"), [("systemd", 0), ("cron", 0), ("", 1)])
def test_where_nothing_begins_a_guard_after_a_boot_the_deployment_says_so(
    monkeypatch: pytest.MonkeyPatch, means: str, notes: int
) -> None:
    monkeypatch.setattr(sessions, "means", lambda: means)
    assert len(sessions.restart_notes()) == notes
