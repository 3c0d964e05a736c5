# SPDX-License-Identifier: GPL-3.0-or-later
"""What follows from the lines of a journal."""

from __future__ import annotations

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.release import journal
from ansible_collections.slipway.compose.plugins.module_utils.release.journal import JournalEntry

A, B = "20261122T100000Z-1.0", "20261122T110000Z-1.1"


def entries(*pairs: tuple[str, str]) -> list[JournalEntry]:
    return [JournalEntry("2026-11-22T10:00:00Z", "run", release, event) for release, event in pairs]


def test_a_line_says_again_what_was_written() -> None:
    entry = JournalEntry("2026-11-22T10:00:00Z", "run", A, journal.CONFIRMED, 'a "reason"\nof two lines')
    assert entry.line().count("\n") == 1
    assert journal.parse(entry.line()) == (entry,)
    assert '"detail"' not in JournalEntry("", "", A, journal.STARTED).line()


@pytest.mark.parametrize("cut", ['{"at": "2026', "", "null", "[]", '{"at": "x"}', "\0\0\0"])
def test_a_line_that_a_crash_cut_short_is_left_out(cut: str) -> None:
    good = entries((A, journal.STARTING))[0]
    assert journal.parse(f"{cut}\n{good.line()}{cut}") == (good,)


def test_the_last_event_of_each_release_counts_and_what_is_gone_is_gone() -> None:
    found = journal.states(
        entries((A, journal.PREPARED), (A, journal.CONFIRMED), (B, journal.PREPARED), (B, journal.DISCARDED))
    )
    assert found == {A: journal.CONFIRMED}


def test_what_was_done_besides_changes_nothing_about_the_release() -> None:
    besides = (A, journal.CONTINUED), (A, journal.ENDING_LOST_CONTAINER)
    known = entries((A, journal.STARTING), (A, journal.GATE_PASSED), *besides)
    assert journal.states(known) == {A: journal.GATE_PASSED}
    assert journal.unfinished(known) == A


def test_confirmed_releases_come_once_and_in_the_order_in_which_the_host_met_them() -> None:
    found = journal.confirmed(
        entries((B, journal.PREPARED), (A, journal.CONFIRMED), (B, journal.CONFIRMED), (B, journal.CONFIRMED))
    )
    assert found == [B, A]


def test_a_release_is_proven_until_it_is_taken_back_and_again_once_it_is_confirmed_anew() -> None:
    settled = entries((A, journal.CONFIRMED), (B, journal.CONFIRMED))
    taken_back = entries((B, journal.ROLLING_BACK), (B, journal.ROLLED_BACK))
    # Prepared again and given back without having been started: that says nothing against it.
    unused = entries((A, journal.PREPARED), (A, journal.ROLLED_BACK))
    assert journal.proven([*settled, *unused]) == [A, B]
    assert journal.proven([*settled, *taken_back]) == [A]
    assert journal.proven([*settled, *taken_back, *entries((B, journal.CONFIRMED))]) == [A, B]


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([], None),
        ([(A, journal.PREPARED)], None),
        ([(A, journal.STARTING)], A),
        ([(A, journal.STARTING), (A, journal.STARTED), (A, journal.GATE_PASSED)], A),
        ([(A, journal.STARTING), (A, journal.GATE_PASSED), (A, journal.CONFIRMED)], None),
        ([(A, journal.STARTING), (A, journal.GATE_FAILED), (A, journal.ROLLING_BACK)], A),
        ([(A, journal.STARTING), (A, journal.ROLLING_BACK), (A, journal.ROLLED_BACK)], None),
        ([(A, journal.STARTING), (A, journal.ROLLBACK_FAILED)], A),
        ([(A, journal.STARTING), (B, journal.PREPARED)], A),
        ([(A, journal.STARTING), (A, journal.CONFIRMED), (B, journal.STARTING)], B),
        # Cut off while it was confirmed: it is the next one's to finish that.
        ([(A, journal.STARTING), (A, journal.GATE_PASSED), (A, journal.CONFIRMING)], A),
        ([(A, journal.STARTING), (A, journal.CONFIRMING), (A, journal.CONFIRMED)], None),
        # Nobody may take it back, so there is nothing left to do for it …
        ([(A, journal.STARTING), (A, journal.GATE_FAILED), (A, journal.ROLLBACK_BLOCKED)], None),
        # … until somebody does, and is cut off.
        ([(A, journal.STARTING), (A, journal.ROLLBACK_BLOCKED), (A, journal.ROLLING_BACK)], A),
        ([(A, journal.STARTING), (B, journal.DISCARDED), (B, journal.CONFIRMED)], A),
    ],
)
def test_what_was_begun_and_never_settled(events: list[tuple[str, str]], expected: str | None) -> None:
    assert journal.unfinished(entries(*events)) == expected


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([], None),
        ([(A, journal.STARTING), (A, journal.GATE_FAILED)], None),
        ([(A, journal.STARTING), (A, journal.ROLLBACK_BLOCKED)], A),
        ([(A, journal.ROLLBACK_BLOCKED), (B, journal.PREPARED), (B, journal.STARTING)], A),
        # One that works with the data was confirmed over it.
        ([(A, journal.ROLLBACK_BLOCKED), (B, journal.STARTING), (B, journal.CONFIRMED)], None),
        # One that was started over it went back to it, so it is still what runs.
        ([(A, journal.ROLLBACK_BLOCKED), (B, journal.STARTING), (B, journal.ROLLED_BACK)], A),
        # Somebody took it back all the same.
        ([(A, journal.ROLLBACK_BLOCKED), (A, journal.ROLLED_BACK)], None),
        ([(A, journal.ROLLBACK_BLOCKED), (B, journal.ROLLBACK_BLOCKED)], B),
    ],
)
def test_what_may_not_be_taken_back_although_it_never_passed(
    events: list[tuple[str, str]], expected: str | None
) -> None:
    assert journal.irreversible(entries(*events)) == expected


def test_what_a_run_last_wrote_about() -> None:
    lines = [
        JournalEntry("", "one", A, journal.PREPARED),
        JournalEntry("", "two", B, journal.PREPARED),
        JournalEntry("", "one", A, journal.STARTING),
        JournalEntry("", "two", A, journal.STARTING),
    ]
    assert journal.last_of_run(lines, "one") == A
    assert journal.last_of_run(lines[:2], "two") == B
    assert journal.last_of_run(lines, "three") is None
    assert journal.last_of_run((), "one") is None
    assert journal.last_of_run(iter(lines), "two") == A


def test_what_was_left_as_it_is_is_settled() -> None:
    failed = ((A, journal.STARTING), (A, journal.ROLLBACK_FAILED))
    assert journal.unfinished(entries(*failed)) == A
    assert journal.unfinished(entries(*failed, (A, journal.LEFT))) is None


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([], []),
        ([(A, journal.STARTING), (A, journal.CONFIRMED)], []),
        ([(A, journal.CONFIRMED), (B, journal.PREPARED)], []),
        ([(A, journal.CONFIRMED), (B, journal.STARTING), (B, journal.ROLLED_BACK)], []),
        ([(A, journal.CONFIRMED), (B, journal.STARTING), (B, journal.ROLLBACK_FAILED), (B, journal.LEFT)], [B]),
        ([(A, journal.STARTING), (A, journal.ROLLBACK_BLOCKED), (B, journal.STARTING), (A, journal.STARTING)], [A, B]),
        ([(A, journal.STARTING), (A, journal.LEFT), (B, journal.STARTING), (B, journal.ROLLED_BACK)], []),
    ],
)
def test_whose_files_may_still_lie_there(events: list[tuple[str, str]], expected: list[str]) -> None:
    assert journal.left_in_place(entries(*events)) == expected
