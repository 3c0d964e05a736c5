"""What the test command says of its stages."""

from __future__ import annotations

from tests.stages.outcome import Outcome, StageResult

PARTS = [Outcome("tests/unit", 8, 2, 1.0), Outcome("more", 1, 0, 1.0)]


def test_a_stage_counts_its_parts_and_names_those_that_failed() -> None:
    stage = StageResult("unit", 60, PARTS, 2.0)
    assert stage.line() == "unit         FAILED  9 passed, 2 failed in 2 of 60 s: tests/unit"


def test_a_stage_over_its_budget_is_warned_of_and_fails_nothing() -> None:
    in_time, late = StageResult("unit", 60, PARTS[1:], 60.0), StageResult("unit", 60, PARTS[1:], 61.4)
    assert not in_time.warning()
    assert late.warning().startswith("warning: stage unit took 61 s, over its budget of 60 s")
    assert late.failed == 0
