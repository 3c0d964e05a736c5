# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of faults: each test says what it breaks, when, and what is promised; docs/reliability.md shows it."""

from __future__ import annotations

import enum
import importlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

FOLDER = Path(__file__).parent
_ROWS = "fault_rows"
Test = TypeVar("Test", bound=Callable[..., None])


class Phase(enum.StrEnum):
    """When something breaks, in a deployment's order."""

    BEFORE = "before it begins"
    PLAN = "plan"
    LEASE = "lease"
    STAGE = "stage"
    PULL = "pull"
    ARMED = "guard armed, nothing started"
    START = "start"
    GATE = "gate"
    PAUSE = "pause between two batches"
    CONFIRM = "confirm"
    SETTLE = "settle"
    BACK = "way back"
    AFTER = "after it ended"
    ANY = "any moment"


@dataclass(frozen=True)
class Fault:
    """One row of the table.

    Attributes:
        name: short, with hyphens; unique.
        phase: when it happens.
        dies: what breaks, in words for users.
        promised: what users can count on then.
    """

    name: str
    phase: Phase
    dies: str
    promised: str


def fault(name: str, phase: Phase, *, dies: str, promised: str) -> Callable[[Test], Test]:
    """Mark a test as the proof of one row."""
    return proves(Fault(name, phase, dies, promised))


def proves(*rows: Fault) -> Callable[[Test], Test]:
    """Mark a test as the proof of these rows."""

    def mark(test: Test) -> Test:
        setattr(test, _ROWS, rows)
        return test

    return mark


def faults(argument: str, cases: Sequence[tuple[Fault | tuple[Fault, ...], object]]) -> Callable[[Test], Test]:
    """Mark a test as the proof of several rows.

    Args:
        argument: the test's argument that differs from case to case.
        cases: the row, or the rows, that a case proves, and the argument's value for it.
    """

    def mark(test: Test) -> Test:
        proved = [(rows if isinstance(rows, tuple) else (rows,), value) for rows, value in cases]
        setattr(test, _ROWS, tuple(row for rows, _value in proved for row in rows))
        values = [pytest.param(value, id="+".join(row.name for row in rows)) for rows, value in proved]
        marked: Test = pytest.mark.parametrize(argument, values)(test)
        return marked

    return mark


def gather() -> list[Fault]:
    """Return every row, in the order of a deployment."""
    found = [one for path in sorted(FOLDER.glob("test_*.py")) for one in _proved_by(path)]
    order = list(Phase)
    return sorted(found, key=lambda one: order.index(one.phase))


def rows_of(test: Callable[..., Any]) -> tuple[Fault, ...]:
    """Return the rows that a test proves."""
    rows: tuple[Fault, ...] = getattr(test, _ROWS, ())
    return rows


def _proved_by(path: Path) -> Iterator[Fault]:
    module = importlib.import_module(f"tests.faults.{path.stem}")
    for name, value in vars(module).items():
        if name.startswith("test_"):
            yield from rows_of(value)
