# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rollout does next, from what every host reported so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...module_utils.stack.plan import batches
from .steps import HostSteps

FLEET, BATCH = "fleet", "batch"
CONFIRMED, ROLLED_BACK, NOTHING = "confirmed", "rolled_back", ""


def present(hosts: Mapping[str, HostSteps]) -> dict[str, HostSteps]:
    """Return the hosts that the run does not go on without."""
    return {name: steps for name, steps in hosts.items() if not steps.left_out}


def goes_on(hosts: Mapping[str, HostSteps]) -> bool:
    """Tell whether the rollout may go on with the next hosts: everybody agreed, and nobody failed yet."""
    here = present(hosts).values()
    ready = bool(here) and all(steps.passed("prepare") for steps in here)
    return ready and not any(steps.refused or steps.rollout_failed for steps in here)


def serial(hosts: Mapping[str, HostSteps], wanted: int | str | Sequence[int | str]) -> list[int]:
    """Return how many hosts each batch of a play over all hosts gets, so that those who are present are cut as wanted.

    A host that is left out must not take a place: if it were the canary, the others would change without one.
    """
    names = list(hosts)
    ends = [names.index(batch[-1]) + 1 for batch in batches(list(present(hosts)), wanted)]
    ends = [*ends[:-1], len(names)]
    return [end - begin for begin, end in zip([0, *ends], ends, strict=False)]


def settlement(name: str, hosts: Mapping[str, HostSteps], wanted: int | str | Sequence[int | str], scope: str) -> str:
    """Return what a host has to do when the fleet is settled.

    Args:
        name: the host.
        hosts: what every host of the run reported.
        wanted: how the user cuts the hosts into batches.
        scope: "fleet": one failure takes everybody back; "batch": only the hosts of its batch.

    Returns:
        "confirmed", "rolled_back" (which for a host that was only prepared means giving the staging back), or "" if
        there is nothing left to do.
    """
    me, here = hosts[name], present(hosts)
    if me.left_out or not me.passed("prepare") or me.unchanged or me.passed("settle"):
        return NOTHING
    mine = next((batch for batch in batches(list(here), wanted) if name in batch), (name,))
    judged = [here[host] for host in (mine if scope == BATCH else here)]
    # Where going back is blocked, a host on which the release stands can only stay: it does not share the others' fate.
    if (me.holds and not me.reversible) or all(one.stands for one in judged):
        return NOTHING if me.confirmed else CONFIRMED
    return ROLLED_BACK


def waits(hosts: Mapping[str, HostSteps], batch: Sequence[str]) -> bool:
    """Tell whether the next batch waits after one that was just rolled out: it changed something, and others will."""
    here = present(hosts)
    return bool(_touched(here, batch)) and any(steps.awaits_start for steps in here.values()) and goes_on(hosts)


def pauses_on(hosts: Mapping[str, HostSteps], batch: Sequence[str], after: str) -> str:
    """Return the host on which the rollout pauses after a batch until somebody continues it, "" if it does not.

    Args:
        hosts: what every host of the run reported.
        batch: the hosts that were just rolled out.
        after: one of `PAUSE_AFTER`. The canary is the first batch that changed something.
    """
    touched = _touched(present(hosts), batch)
    canary = len(touched) == len(_touched(present(hosts), list(hosts)))
    return touched[0] if waits(hosts, batch) and (after == "batch" or (after == "canary" and canary)) else ""


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


def share(names: Sequence[str], batch: Sequence[str], host: str) -> list[str]:
    """Return which of the hosts a host of the batch calls, so that the batch does it at the same time."""
    return list(names[batch.index(host) :: len(batch)])
