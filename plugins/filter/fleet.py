# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters that tell the role how the run stands over all hosts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible_collections.slipway.compose.plugins.module_utils.plan import is_serial
from ansible_collections.slipway.compose.plugins.module_utils.verdict import STEPS, HostSteps, goes_on, settlement


def host_steps(hostvars: Mapping[str, Any], hosts: Iterable[str]) -> dict[str, HostSteps]:
    """Return what the steps of the run reported, by host."""
    return {
        str(host): HostSteps({step: hostvars[host].get(variable) or {} for step, variable in STEPS.items()})
        for host in hosts
    }


def fleet_goes_on(hostvars: Mapping[str, Any], hosts: Iterable[str]) -> bool:
    """Tell whether the rollout may go on."""
    return goes_on(host_steps(hostvars, hosts))


def fleet_settlement(
    hostvars: Mapping[str, Any], hosts: Iterable[str], host: str, batches: list[list[str]], scope: str
) -> str:
    """Return what a host has to do when the fleet is settled."""
    return settlement(host, host_steps(hostvars, hosts), batches, scope)


def fleet_serial(value: Any) -> Any:  # noqa: ANN401 - whatever a user wrote
    """Return a play's `serial`; all hosts at once where the value is none, which the plan refuses."""
    return value if is_serial(value) else "100%"


class FilterModule:
    """The collection's filters."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return them by name."""
        return {"fleet_goes_on": fleet_goes_on, "fleet_serial": fleet_serial, "fleet_settlement": fleet_settlement}
