# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a run's hooks on the controller are due, from what every host reported so far."""

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


def subject(moment: str, hosts: Mapping[str, HostSteps]) -> Subject:
    """Return which hooks belong to a moment of a run, and what they are about.

    A run without a plan goes back to a kept release: its start is a way back from the release that was current.
    """
    planned = _common((steps.value("plan", "plan") or {}).get("release") for steps in hosts.values())
    goal = planned or _common(steps.value("prepare", "release") for steps in hosts.values() if not steps.unchanged)
    current = _common(steps.value("prepare", "current") for steps in hosts.values())
    if not planned and moment in (PREPARED, STANDS):
        return Subject(PRE_ROLLBACK if moment == PREPARED else POST_ROLLBACK, release=current, previous=goal)
    return Subject(_KINDS[moment], release=goal, previous=current)


def due(
    moment: str, hosts: Mapping[str, HostSteps], wanted: int | str | Sequence[int | str] = "100%", scope: str = "fleet"
) -> bool:
    """Tell whether the moment has come.

    Args:
        moment: one of the moments in which the role calls; a run that does not end well needs no more than that.
        hosts: what every host of the run reported.
        wanted: how the user cuts the hosts into batches.
        scope: "fleet" or "batch", see `course.settlement`.
    """
    here = course.present(hosts)
    if moment == PREPARED:
        return course.goes_on(hosts) and any(not steps.unchanged for steps in here.values())
    touched = {name: steps for name, steps in here.items() if steps.touched}
    if moment == STANDS:
        return bool(touched) and all(steps.unchanged or steps.stands for steps in here.values())
    if moment == GOING_BACK:
        goals = {name: course.settlement(name, hosts, wanted, scope) for name in touched}
        return any(goals[name] == course.ROLLED_BACK and steps.reversible for name, steps in touched.items())
    return any(steps.ran("settle") and steps.reversible for steps in touched.values())


def _common(values: Any) -> str:  # noqa: ANN401 - fields of results
    distinct = {str(value) for value in values if value}
    return distinct.pop() if len(distinct) == 1 else ""
