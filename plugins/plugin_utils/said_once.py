# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What many hosts say in one task, once: the first say it themselves, the others are counted. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

#: So many hosts say the same in full; a failure, whose lines are many, is said by one.
HOSTS_IN_FULL, FAILURES_IN_FULL = 4, 1
#: More hosts than these are counted, not named.
_NAMED = 4
_TIME = re.compile(r"\d+(\.\d+)?(?= s\b)|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@dataclass
class _Block:
    first: str
    lines: tuple[str, ...]
    most: int
    hosts: int = 0
    others: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Rest:
    """What hosts said that were not shown.

    Attributes:
        who: the hosts, in words.
        first: the host that said it in full; "" where what it said was short, and is in `lines`.
        lines: what they said.
    """

    who: str
    first: str
    lines: tuple[str, ...]


class SaidOnce:
    """What the hosts have said in the task at hand."""

    def __init__(self) -> None:
        """Begin with a task in which nobody has said anything."""
        self._blocks: dict[tuple[str, ...], _Block] = {}

    def shows(self, host: str, lines: Sequence[str], most: int = HOSTS_IN_FULL) -> bool:
        """Tell whether what a host says is to be shown now; otherwise it is kept for the end of the task.

        Args:
            host: its name.
            lines: what it says. Times, and its own name, do not tell two hosts apart.
            most: how many hosts say it in full.
        """
        own = re.compile(rf"(?<![\w.-]){re.escape(host)}(?![\w.-])")
        key = tuple(own.sub("HOST", _TIME.sub("#", line)) for line in lines)
        block = self._blocks.setdefault(key, _Block(host, tuple(lines), most))
        block.hosts += 1
        if block.hosts > most:
            block.others.append(host)
        return block.hosts <= most

    def rest(self) -> list[Rest]:
        """Return what was kept, and begin with the next task."""
        kept = [block for block in self._blocks.values() if block.others]
        self._blocks = {}
        return [
            Rest(counted_names(one.others), one.first if one.most == FAILURES_IN_FULL else "", one.lines)
            for one in kept
        ]


def counted_names(hosts: Sequence[str]) -> str:
    """Name hosts, or count them where they are many."""
    if len(hosts) <= _NAMED:
        return ", ".join(hosts)
    return f"{len(hosts)} hosts ({', '.join(hosts[:2])}, …)"
