# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The events of a run on which the controller runs hooks, and whether they happen, from what every host reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...module_utils.stack.hooks import ON_FAILURE, POST_DEPLOY, POST_ROLLBACK, PRE_DEPLOY, PRE_ROLLBACK
from ..fleet import course
from .steps import HostSteps

#: Every host is prepared; the release stands on every host; hosts are about to go back; hosts went back; it is over.
PREPARED, STANDS, GOING_BACK, GONE_BACK, ENDED = "prepared", "stands", "going_back", "gone_back", "ended"
#: Where the role keeps what the controller's hooks reported.
VARIABLES = {
    PREPARED: "__stack_hooks_before",
    STANDS: "__stack_hooks_after",
    GOING_BACK: "__stack_hooks_going_back",
    GONE_BACK: "__stack_hooks_gone_back",
}
_KINDS = {
    PREPARED: PRE_DEPLOY,
    STANDS: POST_DEPLOY,
    GOING_BACK: PRE_ROLLBACK,
    GONE_BACK: POST_ROLLBACK,
    ENDED: ON_FAILURE,
}


@dataclass(frozen=True)
class Subject:
    """What the controller's hooks are told the run is about.

    Attributes:
        kind: which hooks are meant.
        release: the release whose hooks these would be on a target; "" if hosts differ or there is none.
        previous: the release that a way back leads to, likewise.
    """

    kind: str
    release: str
    previous: str


def subject(event: str, hosts: Mapping[str, HostSteps]) -> Subject:
    """Return which hooks belong to an event of a run, and what they are about.

    A run without a plan goes back to a kept release: its start is a way back from the release that was current.
    """
    planned = _common((steps.value("plan", "plan") or {}).get("release") for steps in hosts.values())
    goal = planned or _common(steps.value("prepare", "release") for steps in hosts.values() if not steps.unchanged)
    current = _common(steps.value("prepare", "current") for steps in hosts.values())
    if not planned and event in (PREPARED, STANDS):
        return Subject(PRE_ROLLBACK if event == PREPARED else POST_ROLLBACK, release=current, previous=goal)
    return Subject(_KINDS[event], release=goal, previous=current)


def due(
    event: str, hosts: Mapping[str, HostSteps], wanted: int | str | Sequence[int | str] = "100%", scope: str = "fleet"
) -> bool:
    """Tell whether the event happens now.

    Args:
        event: one of those for which the role asks; `ENDED` needs no more than a run that does not end well.
        hosts: what every host of the run reported.
        wanted: how the user cuts the hosts into batches.
        scope: "fleet" or "batch", see `course.settlements`.
    """
    here = course.present(hosts)
    if event == PREPARED:
        return course.goes_on(hosts) and any(not steps.unchanged for steps in here.values())
    touched = {name: steps for name, steps in here.items() if steps.touched}
    if event == STANDS:
        return bool(touched) and all(steps.unchanged or steps.stands for steps in here.values())
    if event == GOING_BACK:
        going = course.settlements(hosts, wanted, scope)[course.ROLLED_BACK]
        return any(name in touched and touched[name].reversible for name in going)
    return any(steps.ran("settle") and steps.reversible for steps in touched.values())


def _common(values: Any) -> str:  # noqa: ANN401 - fields of results
    distinct = {str(value) for value in values if value}
    return distinct.pop() if len(distinct) == 1 else ""
