# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters that tell the role how the run stands over all hosts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ..module_utils.stack.plan import is_serial
from ..plugin_utils.fleet import course
from ..plugin_utils.fleet.steps import collect


def fleet_present(hostvars: Mapping[str, Any], hosts: Iterable[str]) -> list[str]:
    """Return the hosts that are not left out."""
    return list(course.present(collect(hostvars, hosts)))


def fleet_goes_on(hostvars: Mapping[str, Any], hosts: Iterable[str]) -> bool:
    """Tell whether the rollout may go on."""
    return course.goes_on(collect(hostvars, hosts))


def fleet_rollout(
    hostvars: Mapping[str, Any], hosts: Iterable[str], batch: Sequence[str], guard_timeout: float, longest: float
) -> dict[str, Any]:
    """Return whether the rollout may go on, and which hosts have to hear of it again, by the host that calls them."""
    steps, together = collect(hostvars, hosts), [str(one) for one in batch]
    if not course.goes_on(steps):
        return {"goes_on": False, "renewals": {}}
    age = course.renewal_age(float(guard_timeout), float(longest))
    names = course.to_renew(steps, together, time.time(), age)
    return {"goes_on": True, "renewals": course.shares(names, together)}


def fleet_waits(
    hostvars: Mapping[str, Any],
    hosts: Iterable[str],
    batch: Sequence[str],
    serial: Any,  # noqa: ANN401 - whatever a user wrote
) -> bool:
    """Tell whether the next batch waits after the one that was just rolled out."""
    return course.waits(collect(hostvars, hosts), [str(one) for one in batch], _usable(serial))


def fleet_pauses_on(
    hostvars: Mapping[str, Any],
    hosts: Iterable[str],
    batch: Sequence[str],
    after: str,
    serial: Any,  # noqa: ANN401 - likewise
) -> str:
    """Return the host on which the rollout pauses after the batch, "" if it does not."""
    return course.pauses_on(collect(hostvars, hosts), [str(one) for one in batch], after, _usable(serial))


def fleet_settlements(
    hostvars: Mapping[str, Any],
    hosts: Iterable[str],
    serial: Any,  # noqa: ANN401 - whatever a user wrote
    scope: str,
) -> dict[str, list[str]]:
    """Return what is left to do when the fleet is settled, and on which hosts."""
    return course.settlements(collect(hostvars, hosts), _usable(serial), scope)


def fleet_serial(
    hostvars: Mapping[str, Any],
    hosts: Iterable[str],
    serial: Any,  # noqa: ANN401 - likewise
    forks: int,
) -> list[int]:
    """Return a play's `serial`."""
    return course.serial(collect(hostvars, hosts), _usable(serial), int(forks))


def _usable(serial: Any) -> int | str | Sequence[int | str]:  # noqa: ANN401 - likewise
    """Return how hosts are cut into batches; all at once where the value says nothing, which the plan refuses."""
    usable: int | str | Sequence[int | str] = serial if is_serial(serial) else "100%"
    return usable


class FilterModule:
    """The collection's filters."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return them by name."""
        return {
            "fleet_goes_on": fleet_goes_on,
            "fleet_pauses_on": fleet_pauses_on,
            "fleet_present": fleet_present,
            "fleet_rollout": fleet_rollout,
            "fleet_serial": fleet_serial,
            "fleet_settlements": fleet_settlements,
            "fleet_waits": fleet_waits,
        }
