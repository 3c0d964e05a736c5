# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every way in which a run can end, one row each: a new verdict is a new row."""

from __future__ import annotations

from dataclasses import dataclass

#: The state of a host that the run went on without.
SKIPPED = "skipped"


@dataclass(frozen=True)
class Outcome:
    """How a run can end.

    Attributes:
        word: what the last line, `verdict.json` and messages call it.
        host: what it says of one host.
        runs: how it is known what runs on such a host; it stands after the version, or after "not known".
        fleet: what it says of all hosts together; "" if only a single host can end so.
        exit_code: the exit code of the scripts, None if only a single host can end so.
        gravity: the host with the greatest decides the verdict; 0 decides nothing.
        still_runs: whether the release that a message names is what the host ran before, not what the run was about.
        next: what to do, a line each; what stands in braces is put in (`ending.Context`). A line is left out where
            nothing is known to put in.
    """

    word: str
    host: str
    runs: str
    fleet: str = ""
    exit_code: int | None = None
    gravity: int = 0
    still_runs: bool = False
    next: tuple[str, ...] = ()


OUTCOMES = {
    outcome.word: outcome
    for outcome in (
        Outcome(
            "deployed",
            host="runs the release, confirmed",
            runs="passed its health checks, confirmed",
            fleet="every host runs the release, confirmed",
            exit_code=0,
            gravity=4,
            next=("Nothing is left to do. To go back: {rollback}",),
        ),
        Outcome(
            "unchanged",
            host="runs what was confirmed, nothing was changed",
            runs="looked at, all as it was confirmed",
            fleet="every host runs what was confirmed; nothing was changed",
            exit_code=0,
            gravity=1,
            next=("Nothing is left to do.",),
        ),
        Outcome(
            "planned",
            host="would get the release",
            runs="not touched",
            fleet="this is what would be done; nothing was changed",
            exit_code=0,
            gravity=2,
            still_runs=True,
            next=("To do it: {again}",),
        ),
        Outcome(
            "continued",
            host="the run that was paused here goes on",
            runs="the run that was paused goes on here",
            fleet="the run that was paused goes on, and gives its own verdict",
            exit_code=0,
            gravity=3,
            next=("Wait for the verdict of that run. Meanwhile: {status}",),
        ),
        Outcome(
            "refused",
            host="said no; nothing was touched",
            runs="not touched",
            fleet="this run touched no container",
            exit_code=10,
            gravity=5,
            still_runs=True,
            next=("Then: {again}",),
        ),
        Outcome(
            "rolled_back",
            host="is back on what it ran before, and that passes its gate",
            runs="went back, passed its health checks",
            fleet="the release failed; every touched host is back on what it ran before, and that passes its gate",
            exit_code=20,
            gravity=6,
            next=("Nothing is down. Correct {version}, build a new version, deploy that: {other}",),
        ),
        Outcome(
            "rollback_failed",
            host="IS NOT IN THE STATE THAT IT SHOULD BE IN",
            runs="in neither of the two states",
            fleet="at least one host is not in the state that it should be in, and needs you",
            exit_code=30,
            gravity=8,
            next=("What runs everywhere: {status}",),
        ),
        Outcome(
            "unknown",
            host="COULD NOT BE SETTLED",
            runs="could not be settled",
            fleet="at least one host could not be reached or settled",
            exit_code=40,
            gravity=7,
            next=("Look what is so by now: {status}", "To settle at once what is not: {recover}"),
        ),
        Outcome("untouched", host="not touched", runs="not touched", still_runs=True),
        Outcome(
            SKIPPED,
            host="LEFT OUT, it could not be reached; not touched",
            runs="LEFT OUT, not touched",
        ),
    )
}
EXIT_CODES = {word: outcome.exit_code for word, outcome in OUTCOMES.items() if outcome.exit_code is not None}


def gravest(words: set[str]) -> str | None:
    """Return the state that decides the verdict over a fleet, None if none of these does.

    Args:
        words: the states of its hosts.
    """
    grave = [outcome for outcome in OUTCOMES.values() if outcome.word in words and outcome.gravity]
    return max(grave, key=lambda outcome: outcome.gravity).word if grave else None
