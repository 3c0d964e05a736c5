# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One attempt of a check of type tcp (I/O)."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from .outcome import Outcome

if TYPE_CHECKING:
    from ...stack.check_types.tcp import TcpProbe
    from .outcome import Surroundings


def attempt_tcp(probe: TcpProbe, _surroundings: Surroundings, timeout_s: float) -> Outcome:
    """Connect once."""
    try:
        with socket.create_connection((probe.host, probe.port), timeout=timeout_s):
            return Outcome(passed=True, seen="connected")
    except socket.timeout:
        return Outcome(passed=False, seen=f"no connection to {probe.host}:{probe.port} within {timeout_s:.3g} s")
    except OSError as error:
        said = error.strerror or error
        return Outcome(passed=False, seen=f"no connection to {probe.host}:{probe.port}: {said}")
