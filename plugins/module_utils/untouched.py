# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sees that what ran on a host still runs, where a release was prepared and never started (I/O).

Nobody touched it, but an engine that crashes lets containers end, and does not start all of them again.
"""

from __future__ import annotations

from ansible_collections.slipway.compose.plugins.module_utils import way_back
from ansible_collections.slipway.compose.plugins.module_utils.engine import Engine
from ansible_collections.slipway.compose.plugins.module_utils.errors import DownError, Finding
from ansible_collections.slipway.compose.plugins.module_utils.gate_report import GateReport
from ansible_collections.slipway.compose.plugins.module_utils.host_gate import gate_before
from ansible_collections.slipway.compose.plugins.module_utils.release_store import ReleaseStore
from ansible_collections.slipway.compose.plugins.module_utils.snapshot import ContainerSnapshot, ended

_EXPECTED = "to run on, since nothing of it was touched"
_CAUSE = "See on this host what became of its engine (journalctl -u docker)."


class Untouched:
    """What ran before a release that was never started; who asks has the stack's lock and its lease.

    Attributes:
        brought_back: what had ended and stands again; None if nothing had.
    """

    def __init__(self, store: ReleaseStore, engine: Engine, release: str) -> None:
        """Look at nothing yet."""
        self.brought_back: Finding | None = None
        self._store = store
        self._engine = engine
        self._release = release

    def see_that_it_stands(self) -> GateReport | None:
        """Start again what has ended, the very containers that ran, and gate them.

        Nothing else is done about it: what somebody has replaced or removed meanwhile is not made again.

        Returns:
            What the gate said; None if nothing had ended.

        Raises:
            DownError: it does not stand again.
        """
        before = self._store.read_json(self._release, "snapshot.json")
        if before.get("release") != self._store.current():
            # Somebody has gone back by hand.
            return None
        ran = [ContainerSnapshot(**container) for container in before.get("containers") or []]
        found = ended(ran, self._engine.containers(self._store.stack)) if ran else []
        if not found:
            return None
        thing = f"what ran before release {self._release}"
        seen = f"these have ended: {', '.join(one.name for one in found)}"
        refusals = [(one.name, self._engine.start(one.id)) for one in found]
        findings = [way_back.not_started(name, said) for name, said in refusals if said]
        if findings:
            raise DownError([Finding(thing, _EXPECTED, seen, _CAUSE), *findings])
        report = gate_before(self._store, self._engine, self._release)
        if not report.passed:
            raise DownError([Finding(thing, _EXPECTED, seen, f"{_CAUSE} It was started again, in vain.")], report)
        self.brought_back = Finding(thing, _EXPECTED, seen, f"{_CAUSE} It was started again, and passes its gate.")
        return report
