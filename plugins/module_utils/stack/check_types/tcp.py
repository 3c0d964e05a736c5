# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks that open a TCP connection: what is declared."""

from __future__ import annotations

from dataclasses import dataclass

from ..fields import Fields
from .probe import CheckType, Probe


@dataclass(frozen=True)
class TcpProbe(Probe):
    """One connection that must be accepted."""

    host: str
    port: int

    @property
    def asked_port(self) -> int:
        """The port that is connected to."""
        return self.port

    def expectation(self) -> str:
        """Say in one line what must be true."""
        return f"{self.host}:{self.port} accepts a connection"


def _parse_tcp(fields: Fields) -> TcpProbe:
    port = fields.integer("port", at_least=1, at_most=65535, required=True)
    return TcpProbe(host=fields.text("host") or "127.0.0.1", port=port or 0)


TCP = CheckType({"host", "port"}, _parse_tcp)
