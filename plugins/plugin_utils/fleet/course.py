# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rollout does next, from what every host reported so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...module_utils.stack.plan import batches, waves
from .steps import HostSteps

FLEET, BATCH = "fleet", "batch"
CONFIRMED, ROLLED_BACK = "confirmed", "rolled_back"


def present(hosts: Mapping[str, HostSteps]) -> dict[str, HostSteps]:
    """Return the hosts that the run does not go on without."""
    return {name: steps for name, steps in hosts.items() if not steps.left_out}


def goes_on(hosts: Mapping[str, HostSteps]) -> bool:
    """Tell whether the rollout may go on with the next hosts: everybody agreed, and nobody failed yet."""
    here = present(hosts).values()
    ready = bool(here) and all(steps.passed("prepare") for steps in here)
    return ready and not any(steps.refused or steps.rollout_failed for steps in here)


def serial(hosts: Mapping[str, HostSteps], wanted: int | str | Sequence[int | str], forks: int) -> list[int]:
    """Return how many hosts each batch of a play over all hosts gets, so that those who are present are cut as wanted.

    A host that is left out must not take a place: if it were the canary, the others would change without one.

    Args:
        hosts: what every host of the run reported.
        wanted: how the user cuts the hosts into batches.
        forks: how many hosts Ansible calls at the same time, see `waves`.
    """
    places = {name: place for place, name in enumerate(hosts, start=1)}
    plan = next((steps.value("plan", "plan") for steps in hosts.values()), None) or {}
    waiting = bool(plan.get("bake_time")) or plan.get("pause_after", "nothing") != "nothing"
    planned = batches(list(present(hosts)), wanted)
    ends = [places[together[-1]] for together in waves(planned, forks, waits=waiting)]
    ends = [*ends[:-1], len(hosts)]
    return [end - begin for begin, end in zip([0, *ends], ends, strict=False)]


def settlements(
    hosts: Mapping[str, HostSteps], wanted: int | str | Sequence[int | str], scope: str
) -> dict[str, list[str]]:
    """Return what is left to do when the fleet is settled, and on which hosts.

    Args:
        hosts: what every host of the run reported.
        wanted: how the user cuts the hosts into batches.
        scope: "fleet": one failure takes everybody back; "batch": only the hosts of its batch.

    Returns:
        The hosts to be "confirmed", and those to be "rolled_back" (which for a host that was only prepared means giving
        the staging back). A host that is in neither has nothing left to do.
    """
    here = present(hosts)
    due: dict[str, list[str]] = {CONFIRMED: [], ROLLED_BACK: []}
    for group in batches(list(here), wanted) if scope == BATCH else [tuple(here)]:
        stands = all(here[name].stands for name in group)
        for name in group:
            me = here[name]
            if not me.passed("prepare") or me.unchanged or me.passed("settle"):
                continue
            # Where going back is blocked, a host on which the release stands can only stay: it does not share the
            # others' fate.
            if not stands and (me.reversible or not me.holds):
                due[ROLLED_BACK].append(name)
            elif not me.confirmed:
                due[CONFIRMED].append(name)
    return due


def waits(hosts: Mapping[str, HostSteps], batch: Sequence[str], wanted: int | str | Sequence[int | str]) -> bool:
    """Tell whether the next batch waits after one that was just rolled out: it changed something, and others will.

    Args:
        hosts: what every host of the run reported.
        batch: the hosts that were just rolled out; where they are only a part of a batch, its others come at once.
        wanted: how the user cuts the hosts into batches.
    """
    here = present(hosts)
    if not _touched(here, batch) or not goes_on(hosts):
        return False
    awaiting = {name for name, steps in here.items() if steps.awaits_start}
    mine = next((one for one in batches(list(here), wanted) if set(one) & set(batch)), ())
    return bool(awaiting) and awaiting.isdisjoint(mine)


def pauses_on(
    hosts: Mapping[str, HostSteps], batch: Sequence[str], after: str, wanted: int | str | Sequence[int | str]
) -> str:
    """Return the host on which the rollout pauses after a batch until somebody continues it, "" if it does not.

    Args:
        hosts: what every host of the run reported.
        batch: the hosts that were just rolled out.
        after: one of `PAUSE_AFTER`. The canary is the first batch that changed something.
        wanted: how the user cuts the hosts into batches.
    """
    touched = _touched(present(hosts), batch)
    canary = len(touched) == len(_touched(present(hosts), list(hosts)))
    return touched[0] if waits(hosts, batch, wanted) and (after == "batch" or (after == "canary" and canary)) else ""


def _touched(hosts: Mapping[str, HostSteps], names: Sequence[str]) -> list[str]:
    return [name for name in names if name in hosts and hosts[name].touched]


def renewal_age(guard_timeout_s: float, longest_s: float) -> float:
    """Return the seconds after which a host has to hear of the run again.

    Args:
        guard_timeout_s: seconds after which its guard acts, and its lease expires.
        longest_s: the seconds that what comes next may take, in which the host hears nothing.
    """
    return max(0.0, min(guard_timeout_s / 3, guard_timeout_s - longest_s))


def to_renew(hosts: Mapping[str, HostSteps], batch: Sequence[str], now: float, age_s: float) -> list[str]:
    """Return the hosts that hold a lease or an armed guard, and heard nothing of the run for that long.

    Those of the batch at hand that are about to be started hear of it then.
    """
    holding = {
        name: steps
        for name, steps in present(hosts).items()
        if steps.passed("prepare")
        and not steps.unchanged
        and not steps.confirmed
        and not (steps.awaits_start and name in batch)
    }
    return [name for name, steps in holding.items() if now - steps.called_at > age_s]


def shares(names: Sequence[str], batch: Sequence[str]) -> dict[str, list[str]]:
    """Return which of the hosts each host of the batch calls, so that the batch does it at the same time."""
    return {host: list(names[place :: len(batch)]) for place, host in enumerate(batch) if place < len(names)}
