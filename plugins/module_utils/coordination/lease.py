# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lease of a stack on a host: what it says, and who may take it when somebody holds it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ..boundary.shapes import WORD, Flag, Number, OneOf, Record, Text, read_json
from ..core.boot_time import BootTime
from ..core.findings import Finding
from ..core.identifiers import LINE, MOMENT, RUN_ID, Form

#: How far the run that holds the lease has come on this host.
PREPARING, PREPARED, STARTED = "preparing", "prepared", "started"
#: What a run that wants the lease has to do.
TAKE, WAIT, REFUSE = "take", "wait", "refuse"

#: Longer times would be none: nothing would ever end them.
MOST_S = 10**9
#: A moment of a host, in a file.
BOOT_TIME = Record({"boot": Text(LINE), "ticks": Number(most=MOST_S), "epoch": Number(least=0, most=10**11)})
#: What `lease.json` holds.
_DOCUMENT = Record(
    {
        "run": Text(RUN_ID),
        **dict.fromkeys(("owner", "run_url"), Text(WORD)),
        "taken_at": Text(MOMENT),
        "phase": OneOf((PREPARING, PREPARED, STARTED)),
        "lasts_s": Number(least=0, most=MOST_S),
        "renewed": BOOT_TIME,
    },
    # Earlier versions knew no pause.
    {"paused_at": Text(Form(f"(?:{MOMENT.pattern})?", MOMENT.words)), "continued_by": Text(WORD), "goes_on": Flag()},
)


@dataclass(frozen=True)
class Lease:
    """Who may change the stack on this host.

    Attributes:
        run: ID of the run that holds it; it is the fencing ID, since no two runs have the same.
        owner: who started that run.
        run_url: where to look at that run, "" if there is no such page.
        taken_at: UTC, ISO 8601.
        phase: how far the run has come here.
        lasts_s: seconds that it lasts after its last renewal.
        renewed: when that was.
        paused_at: since when the run waits on this host for somebody to continue it, UTC, ISO 8601; "" if it does not.
        continued_by: who told it to go on, "" if nobody has.
        goes_on: whether it has heard that, and goes on.
        host: what that run calls this machine, "" if it has not said.
    """

    run: str
    owner: str
    run_url: str
    taken_at: str
    phase: str
    lasts_s: float
    renewed: BootTime
    paused_at: str = ""
    continued_by: str = ""
    goes_on: bool = False
    host: str = ""

    def pauses(self, now: BootTime) -> bool:
        """Tell whether the run waits for somebody to continue it; one whose lease has ended waits for nobody."""
        return bool(self.paused_at) and not self.continued_by and self.left_s(now) > 0

    def left_s(self, now: BootTime) -> float:
        """Return the seconds until it ends by itself; not above zero if it has ended."""
        return self.lasts_s - now.seconds_since(self.renewed)

    def as_dict(self) -> dict[str, Any]:
        """Return the lease as plain data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Lease:
        """Return the lease that `as_dict` gave.

        Raises:
            KeyError, OverflowError, TypeError, ValueError: it is none.
        """
        lasts_s = float(raw["lasts_s"])
        if not math.isfinite(lasts_s):
            # Nothing would ever end it.
            raise ValueError(lasts_s)
        return cls(
            run=str(raw["run"]),
            owner=str(raw["owner"]),
            run_url=str(raw["run_url"]),
            taken_at=str(raw["taken_at"]),
            phase=str(raw["phase"]),
            lasts_s=lasts_s,
            renewed=BootTime.from_dict(raw["renewed"]),
            # Earlier versions knew no pause.
            paused_at=str(raw.get("paused_at", "")),
            continued_by=str(raw.get("continued_by", "")),
            goes_on=bool(raw.get("goes_on", False)),
            host=str(raw.get("host", "")),
        )


def parse(text: str) -> Lease | None:
    """Return the lease that a file holds, None if it holds none."""
    try:
        raw: Any = read_json(text)
    except ValueError:
        return None
    return Lease.from_dict(raw) if next(_DOCUMENT.faults(raw), None) is None else None


def decide(held: Lease | None, run: str, now: BootTime) -> str:
    """Return what a run that wants the lease has to do.

    Two runs that begin in the same moment may each get the lease of some hosts. So that one of them proceeds, and not
    neither, the one whose ID sorts first overtakes the other as long as that one cannot have started anything anywhere;
    where the other is prepared already, it waits for the other to learn that it was overtaken.

    Returns:
        TAKE, WAIT or REFUSE.
    """
    if held is None or held.run == run or held.left_s(now) <= 0:
        return TAKE
    if held.phase == STARTED or run > held.run:
        return REFUSE
    return TAKE if held.phase == PREPARING else WAIT


def sentence(held: Lease, now: BootTime) -> str:
    """Say who holds the lease."""
    left = max(0, round(held.left_s(now)))
    where = f", {held.run_url}" if held.run_url else ""
    ending = f"it ends by itself in {left} s" if left else "it has ended"
    paused = f"; paused since {held.paused_at}, {how_to_continue(held.run)}" if held.pauses(now) else ""
    return (
        f"run {held.run} of {held.owner or 'somebody'} holds the lease since {held.taken_at}{where}; {ending}{paused}"
    )


def how_to_continue(run: str) -> str:
    """Say how a run goes on that is paused."""
    return f"goes on with scripts/continue.sh ENV --run {run}"


def twin_finding(held: Lease, host: str) -> Finding | None:
    """Return what is wrong if the run that holds the lease calls this machine by another name as well.

    Args:
        held: the lease.
        host: what the run calls this machine now.
    """
    if not held.host or not host or held.host == host:
        return None
    seen = f"{held.host} and {host}, which are one machine"
    remedy = "Take one of them out of the inventory, or leave it out with --limit."
    return Finding(f"host {host}", "a machine of its own", seen, remedy)


def refusal(stack: str, held: Lease, now: BootTime) -> Finding:
    """Say that another run holds the lease, and how to get it."""
    where = f", {held.run_url}" if held.run_url else ""
    left = max(held.left_s(now), 0.0)
    paused = f", paused since {held.paused_at}: it {how_to_continue(held.run)}" if held.pauses(now) else ""
    return Finding(
        thing=f"lease of stack {stack}",
        expected="no other run at work on it",
        seen=f"run {held.run} of {held.owner or 'somebody'} since {held.taken_at}{where}{paused}",
        remedy=f"Wait for that run (--lease-wait SECONDS). If it is dead, its lease ends by itself in {left:.0f} s, "
        f"or now with scripts/unlock.sh ENV --run {held.run}.",
    )
