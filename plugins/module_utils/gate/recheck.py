# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sees whether what passed the gate still stands when the release is to be confirmed (I/O: reads logs).

Between the two lie the batches of the other hosts, which may take long.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..core.masking import Masker
from ..engine.client import Engine
from ..engine.containers import ContainerSnapshot
from .evidence import read_logs
from .health import ServiceExpectation
from .report import GateFailure, GateReport, Observation

CHECK = "still stands"


def change_since_gate(container: ContainerSnapshot, passed: Mapping[str, str], wanted: ServiceExpectation) -> str:
    """Return what became of a container since the gate, "" if it stands as it did or was a job and is over.

    Args:
        container: as it is now.
        passed: when each container that passed the gate was started, by ID.
        wanted: what the gate expected of its service.
    """
    if container.id not in passed:
        return "another container than the one that passed"
    if not wanted.stands(container):
        code = f" with exit code {container.exit_code}" if container.state in ("exited", "restarting") else ""
        return f"{container.state}{code}"
    if passed[container.id] != container.started_at:
        return f"started again since then; its process last ended with exit code {container.exit_code}"
    # The engine calls everything unhealthy that has ended.
    return "unhealthy" if container.health == "unhealthy" and not wanted.is_over(container) else ""


class SecondLook:
    """Looks once more at containers that passed the gate."""

    def __init__(self, engine: Engine, log_lines: int, masker: Masker) -> None:
        """Look through this engine, and show so many log lines of what fell, secrets masked."""
        self._engine = engine
        self._log_lines = log_lines
        self._masker = masker

    def report(
        self, containers: Sequence[ContainerSnapshot], passed: Mapping[str, str], expected: Sequence[ServiceExpectation]
    ) -> GateReport:
        """Return what changed since the gate.

        Args:
            containers: the stack's containers as they are now; those of other services than expected do not count.
            passed: when each container that passed the gate was started, by ID.
            expected: what the gate expected of each service.
        """
        wanted = {one.service: one for one in expected}
        mine = [one for one in containers if one.service in wanted]
        changes = [(one, change_since_gate(one, passed, wanted[one.service])) for one in mine]
        failures = [self._failure(one, seen) for one, seen in changes if seen]
        # Jobs that are over may be cleaned up.
        jobs = [one for one in expected if one.one_shot]
        cleaned = sum(max(0, one.replicas - sum(here.service == one.service for here in mine)) for one in jobs)
        cleaned -= max(0, sum(one.replicas for one in expected) - len(passed))
        gone = len(set(passed) - {one.id for one in mine}) - cleaned
        if gone > 0:
            whole = f"{len(passed)} containers, as they passed the gate"
            failures.append(GateFailure(None, None, CHECK, whole, f"{gone} of them gone"))
        return GateReport(not failures, 0.0, failures, [_observation(one) for one in mine])

    def _failure(self, one: ContainerSnapshot, seen: str) -> GateFailure:
        logs = read_logs(self._engine, [(one.id, one.name)], self._log_lines, self._masker)
        return GateFailure(one.service, one.name, CHECK, "as it passed the gate", seen, logs)


def _observation(one: ContainerSnapshot) -> Observation:
    return Observation(one.service, one.name, one.id, one.state, one.health, one.restarts, one.image, one.exit_code)
