# SPDX-License-Identifier: GPL-3.0-or-later
"""Documents from elsewhere: each fault is named, and nothing else leaves."""

from __future__ import annotations

import math
from typing import Any

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.boundary.shapes import (
    MOST_FAULTS,
    Flag,
    ListOf,
    MapOf,
    Maybe,
    Number,
    OneOf,
    Record,
    Shape,
    Text,
    document_findings,
    quoted,
    read_json,
)
from ansible_collections.slipway.compose.plugins.module_utils.core.identifiers import VERSION

SHAPE = Record(
    {"version": Text(VERSION), "passed": Flag()},
    {"tags": ListOf(Text()), "times": MapOf(VERSION, Number(least=0)), "note": Maybe(Text())},
    closed=True,
)


@pytest.mark.parametrize(
    ("shape", "good", "bad"),
    [
        (Text(), ["", "a\nb"], [None, 1, b"a", []]),
        (Text(VERSION), ["1.0"], ["", "1.0\n"]),
        (Flag(), [True, False], [0, 1, "true", None]),
        (Number(), [0, -1.5, 10**400], [True, math.nan, math.inf, -math.inf, "1", None]),
        (Number(least=0, most=5, whole=True), [0, 5], [-1, 6, 1.0, False, 10**400]),
        (OneOf((2, "fleet")), [2, "fleet"], [True, 2.0, "Fleet", None]),
        (Maybe(Number()), [None, 1], ["", False]),
        (ListOf(Flag()), [[], [True]], [{}, "ab", None, [1]]),
        (MapOf(None, Flag()), [{}, {"any thing": True}], [[], {"a": 1}, {1: True}]),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_value_is_of_its_type_and_no_other(shape: Shape, good: list[Any], bad: list[Any]) -> None:
    assert [value for value in good if list(shape.faults(value))] == []
    assert [value for value in bad if not list(shape.faults(value))] == []


def test_every_fault_is_named_with_the_key_that_leads_to_it() -> None:
    document = {"version": "1\n", "tags": ["a", 7], "times": {"1.0": -1, "x y": 0}, "note": 5, "more": 1}
    assert [finding.sentence() for finding in document_findings(SHAPE, document, "answer", "Look.")] == [
        f"answer, key version: expected {VERSION.words}, seen str '1\\n'. Look.",
        "answer, key passed: expected true or false, seen nothing. Look.",
        "answer, key tags.number 2: expected a text, seen int 7. Look.",
        "answer, key times.1.0: expected a number of at least 0, seen int -1. Look.",
        f"answer, key times: expected keys of this form: {VERSION.words}, seen str 'x y'. Look.",
        "answer, key note: expected a text, or null, seen int 5. Look.",
        "answer: expected no keys but note, passed, tags, times, version, seen str 'more'. Look.",
    ]


def test_faults_without_end_end() -> None:
    found = document_findings(ListOf(Flag()), [None] * 1000, "answer", "Look.")
    assert len(found) == MOST_FAULTS + 1
    assert found[-1].seen == "more of them than are named here"


def test_what_is_taken_is_printable_and_known() -> None:
    shape = Record({"version": Text()}, {"tags": ListOf(Text()), "by": MapOf(None, Maybe(Text()))})
    document = {"version": "1\x1b[31m", "tags": ["a\x07\nb"], "by": {"c\x07d": None}, "ansible_facts": {"a": 1}}
    assert shape.taken(document) == {"version": "1", "tags": ["a\nb"], "by": {"cd": None}}


def test_a_quote_is_short_and_on_one_line() -> None:
    deep: Any = []
    for _level in range(10**5):
        deep = [deep]
    for value in ("\x1b[2J\n" * 1000, ["x" * 10**6] * 100, deep, {"a" * 1000: "b"}, "\ud800", 10**1000):
        text = quoted(value)
        assert len(text) <= 80
        assert text.isprintable()


@pytest.mark.parametrize(
    "text", ["[" * 10**6, '{"a":' * 10**5, "", "{", "\ud800", b"\xff"], ids=lambda text: repr(text[:3])
)
def test_what_is_no_json_is_no_json_for_one_reason(text: str | bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_json(text)
