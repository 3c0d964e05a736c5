# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal of a stack on a host: what is written in it, and what follows from it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..boundary.shapes import WORD, Record, Text, read_json
from ..core.identifiers import LINE, MOMENT, RELEASE_ID, Form

#: Written before the act that it announces …
STARTING = "starting"
CONFIRMING = "confirming"
ROLLING_BACK = "rolling_back"
#: … and these after the act is done.
PREPARED = "prepared"
STARTED = "started"
GATE_PASSED = "gate_passed"
GATE_FAILED = "gate_failed"
CONFIRMED = "confirmed"
ROLLED_BACK = "rolled_back"
ROLLBACK_FAILED = "rollback_failed"
ROLLBACK_BLOCKED = "rollback_blocked"
LEFT = "left"
DISCARDED = "discarded"
PRUNED = "pruned"
#: What was done besides; it changes nothing about the release.
CONTINUED = "continued"
ENDING_LOST_CONTAINER = "ending_orphan"
_BESIDES = frozenset({CONTINUED, ENDING_LOST_CONTAINER})

#: After these nothing is left to be done for the release.
_SETTLED = frozenset({CONFIRMED, ROLLED_BACK, ROLLBACK_BLOCKED, LEFT, DISCARDED, PRUNED, PREPARED})
_TOUCHING = frozenset({STARTING, STARTED, GATE_PASSED, GATE_FAILED, CONFIRMING, ROLLING_BACK, ROLLBACK_FAILED})

#: What one line holds. Events of other versions count as what they are.
_LINE = Record(
    {
        "at": Text(MOMENT),
        # Who runs `rollback.sh` by hand may call it anything.
        "run": Text(LINE),
        # What belongs to no release has none.
        "release": Text(Form(f"(?:{RELEASE_ID.pattern})?", RELEASE_ID.words)),
        "event": Text(Form("[a-z_]{1,40}", "an event")),
    },
    {"detail": Text(WORD)},
)
_BEGINNING = '{"at": "'
#: What a line can lack of its end: characters of an escape, of a text, a value, a key and a value, nothing but the end.
_ENDS = (
    *(f'{rest}"}}' for rest in ("", "\\", "0", "00", "000", "0000")),
    *(f"{rest}}}" for rest in ("", '": ""', ': ""', '""', '"": ""')),
)


@dataclass(frozen=True)
class JournalEntry:
    """One line of the journal.

    Attributes:
        at: UTC, ISO 8601.
        run: the run that wrote it.
        release: the release that it is about.
        event: one of this module's events.
        detail: a short reason, without secrets.
    """

    at: str
    run: str
    release: str
    event: str
    detail: str = ""

    def line(self) -> str:
        """Return the entry as one line of JSON."""
        fields = {"at": self.at, "run": self.run, "release": self.release, "event": self.event}
        if self.detail:
            fields["detail"] = self.detail
        return json.dumps(fields) + "\n"


def parse(text: str) -> tuple[JournalEntry, ...]:
    """Return the entries of a journal; a line that is none says nothing and is left out."""
    return tuple(entry for entry in map(_entry, _lines(text)) if entry is not None)


def damaged_lines(text: str) -> list[int]:
    """Return the numbers of a journal's lines that are no entries, and no entries that a crash has cut short either.

    What was cut short had not been written: nothing has followed from it.
    """
    lines = enumerate(_lines(text), start=1)
    return [number for number, line in lines if line and _entry(line) is None and not _was_cut(line)]


def states(entries: Iterable[JournalEntry]) -> dict[str, str]:
    """Return the last event of every release that the journal knows and that was not pruned or discarded."""
    last: dict[str, str] = {}
    for entry in entries:
        if entry.event not in _BESIDES:
            last[entry.release] = entry.event
    return {release: event for release, event in last.items() if event not in (PRUNED, DISCARDED)}


def first_mentions(entries: Iterable[JournalEntry]) -> list[str]:
    """Return all releases in the order in which this host met them.

    That is the order in which they follow one another: their IDs carry the time of the controllers that made them, and
    the clocks of two controllers may be an hour apart.
    """
    return list(dict.fromkeys(entry.release for entry in entries))


def met_before(entries: Iterable[JournalEntry], release: str | None) -> list[str]:
    """Return the releases that this host met before another one; none if it never met that one."""
    order = first_mentions(entries)
    return order[: order.index(release)] if release in order else []


def confirmed(entries: Iterable[JournalEntry]) -> list[str]:
    """Return the releases that were confirmed at some time, in the order in which this host met them."""
    known = list(entries)
    good = {entry.release for entry in known if entry.event == CONFIRMED}
    return [release for release in first_mentions(known) if release in good]


def proven(entries: Iterable[JournalEntry]) -> list[str]:
    """Return the releases that were confirmed and not taken back since, in the order in which this host met them.

    A fleet takes back what some of its hosts have confirmed already, when another one falls at the last moment.
    """
    known = list(entries)
    last = {entry.release: entry.event for entry in known if entry.event in (CONFIRMED, ROLLING_BACK)}
    return [release for release in confirmed(known) if last[release] == CONFIRMED]


def last_of_run(entries: Iterable[JournalEntry], run: str) -> str | None:
    """Return the release that a run last wrote about, None if it wrote nothing."""
    return next((entry.release for entry in reversed(list(entries)) if entry.run == run), None)


def last_start(entries: Iterable[JournalEntry]) -> JournalEntry | None:
    """Return the entry that announced the last start of any release, None if nothing was ever started."""
    return next((entry for entry in reversed(list(entries)) if entry.event == STARTING), None)


def irreversible(entries: Iterable[JournalEntry]) -> str | None:
    """Return the release that may not be taken back although it never passed, if that is what runs."""
    blocked: str | None = None
    for entry in entries:
        if entry.event == ROLLBACK_BLOCKED:
            blocked = entry.release
        elif entry.event in (CONFIRMED, ROLLED_BACK) and blocked is not None:
            blocked = None if entry.event == CONFIRMED or entry.release == blocked else blocked
    return blocked


def unfinished(entries: Iterable[JournalEntry]) -> str | None:
    """Return the release whose start or way back began and was never settled, if there is one."""
    open_release: str | None = None
    for entry in entries:
        if entry.event in _TOUCHING:
            open_release = entry.release
        elif entry.event in _SETTLED and entry.release == open_release:
            open_release = None
    return open_release


def left_in_place(entries: Iterable[JournalEntry]) -> list[str]:
    """Return the releases whose files may still lie in the project folder beside those of the confirmed one.

    They were started after anything was last confirmed or taken back, and neither has become of them.
    """
    left: dict[str, None] = {}
    for entry in entries:
        if entry.event == STARTING:
            left[entry.release] = None
        elif entry.event in (CONFIRMED, ROLLED_BACK):
            left.clear()
    return list(left)


def _lines(text: str) -> list[str]:
    # Not `splitlines`: for that, some characters within a text end a line.
    return text.split("\n")


def _entry(line: str) -> JournalEntry | None:
    try:
        raw: Any = read_json(line)
    except ValueError:
        return None
    if next(_LINE.faults(raw), None) is not None:
        return None
    return JournalEntry(raw["at"], raw["run"], raw["release"], raw["event"], raw.get("detail", ""))


def _was_cut(line: str) -> bool:
    # A crash can leave a file longer than what was written of it.
    written = line.rstrip("\0")
    return written[: len(_BEGINNING)] == _BEGINNING[: len(written)] and (
        not written or any(_is_an_object(written + end) for end in _ENDS)
    )


def _is_an_object(text: str) -> bool:
    try:
        return isinstance(read_json(text), dict)
    except ValueError:
        return False
