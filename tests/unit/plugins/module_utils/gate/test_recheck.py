# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What counts as a change between the gate and the confirmation."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.engine.containers import ContainerSnapshot
from ansible_collections.slipway.compose.plugins.module_utils.gate.recheck import change_since_gate

PASSED = {"c1": "2026-11-22T10:00:00Z"}
RUNNING = ContainerSnapshot(
    service="web",
    number=1,
    name="app-web-1",
    id="c1",
    image="probe",
    image_id="sha256:1",
    config_hash="h",
    state="running",
    health="healthy",
    exit_code=0,
    started_at="2026-11-22T10:00:00Z",
    restarts=0,
)
ENDED = replace(RUNNING, state="exited", health="")


@pytest.mark.parametrize(
    ("container", "one_shot", "seen"),
    [
        (RUNNING, False, ""),
        (replace(RUNNING, health=""), False, ""),
        (ENDED, True, ""),
        (replace(RUNNING, health="unhealthy"), False, "unhealthy"),
        (replace(ENDED, exit_code=7), False, "exited with exit code 7"),
        (ENDED, False, "exited with exit code 0"),
        (replace(ENDED, exit_code=3), True, "exited with exit code 3"),
        (replace(RUNNING, state="restarting", exit_code=1), False, "restarting with exit code 1"),
        (replace(RUNNING, started_at="2026-11-22T10:00:09Z"), False, "started again since then"),
        (replace(RUNNING, id="c2"), False, "another container"),
    ],
)
def test_only_what_stands_as_it_did_is_unchanged(container: ContainerSnapshot, one_shot: bool, seen: str) -> None:  # noqa: FBT001
    told = change_since_gate(container, PASSED, one_shot=one_shot)
    assert told.startswith(seen)
    assert bool(told) is bool(seen)
