# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks that search the log of a service: what is declared."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..fields import Fields
from .probe import CheckType, Probe


@dataclass(frozen=True)
class LogProbe(Probe):
    """A line that the log of each container of a service must, or must not, hold since the container's start."""

    regex: str
    present: bool = True

    @property
    def lasting(self) -> bool:
        """Whether it must hold until the end: a forbidden line may still come, or a replica without its line."""
        return True

    def needs_engine(self, service: str | None) -> bool:  # noqa: ARG002 - it always reads a container's log
        """Return true: logs come from the engine."""
        return True

    def expectation(self) -> str:
        """Say in one line what must be true."""
        return f"a log with {'a' if self.present else 'no'} line that matches /{self.regex}/"


def _parse_log(fields: Fields) -> LogProbe:
    regex = fields.text("regex", required=True) or ""
    try:
        re.compile(regex)
    except re.error as error:
        fields.fault("regex", "a Python regular expression", f"{regex!r} ({error})")
    return LogProbe(regex, present=fields.flag("present", default=True))


LOG = CheckType({"regex", "present"}, _parse_log, service_required=True)
