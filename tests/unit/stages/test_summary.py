from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.stages.__main__ import STAGES, summary
from tests.stages.outcome import Outcome, StageResult
from tests.stages.process import ROOT

if TYPE_CHECKING:
    import pytest


def result(seconds: float, failed: int = 0) -> StageResult:
    return StageResult("unit", 60.0, [Outcome("tests/unit", 5, failed, seconds)], seconds)


def test_time_stands_beside_its_budget(capsys: pytest.CaptureFixture[str]) -> None:
    assert summary([result(41.0)], in_github=True) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "==> summary",
        "    unit         passed  5 passed, 0 failed in 41.0 s of 60 s",
        "5 passed, 0 failed",
    ]


def test_stage_over_its_budget_is_warned_of_and_has_not_failed(capsys: pytest.CaptureFixture[str]) -> None:
    assert summary([result(75.0)], in_github=False) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2:] == ["warning: stage unit: expected at most 60 s, seen 75 s", "5 passed, 0 failed"]


def test_github_shows_the_warning(capsys: pytest.CaptureFixture[str]) -> None:
    assert summary([result(75.0, failed=1)], in_github=True) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2:] == ["::warning::stage unit: expected at most 60 s, seen 75 s", "5 passed, 1 failed"]


def test_the_budgets_are_those_of_the_page_for_contributors() -> None:
    rows = re.findall(
        r"^\| `(\w+)` \| .* \| (\d+) \|$", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert {name: float(budget) for name, budget in rows} == {name: stage.budget_s for name, stage in STAGES.items()}
