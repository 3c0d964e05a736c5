# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of verdicts, and what has to follow it."""

from __future__ import annotations

import re
from itertools import permutations

import pytest

from ansible_collections.slipway.compose.plugins.modules import run_report
from ansible_collections.slipway.compose.plugins.plugin_utils.fleet.outcomes import EXIT_CODES, OUTCOMES, gravest
from scripts.playbook_run import early_signals
from scripts.playbook_run.arguments import EPILOGUE


def test_an_outcome_of_the_fleet_has_all_columns_and_one_of_a_host_only_its_own() -> None:
    for outcome in OUTCOMES.values():
        assert bool(outcome.fleet) == (outcome.exit_code is not None) == (outcome.gravity > 0)
        assert outcome.host
    assert sorted(set(EXIT_CODES.values())) == [0, 10, 20, 30, 40]


def test_no_two_outcomes_are_equally_grave() -> None:
    for one, other in permutations(EXIT_CODES, 2):
        assert gravest({one, other}) == gravest({other, one})
        assert OUTCOMES[one].gravity != OUTCOMES[other].gravity


@pytest.mark.parametrize(
    ("words", "word"),
    [
        (["rollback_failed", "unknown"], "rollback_failed"),
        (["unknown", "rolled_back", "untouched"], "unknown"),
        (["refused", "deployed"], "refused"),
        (["deployed", "continued"], "deployed"),
        (["planned", "continued"], "continued"),
        (["planned", "unchanged"], "planned"),
        (["untouched", "skipped"], None),
        ([], None),
    ],
)
def test_the_gravest_decides(words: list[str], word: str | None) -> None:
    assert gravest(set(words)) == word


def test_the_help_of_the_scripts_names_every_verdict_with_its_exit_code() -> None:
    lines = re.findall(r"verdict: ([a-z_ |]+?) +(\d+) ", EPILOGUE)
    assert {word: int(code) for words, code in lines for word in words.split(" | ")} == EXIT_CODES


def test_the_module_names_the_verdicts_that_are_no_failure() -> None:
    (good,) = re.findall(r"Fails unless the verdict is ([^,]+(?:, [^,]+)*),\s+so that", run_report.DOCUMENTATION)
    assert set(re.findall(r"V\((\w+)\)", good)) == {word for word, code in EXIT_CODES.items() if code == 0}


def test_a_run_that_ends_before_it_began_has_touched_nothing() -> None:
    assert EXIT_CODES["refused"] == early_signals.EXIT_CODE
