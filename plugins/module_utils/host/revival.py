# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sees that what ran on a host still runs, where a release was prepared and never started (I/O).

Nobody touched it, but an engine that crashes lets containers end, and does not start all of them again.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from graphlib import TopologicalSorter

from ..core.findings import Finding, SlipwayError
from ..engine.client import ENGINE_BACK_S, wait_for_engine
from ..engine.containers import Container, ContainerSnapshot, ended
from ..gate.report import DownError, GateReport
from ..release.record import ReleaseRecord
from ..release.secrets import release_masker
from ..stack.gate_settings import GateSettings
from . import rollback_target
from .host import Host
from .release_gate import gate_adopted, gate_release

_EXPECTED = "to run on, since the run touched nothing of it"
_CAUSE = "See on this host why, such as a crash of its engine (journalctl -u docker)."
_POLL_S = 0.25
_STAYS_AWAY = Finding(
    "Docker engine",
    f"to be back within {ENGINE_BACK_S:.0f} s, so that what ran could be looked at",
    "it does not answer",
    "Start it. It lets containers end that ran when it crashed, so run scripts/status.sh then.",
)


class Revival:
    """What ran before a release that was never started; who asks has the stack's lock and its lease.

    Attributes:
        brought_back: what had ended and stands again; None if nothing had.
    """

    def __init__(self, host: Host, release: str) -> None:
        """Look at nothing yet."""
        self.brought_back: Finding | None = None
        self._host = host
        self._store = host.store
        self._engine = host.engine
        self._release = release

    def revive(self) -> GateReport | None:
        """Start again what has ended, the very containers that ran, and gate them.

        Nothing else is done about it: what somebody has replaced or removed meanwhile is not made again.

        Returns:
            What the gate said; None if nothing had ended.

        Raises:
            DownError: it does not stand again.
        """
        before = self._store.folder_of(self._release).snapshot
        if before.release != self._store.current():
            # Somebody has gone back by hand.
            return None
        ran = before.containers
        record = self._store.folder_of(before.to).record if before.to else None
        there = self._engine.containers.of(self._store.stack) if ran else []
        found = ended(ran, there, lambda one: _is_over(one, record))
        if not found:
            return None
        thing = f"what ran before release {self._release}"
        seen = f"these have ended: {', '.join(one.name for one in found)}"
        # From here on it is known that something is down: whatever goes wrong must not hide that.
        try:
            refusals = self._start(found, there)
            report = None if refusals else self._gate(ran, record)
        except Exception as error:
            findings = error.findings if isinstance(error, SlipwayError) else (_broken(error),)
            raise DownError([Finding(thing, _EXPECTED, seen, _CAUSE), *findings]) from error
        if report is None:
            raise DownError([Finding(thing, _EXPECTED, seen, _CAUSE), *refusals])
        if not report.passed:
            raise DownError([Finding(thing, _EXPECTED, seen, f"{_CAUSE} It was started again, in vain.")], report)
        self.brought_back = Finding(thing, _EXPECTED, seen, f"{_CAUSE} It was started again, and passes its gate.")
        return report

    def _start(self, found: Sequence[ContainerSnapshot], there: Sequence[Container]) -> list[Finding]:
        """Start the containers, each after those that it depends on; return what could not be started."""
        down = {one.service for one in found}
        needs = {one.id: one.depends_on for one in there}
        order = TopologicalSorter({one.service: down & set(needs[one.id]) for one in found})
        refusals = []
        for service in order.static_order():
            mine = [one for one in found if one.service == service]
            conditions = needs[mine[0].id]
            self._await_health({one for one in down if conditions.get(one) == "service_healthy"})
            refusals += [(one.name, self._engine.containers.start(one.id)) for one in mine]
        return [rollback_target.not_started(name, said) for name, said in refusals if said]

    def _await_health(self, services: set[str]) -> None:
        """Wait until services are healthy, as long as their gate would; whether they are is for the gate to say."""
        until = time.monotonic() + self._gate_settings().timeout_s
        while services and time.monotonic() < until:
            found = self._engine.containers.of(self._store.stack)
            if all(one.health != "starting" for one in found if one.service in services):
                return
            time.sleep(_POLL_S)

    def _gate(self, ran: Sequence[ContainerSnapshot], record: ReleaseRecord | None) -> GateReport:
        """Gate what ran: the release with its checks if that stood whole, else each service that did."""
        if record is not None and rollback_target.runs_as(record, self._store.folder_of(record.id).config_hashes, ran):
            return gate_release(self._host, record)
        masker = release_masker(self._store, self._store.folder_of(self._release).record)
        not_well = {one.service for one in ran if one.state != "running" or one.health not in ("", "healthy")}
        services = rollback_target.expectations([one for one in ran if one.service not in not_well])
        return gate_adopted(self._engine, self._store.stack, services, self._gate_settings(), masker)

    def _gate_settings(self) -> GateSettings:
        return self._store.folder_of(self._release).gate


def revive_after_failure(host: Host, release: str) -> list[Finding]:
    """See that what ran still does, where the preparation of a release failed: that the engine crashed may be why.

    Returns:
        What is to be told of it; nothing if it could not be looked at for another reason than the engine.

    Raises:
        DownError: something has ended, and does not stand again.
    """
    try:
        engine = wait_for_engine(ENGINE_BACK_S)
    except SlipwayError:
        return [_STAYS_AWAY]
    before = Revival(replace(host, engine=engine), release)
    try:
        with host.lease.locked():
            if host.lease.is_held():
                before.revive()
    except DownError:
        raise
    except Exception:  # noqa: BLE001 - what failed first is what has to be told
        return []
    return [before.brought_back] if before.brought_back else []


def _is_over(container: Container, record: ReleaseRecord | None) -> bool:
    """Tell whether a container that has ended was a job; of a stack that was started by hand only it itself says so."""
    if record is None:
        return container.may_end and container.exit_code == 0
    return any(one.one_shot or one.is_over(container) for one in record.services if one.service == container.service)


def _broken(error: Exception) -> Finding:
    said = f"{type(error).__name__}: {' '.join(str(error).split())}"
    return Finding("Docker engine", "to start it again", said, "See that it runs, then start those containers again.")
