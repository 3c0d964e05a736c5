# SPDX-License-Identifier: GPL-3.0-or-later
"""The verdict over a run whose playbook gave none."""

from __future__ import annotations

import pytest

from ansible_collections.slipway.compose.plugins.plugin_utils.fleet.outcomes import EXIT_CODES
from scripts.playbook_run.conclusion import Ending, conclude


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
