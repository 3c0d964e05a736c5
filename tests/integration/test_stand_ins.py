# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole runs with hosts that answer at once: what the controller does of its own accord, and how often."""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from tests.bench.scale import Scale

HOSTS = 3
TIMEOUT_S = 120
#: Forks 1, so that each host waits for its turn; the strategy is one with which the plays could not work.
ODD = {"ANSIBLE_FORKS": "1", "ANSIBLE_STRATEGY": "free"}


@pytest.fixture(scope="module")
def scale(tmp_path_factory: pytest.TempPathFactory) -> Scale:
    """Lay out a project with three stand-ins."""
    made = Scale(tmp_path_factory.mktemp("scale") / "project")
    made.write_hosts(HOSTS)
    return made


def deploy(scale: Scale, *options: str, **environment: str) -> tuple[str, Path]:
    """Deploy, and return what was said and the run's folder."""
    ended = subprocess.run(
        [str(scale.root / "scripts" / "deploy.sh"), "scale", "--version", "1", *options],
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    return ended.stdout + ended.stderr, scale.root / ended.stdout.split(" · ")[-1].strip()


def test_hosts_take_their_turns_in_parts_of_a_batch_and_none_is_asked_without_need(scale: Scale) -> None:
    said, folder = deploy(scale, **ODD)
    assert json.loads((folder / "verdict.json").read_text())["verdict"] == "deployed", said
    assert "Roll it out (batch 3)" in said
    events = [json.loads(path.read_text()) for path in (folder / "artifacts" / "job_events").glob("*.json")]
    begun = Counter(one["event_data"]["host"] for one in events if one["event"] == "runner_on_start")
    # The last host begins only what concerns it alone: it is prepared, started and confirmed, and sees how all stand.
    assert sorted(begun.values())[: HOSTS - 1] == [5] * (HOSTS - 1), said


def test_what_is_one_for_the_fleet_is_refused_where_it_differs(scale: Scale) -> None:
    root = "{{ '/srv/a' if inventory_hostname == 'host0002' else '/srv/b' }}"
    said, folder = deploy(scale, "-e", f"stack_root={root}")
    verdict = json.loads((folder / "verdict.json").read_text())
    assert verdict["verdict"] == "refused", said
    for host in verdict["hosts"].values():
        assert "stack_root: expected the same on every host of a run, seen" in host["error"]
    assert said.count("stack_root: expected the same") < HOSTS


def test_limits_that_are_no_numbers_are_refused(scale: Scale) -> None:
    said, folder = deploy(scale, "-e", "stack_start_timeout=soon", "-e", "stack_hooks=none", "-e", "stack_serial=some")
    verdict = json.loads((folder / "verdict.json").read_text())
    assert verdict["verdict"] == "refused", said
    for name in ("stack_start_timeout", "stack_hooks", "stack_serial"):
        assert f"{name}: expected" in said
