# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the gate of a stack looks at a release: its checks and limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .checks import Check


@dataclass(frozen=True)
class GateSettings:
    """How the gate is to look at a release.

    Attributes:
        checks: the declared checks, as the user wrote them.
        timeout_s: seconds in which everything must hold.
        healthy_for_s: seconds that every container with a health check must have run without a break.
        stable_for_s: seconds that every container without one must have run without a break.
        log_lines: how many of each failed container's last log lines are shown.
        start_timeout_s: seconds that Compose may take to start the containers.
    """

    checks: tuple[Mapping[str, Any], ...] = ()
    timeout_s: float = 120.0
    healthy_for_s: float = 2.0
    stable_for_s: float = 5.0
    log_lines: int = 20
    start_timeout_s: float = 300.0

    def as_dict(self) -> dict[str, Any]:
        """Return the settings as plain data."""
        return {**vars(self), "checks": [dict(check) for check in self.checks]}

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> GateSettings:
        """Return the settings that `as_dict` gave; what is missing, as an older release lacks it, gets the default."""
        kinds = {name: type(default) for name, default in vars(cls()).items()}
        known: dict[str, Any] = {name: kind(raw[name]) for name, kind in kinds.items() if raw.get(name) is not None}
        return cls(**known)

    def parsed_checks(self) -> list[Check]:
        """Return the checks as values.

        Raises:
            SlipwayError: with everything that is wrong in them.
        """
        from .checks import parse_checks

        return parse_checks(self.checks)

    def on_target(self) -> GateSettings:
        """Return the same settings without the checks that run on the controller."""
        return replace(self, checks=tuple(check for check in self.checks if check.get("from") != "controller"))
