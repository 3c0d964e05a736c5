# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the gate of a stack looks at a release: its checks and limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class GateSettings:
    """How the gate is to look at a release.

    Attributes:
        checks: the declared checks that run on the target, as the user wrote them.
        timeout_s: seconds in which everything must hold.
        healthy_for_s: seconds that every container with a health check must have run without a break.
        stable_for_s: seconds that every container without one must have run without a break.
        log_lines: how many of each failed container's last log lines are shown.
        start_timeout_s: seconds that Compose may take to start the containers.
    """

    checks: tuple[Mapping[str, Any], ...]
    timeout_s: float
    healthy_for_s: float
    stable_for_s: float
    log_lines: int
    start_timeout_s: float

    def as_dict(self) -> dict[str, Any]:
        """Return the settings as plain data."""
        return {**vars(self), "checks": [dict(check) for check in self.checks]}

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> GateSettings:
        """Return the settings that `as_dict` gave; what is missing gets the role's default."""
        return cls(
            checks=tuple(raw.get("checks") or ()),
            timeout_s=float(raw.get("timeout_s", 120)),
            healthy_for_s=float(raw.get("healthy_for_s", 2)),
            stable_for_s=float(raw.get("stable_for_s", 5)),
            log_lines=int(raw.get("log_lines", 20)),
            start_timeout_s=float(raw.get("start_timeout_s", 300)),
        )
