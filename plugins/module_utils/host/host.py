# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run has in its hands on one host (I/O)."""

from __future__ import annotations

from dataclasses import dataclass

from ..coordination.guard import Guard
from ..coordination.held_lease import StackLease
from ..engine.client import Engine
from ..release.store import ReleaseStore


@dataclass(frozen=True)
class Host:
    """One host, as one run acts on it for one stack.

    Attributes:
        store: the stack's folder, and the run.
        engine: the engine that the stack runs on.
        lease: who may change the stack, as this run sees it.
        guard: what takes a release back if nobody confirms it in time.
    """

    store: ReleaseStore
    engine: Engine
    lease: StackLease
    guard: Guard
