# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the field trials run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.field.runner import TrialRun
from tests.field.trial import Trial, trials
from tests.fleet import Behaviour, Fleet, Kind, Probe

BeginTrial = Callable[[Trial, Kind], TrialRun]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give the test the trials that were asked for, each on its kinds of host."""
    chosen = [trial for trial in trials() if trial.everyday or metafunc.config.getoption("all_trials")]
    cases = [(trial, kind) for trial in chosen for kind in trial.kinds]
    metafunc.parametrize(("trial", "kind"), cases, ids=[f"{trial.name}-{kind}" for trial, kind in cases])


@pytest.fixture
def begin_trial(request: pytest.FixtureRequest, tmp_path: Path) -> BeginTrial:
    """Begin a trial on an empty host of a kind, whose registry has the images."""

    def begin(trial: Trial, kind: Kind) -> TrialRun:
        fleet: Fleet = request.getfixturevalue("one_host_fleet" if kind is Kind.TRIXIE else "systemd_fleet")
        for deployed in {step.version for step in trial.steps} - {""}:
            version, _dash, behaviour = deployed.partition("-")
            Probe(version, Behaviour(behaviour or Behaviour.HEALTHY)).push(fleet.open_registry)
        return TrialRun(trial, fleet, tmp_path)

    return begin
