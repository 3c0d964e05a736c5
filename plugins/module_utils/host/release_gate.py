# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks at what runs on a host through the gate, with the settings and secrets of its release (I/O)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..core.masking import Masker
from ..engine.client import Engine
from ..gate.health import ServiceExpectation
from ..gate.report import GateReport
from ..release.record import ReleaseRecord
from ..release.secrets import release_masker
from ..stack.gate_settings import GateSettings
from .host import Host
from .rollback_target import expectations


def gate_release(host: Host, record: ReleaseRecord, *, longest_s: float | None = None) -> GateReport:
    """Run the gate of a release whose folder this host has.

    Args:
        host: the host.
        record: the release.
        longest_s: seconds that the gate may take at the most, if that is less than its own limit.
    """
    settings = host.store.folder_of(record.id).gate
    if longest_s is not None:
        settings = replace(settings, timeout_s=min(settings.timeout_s, longest_s))
    return _gate(host.engine, record.stack, record.services, settings, release_masker(host.store, record))


def gate_adopted(
    engine: Engine, stack: str, services: Sequence[ServiceExpectation], settings: GateSettings, masker: Masker
) -> GateReport:
    """Run the gate on a stack that Slipway did not start: its containers alone, since no checks are known for it."""
    return _gate(engine, stack, services, replace(settings, checks=()), masker)


def gate_before(host: Host, release: str) -> GateReport:
    """Run the gate on what ran before a release, as its snapshot shows it.

    Args:
        host: the host.
        release: the release.
    """
    folder = host.store.folder_of(release)
    record, before = folder.record, folder.snapshot
    if before.to:
        to = host.store.folder_of(before.to).record
        return gate_release(host, replace(to, services=(*to.services, *_gone(record, to.services))))
    services = expectations(before.containers)
    ambiguous = {one.service for one in host.engine.containers.of(record.stack) if one.may_end}
    services = [replace(one, may_end=not one.one_shot and one.service in ambiguous) for one in services]
    services += _gone(record, services)
    return gate_adopted(host.engine, record.stack, services, folder.gate, release_masker(host.store, record))


def _gone(record: ReleaseRecord, services: Sequence[ServiceExpectation]) -> list[ServiceExpectation]:
    """Return the services of a release that was taken back, and that what ran before does not have."""
    gone = {one.service for one in record.services} - {one.service for one in services}
    return [ServiceExpectation(name, 0) for name in sorted(gone)]


def _gate(
    engine: Engine, stack: str, services: Sequence[ServiceExpectation], settings: GateSettings, masker: Masker
) -> GateReport:
    from ..gate.gate import run_gate

    return run_gate(engine, stack, list(services), settings.on_target(), masker)
