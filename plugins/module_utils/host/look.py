# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds out what runs, what is to run, and everything that speaks against it; nothing is written (I/O)."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from ..core.findings import Finding, SlipwayError
from ..core.masking import Secret
from ..engine.client import Engine
from ..engine.compose_model import Service
from ..engine.containers import Container, Snapshot
from ..engine.image_pins import pin_services
from ..engine.lost.containers import lost_container_findings
from ..gate.health import ServiceExpectation
from ..release import journal
from ..release.placing.activation import activation_findings
from ..release.progress import files_left
from ..release.record import ReleaseFile, ReleaseRecord
from ..release.rollback_script import WayBack
from ..release.store import ReleaseStore, now
from ..stack.payload import ReleaseRequest
from . import rollback_target
from .host import Host
from .machine import facts
from .machine.needs import need_findings
from .machine.time_limits import time_limit_findings
from .preflight import check_host, declared_findings, taken_ports
from .resolve import examine


@dataclass(frozen=True)
class NewRelease:
    """A release that nothing speaks against, and what runs now.

    Attributes:
        record: the release.
        services: its services, as Compose resolves them.
        snapshot: what runs now.
        secrets: what the services are given by variables and nothing that is shown may hold.
    """

    record: ReleaseRecord
    services: tuple[Service, ...]
    snapshot: Snapshot
    secrets: tuple[Secret, ...]


def take_snapshot(store: ReleaseStore, engine: Engine, stack: str, containers: Sequence[Container]) -> Snapshot:
    """Return what runs now.

    Args:
        store: the stack's folder.
        engine: the engine that it runs on.
        stack: the stack's name.
        containers: its containers.
    """
    ordered = sorted(containers, key=lambda one: (one.service, one.number))
    images = {image_id: engine.images.find(image_id) for image_id in sorted({one.image_id for one in containers})}
    digests = {image_id: list((image or {}).get("RepoDigests") or []) for image_id, image in images.items()}
    origins = tuple(dict.fromkeys(one.origin for one in containers))
    return Snapshot(stack, now(), store.current(), tuple(ordered), origins, digests)


def previous_release(store: ReleaseStore) -> str:
    """Return the newest release from before the current one that was confirmed and not taken back, and is kept here.

    Raises:
        SlipwayError: there is none.
    """
    current, kept, entries = store.current(), store.kept(), store.entries()
    before = journal.met_before(entries, current)
    older = [release for release in journal.proven(entries) if release in kept and release in before]
    if not older:
        seen = f"none; kept here: {', '.join(kept) or 'no release at all'}"
        remedy = "Deploy the version that you want with scripts/deploy.sh."
        expected = f"a confirmed release from before {current or 'the current one'}"
        raise SlipwayError([Finding("release to go back to", expected, seen, remedy)])
    return older[-1]


def look_at_new(host: Host, request: ReleaseRequest, files: Path, min_free_mb: int) -> NewRelease:
    """Look at a host and at the release that it is to take.

    Args:
        host: the host.
        request: the release.
        files: folder in which its files lie.
        min_free_mb: megabytes (10^6 bytes) that have to be free.

    Raises:
        SlipwayError: everything that is wrong with the host and with the release.
    """
    stack, store, engine = request.plan.stack, host.store, host.engine
    services: tuple[Service, ...] = ()
    secrets: tuple[Secret, ...] = ()
    record: ReleaseRecord | None = None
    findings = plan_findings(request)
    with ThreadPoolExecutor(1) as side:
        # Both ask Compose, which is another process each time: side by side they take half as long.
        of_host = side.submit(lambda: check_host(store, engine, min_free_mb) + lost_container_findings(engine))
        try:
            project, found = examine(stack, request.bundle, files)
            findings += found
            services, secrets = project.services, project.secrets
            findings += declared_findings(request.payload, services)
            findings += need_findings(store, engine, project.needs, request.bundle)
            record = replace(_record(request, services), secret_files=project.secret_files)
            findings += time_limit_findings(engine, services, record.images, request.gate)
        except SlipwayError as error:
            findings += error.findings
    findings = of_host.result() + findings
    findings += taken_ports(engine, stack, services)
    if record is None or findings:
        raise SlipwayError(dict.fromkeys(findings))
    return NewRelease(record, services, take_snapshot(store, engine, stack, engine.containers.of(stack)), secrets)


def kept_findings(host: Host, record: ReleaseRecord, min_free_mb: int, *, force: bool) -> list[Finding]:
    """Look at a host and at a kept release that it is to go to.

    Args:
        host: the host.
        record: the release.
        min_free_mb: megabytes (10^6 bytes) that have to be free.
        force: whether to go back past a release that is irreversible.

    Returns:
        Everything that speaks against it.
    """
    findings = check_host(host.store, host.engine, min_free_mb)
    if record.id not in journal.confirmed(host.store.entries()):
        seen = "a release that was never confirmed"
        remedy = "Choose one that was confirmed; scripts/status.sh lists them."
        findings.append(Finding(f"release {record.id}", "a release that passed its gate once", seen, remedy))
    findings += rollback_target.prove_release(host, record, claims=True)
    return findings if force else findings + rollback_target.irreversible_findings(host.store, record.id)


def same_release(store: ReleaseStore, record: ReleaseRecord, snapshot: Snapshot) -> str | None:
    """Return the current release if it is the same as this record and stands as it should."""
    if snapshot.release is None:
        return None
    current = store.folder_of(snapshot.release).record
    same = current.content_sha256 == record.content_sha256 and current.images == record.images
    if not same or store.drift(current.files):
        return None
    hashes = store.folder_of(current.id).config_hashes
    return current.id if rollback_target.runs_as(current, hashes, snapshot.containers) else None


def proved_way_back(host: Host, record: ReleaseRecord, snapshot: Snapshot, findings: list[Finding]) -> WayBack:
    """Return the way back, proved.

    Raises:
        SlipwayError: with the findings so far and those of the proof.
    """
    left = files_left(host.store, record.id)
    undone = (*record.files, *left)
    way = WayBack(record.stack, record.id, undone)
    try:
        hashes = host.store.folder_of(snapshot.release).config_hashes if snapshot.release else {}
        way = rollback_target.choose(host.store, record.id, undone, snapshot, hashes)
        before = way.to.files if way.to is not None else ()
        findings += activation_findings(host.store.folder, record.files, (*before, *left))
        findings += activation_findings(host.store.folder, before, undone)
        if way.to is not None and way.to.id != record.id:
            findings += rollback_target.prove_release(host, way.to)
        elif way.adopted_from is not None:
            rollback_target.freeze_adopted(snapshot)
    except SlipwayError as error:
        findings += error.findings
    facts.raise_all(list(dict.fromkeys(findings)))
    return way


def files_to_change(store: ReleaseStore, files: tuple[ReleaseFile, ...], way: WayBack) -> tuple[str, ...]:
    """Return the paths in the project folder that a start will write or remove."""
    kept = {file.path for file in files}
    before = [*(way.to.files if way.to else ()), *way.undone_files]
    return tuple(sorted({*store.drift(files), *(file.path for file in before if file.path not in kept)}))


def plan_findings(request: ReleaseRequest) -> list[Finding]:
    """Find whether the files and variables of this host are those that were planned."""
    planned = request.plan.hosts.get(request.host)
    if planned == request.bundle.content_sha256:
        return []
    seen = "this host is not in it" if planned is None else "files or variables that changed after it was made"
    expected = f"the files and variables that were planned for {request.host}"
    return [Finding("plan", expected, seen, "Make a new plan.")]


def _record(request: ReleaseRequest, services: tuple[Service, ...]) -> ReleaseRecord:
    plan, bundle = request.plan, request.bundle
    pins = pin_services(services, plan.images)
    expected = tuple(
        ServiceExpectation(
            one.name, one.replicas, one.one_shot, pins[one.name], one.may_end, one.may_end and one.health_check.is_given
        )
        for one in services
    )
    return ReleaseRecord(
        id=plan.release,
        stack=plan.stack,
        version=plan.version,
        created_at=plan.created_at,
        created_by=plan.created_by,
        commit=plan.commit,
        plan_sha256=plan.sha256,
        content_sha256=bundle.content_sha256,
        reversible=plan.reversible,
        compose_files=bundle.compose_files,
        images=pins,
        files=tuple(ReleaseFile(file.path, file.executable, file.sha256) for file in bundle.files),
        services=expected,
    )
