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


def fleet_waits(hostvars: Mapping[str, Any], hosts: Iterable[str], batch: Sequence[str]) -> bool:
    """Tell whether the next batch waits after the one that was just rolled out."""
    return course.waits(collect(hostvars, hosts), batch)


def fleet_pauses_on(hostvars: Mapping[str, Any], hosts: Iterable[str], batch: Sequence[str], after: str) -> str:
    """Return the host on which the rollout pauses after the batch, "" if it does not."""
    return course.pauses_on(collect(hostvars, hosts), [str(one) for one in batch], after)


def fleet_share_to_renew(  # noqa: PLR0913, PLR0917 - a filter's options
    hostvars: Mapping[str, Any],
    hosts: Iterable[str],
    host: str,
    batch: Sequence[str],
    guard_timeout: float,
    longest: float,
) -> list[str]:
    """Return the hosts that have to hear of the run again, and that a host of the batch calls."""
    age = course.renewal_age(float(guard_timeout), float(longest))
    together = [str(one) for one in batch]
    names = course.to_renew(collect(hostvars, hosts), together, time.time(), age)
    return course.share(names, together, str(host))


def fleet_settlement(
    hostvars: Mapping[str, Any],
    hosts: Iterable[str],
    host: str,
    serial: Any,  # noqa: ANN401 - whatever a user wrote
    scope: str,
) -> str:
    """Return what a host has to do when the fleet is settled."""
    return course.settlement(host, collect(hostvars, hosts), serial if is_serial(serial) else "100%", scope)


def fleet_serial(hostvars: Mapping[str, Any], hosts: Iterable[str], serial: Any) -> Any:  # noqa: ANN401 - likewise
    """Return a play's `serial`; all hosts at once where the value is none, which the plan refuses."""
    return course.serial(collect(hostvars, hosts), serial if is_serial(serial) else "100%")


class FilterModule:
    """The collection's filters."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return them by name."""
        return {
            "fleet_goes_on": fleet_goes_on,
            "fleet_pauses_on": fleet_pauses_on,
            "fleet_present": fleet_present,
            "fleet_serial": fleet_serial,
            "fleet_settlement": fleet_settlement,
            "fleet_share_to_renew": fleet_share_to_renew,
            "fleet_waits": fleet_waits,
        }
