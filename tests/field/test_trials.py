# SPDX-License-Identifier: GPL-3.0-or-later
"""Stacks as people have them, each a class of fault: those that nothing else shows, and all with --all-trials."""

from __future__ import annotations

from tests.field.conftest import BeginTrial
from tests.field.trial import Trial
from tests.fleet import Kind


def test_trial(trial: Trial, kind: Kind, begin_trial: BeginTrial) -> None:
    faults = begin_trial(trial, kind).faults()
    assert not faults, "\n".join(faults)
