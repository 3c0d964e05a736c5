# SPDX-License-Identifier: GPL-3.0-or-later
"""The field trials, which mostly run by option only, can be read, and every one of them can fall."""

from __future__ import annotations

import pytest

from tests.field.trial import Expectation, Step, Trial, trials

TRIALS = trials()
every_trial = pytest.mark.parametrize("trial", TRIALS, ids=[trial.name for trial in TRIALS])


def expectations(step: Step) -> list[Expectation]:
    return [step.expect, *step.either]


def test_all_of_them_are_there() -> None:
    assert len(TRIALS) == 32
    assert any(trial.everyday for trial in TRIALS)


@every_trial
def test_each_step_expects_something(trial: Trial) -> None:
    assert [step for step in trial.steps if not any(wanted != Expectation() for wanted in expectations(step))] == []
    assert [step for step in trial.steps for choice in step.either if choice == Expectation()] == []


@every_trial
def test_verdicts_pages_and_output_are_texts(trial: Trial) -> None:
    # YAML would make a number of 1.10, which no page ever answers.
    for wanted in (one for step in trial.steps for one in expectations(step)):
        texts = [*wanted.verdict, *wanted.says, *wanted.never_says, *wanted.pages.items(), *wanted.host.items()]
        flat = [part for text in texts for part in (text if isinstance(text, tuple) else (text,))]
        assert [text for text in flat if not isinstance(text, str)] == []
        assert isinstance(wanted.verdict, list | tuple)
        assert wanted.page is None or isinstance(wanted.page, str)


@pytest.mark.parametrize(
    "step",
    [{"do": "deploy"}, {"do": "rollback 1.0"}, {"do": "destroy"}, {"then": "deploy 1.0"}],
    ids=str,
)
def test_a_step_that_no_trial_has_is_refused(step: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="a step"):
        Step.of(step)


def test_an_expectation_that_nobody_looks_at_is_refused() -> None:
    with pytest.raises(TypeError, match="verdicts"):
        Step.of({"do": "rollback", "expect": {"verdicts": ["deployed"]}})
