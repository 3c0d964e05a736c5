# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The end of a run in lines that fit one screen, and all of it for a file. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...module_utils.boundary.printable import one_line
from .causes import BACK, BUSY, GATE, UNREACHABLE, Cause
from .ending import FINDINGS_FILE, Broken, Context, the_end
from .verdict import Verdict

#: The rows of each part on a terminal of 80 columns. With the two lines around them they make one screen of 24.
ROWS = {"BROKE": 8, "RUNS": 6, "NEXT": 7}
_LABEL = 7
_COLUMNS = 80
#: The columns that time and label take.
_BESIDE = 6 + _LABEL
#: A line that takes more than three rows is cut; the file has the whole.
_LONGEST = 3 * _COLUMNS - _BESIDE


def rows(line: str) -> int:
    """Return how many rows of a terminal of 80 columns a line takes that stands after the time and a label."""
    return -(-(len(line) + _BESIDE) // _COLUMNS)


def end_lines(verdict: Verdict, context: Context) -> list[str]:
    """Return the end of a run in at most 21 rows of 80 columns; empty parts are left out."""
    end = the_end(verdict, context)
    more = f"{context.folder}/{FINDINGS_FILE}"
    parts = {"BROKE": _broke_lines(end.broke, end.noted), "RUNS": end.runs, "NEXT": end.next}
    return [
        f"{label if number == 0 else '':<{_LABEL}}{line}"
        for label, lines in parts.items()
        for number, line in enumerate(_fitted(lines, ROWS[label], more))
    ]


def findings(verdict: Verdict) -> str:
    """Return everything that went wrong on every host, for a file; "" if nothing did."""
    blocks = []
    for name, host in verdict.hosts.items():
        for cause in host.causes:
            lines = [one_line(text) for text in (_head(Broken("", cause)), *_pair(cause)) if text]
            lines += [f"  | {one_line(line)}" for line in cause.logs]
            blocks.append("\n".join([f"{name}: {lines[0]}", *lines[1:], *([cause.remedy] if cause.remedy else [])]))
    return "".join(f"{block}\n\n" for block in blocks)


def _broke_lines(broken: Sequence[Broken], noted: Sequence[str]) -> list[str]:
    lines = list(noted)
    if not broken:
        return lines
    first, *others = broken
    lines += [_cut(line) for line in (_head(first), *_pair(first.cause))]
    # What else broke, in a line each, comes before the whole of what broke first.
    more = [_cut(f"{_head(one)}: {one.cause.seen}" if one.cause.kind == GATE else _head(one)) for one in others]
    left = ROWS["BROKE"] - sum(map(rows, [*lines, *more]))
    return [*lines, *_last(first.cause.logs, left), *more]


def _head(one: Broken) -> str:
    cause = one.cause
    label = f"{one.who}: " if one.who else ""
    if cause.kind == UNREACHABLE:
        # An address belongs to one host.
        address = f" ({cause.thing})" if cause.thing and " of " not in one.who else ""
        return f"{one.who or 'the host'}{address} DID NOT ANSWER: {cause.seen}"
    if cause.kind == BUSY and cause.seen:
        return f"{label}busy with {cause.seen}"
    phase = "on the way back: " if cause.phase == BACK else ""
    if cause.kind == GATE:
        return f"{label}{phase}{cause.thing}{' (with what ran before, the same)' if one.back_too else ''}"
    if not cause.thing:
        return f"{label}{phase}{cause.seen}"
    return f"{label}{phase}{cause.thing}: expected {cause.expected}, seen {cause.seen}"


def _pair(cause: Cause) -> list[str]:
    return [f"  expected: {cause.expected}", f"  seen: {cause.seen}"] if cause.kind == GATE else []


def _last(logs: Sequence[str], most: int) -> list[str]:
    """Return the last log lines that fit into so many rows."""
    shown: list[str] = []
    for line in reversed([_cut(f"  | {one_line(line)}") for line in logs]):
        if sum(map(rows, [*shown, line])) > most:
            break
        shown.insert(0, line)
    return shown


def _cut(line: str) -> str:
    line = one_line(line)
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def _fitted(lines: Iterable[str], most: int, more: str) -> list[str]:
    """Return the lines that fit into so many rows, and where the others stand."""
    every = [_cut(line) for line in lines]
    if sum(map(rows, every)) <= most:
        return every
    hint = f"… and more: {more}"
    shown: list[str] = []
    for line in every:
        if sum(map(rows, [*shown, line, hint])) > most:
            break
        shown.append(line)
    return [*shown, hint]
