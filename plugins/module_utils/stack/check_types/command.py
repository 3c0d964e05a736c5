# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks that run a command: what is declared."""

from __future__ import annotations

from dataclasses import dataclass

from ..fields import Fields
from .probe import CheckType, Probe


@dataclass(frozen=True)
class CommandProbe(Probe):
    """One command, on the host or in a service's first container, and the exit codes that mean success."""

    argv: tuple[str, ...]
    exit_codes: frozenset[int] = frozenset({0})

    def needs_engine(self, service: str | None) -> bool:
        """Return whether it runs in a container."""
        return service is not None

    def expectation(self) -> str:
        """Say in one line what must be true."""
        return f"{' '.join(self.argv)} ends with exit code {' or '.join(map(str, sorted(self.exit_codes)))}"


def _parse_command(fields: Fields) -> CommandProbe:
    exit_codes = fields.integers("exit_codes", at_most=255)
    return CommandProbe(
        argv=tuple(fields.texts("argv", required=True)),
        exit_codes=frozenset(exit_codes) or frozenset({0}),
    )


COMMAND = CheckType({"argv", "exit_codes"}, _parse_command)
