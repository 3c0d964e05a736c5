# SPDX-License-Identifier: GPL-3.0-or-later
"""Run folders and the verdict in them."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.core.findings import SlipwayError
from ansible_collections.slipway.compose.plugins.plugin_utils.fleet.verdict import EXIT_CODES
from scripts.playbook_run.run_folder import (
    Ending,
    Verdict,
    conclude,
    create_run_folder,
    new_run_id,
    read_verdict,
    write_verdict,
)

if TYPE_CHECKING:
    from pathlib import Path


def test_a_run_is_named_by_time_and_verb() -> None:
    now = datetime(2026, 11, 22, 21, 45, tzinfo=UTC)
    first, second = new_run_id("deploy", now), new_run_id("deploy", now)
    assert first.startswith("20261122T214500Z-deploy-")
    assert len(first.rsplit("-", 1)[1]) == 6
    assert first != second


def test_the_folder_belongs_to_its_owner_only(tmp_path: Path) -> None:
    folder = create_run_folder(tmp_path / "var" / "runs", "run")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(folder.parent.stat().st_mode) == 0o700


def test_a_full_disk_is_a_refusal(tmp_path: Path) -> None:
    with pytest.raises(SlipwayError, match=r"expected 1073741824 MB free, seen \d+ MB"):
        create_run_folder(tmp_path, "run", free_bytes=1 << 50)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_made_is_a_refusal(tmp_path: Path) -> None:
    (tmp_path / "var").touch()
    with pytest.raises(SlipwayError, match=r"seen Not a directory"):
        create_run_folder(tmp_path / "var" / "runs", "run")


def test_a_verdict_is_read_and_printed() -> None:
    verdict = read_verdict(
        json.dumps(
            {"verdict": "rolled_back", "exit_code": 20, "release": "R1", "duration_s": 12.34, "hosts": {"a": {}}}
        )
    )
    assert verdict.line("var/runs/x") == "verdict: rolled_back · release R1 · 1 host · 12.3 s · var/runs/x"
    assert verdict.exit_code == 20


def test_the_last_line_counts_apart_who_was_left_out() -> None:
    hosts = {"a": {"state": "deployed"}, "b": {"state": "skipped"}, "c": {"state": "deployed"}}
    line = Verdict("deployed", hosts=hosts, duration_s=1.0).line("x")
    assert line == "verdict: deployed · 2 hosts · 1 LEFT OUT · 1.0 s · x"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "Expecting value"),
        ("[]", "JSON object"),
        ('{"verdict": "fine", "exit_code": 0}', "'verdict' must be one of"),
        ('{"verdict": ["deployed"], "exit_code": 0}', "'verdict' must be one of"),
        ('{"verdict": "rolled_back", "exit_code": 0}', "'exit_code' must be 20"),
        ('{"verdict": "deployed"}', "'exit_code' must be 0"),
    ],
)
def test_a_verdict_that_contradicts_itself_is_none(content: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_verdict(content)


def test_what_is_written_can_be_read_and_belongs_to_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "verdict.json"
    verdict = Verdict("unknown", "cut off", duration_s=1.0, hosts={"a": {"state": "unknown"}}, cut_off_by="SIGINT")
    write_verdict(path, verdict)
    assert read_verdict(path.read_text(encoding="utf-8")) == verdict
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("verb", "ending", "check", "word"),
    [
        ("deploy", Ending(2, targets_touched=False), False, "refused"),
        ("deploy", Ending(2, targets_touched=True), False, "unknown"),
        ("deploy", Ending(0, targets_touched=True), False, "unknown"),
        ("deploy", Ending(0, targets_touched=False), False, "unknown"),
        ("deploy", Ending(0, targets_touched=True), True, "planned"),
        ("status", Ending(0, targets_touched=True), False, "unchanged"),
        ("status", Ending(4, targets_touched=True), False, "unknown"),
        ("plan", Ending(0, targets_touched=True), False, "planned"),
    ],
)
def test_a_run_without_a_verdict_gets_a_true_one(verb: str, ending: Ending, word: str, *, check: bool) -> None:
    verdict = conclude(verb, "staging", ending, check=check)
    assert verdict.word == word
    assert verdict.exit_code == EXIT_CODES[word]
    assert (word == "unknown") == ("scripts/status.sh staging" in verdict.message)
