# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prepares a host for a release: checks it, stages the release, proves the way back, pulls. No container is touched (I/O)."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Tuple

from ansible_collections.slipway.compose.plugins.module_utils import host_checks, journal, way_back
from ansible_collections.slipway.compose.plugins.module_utils.checks import parse_checks
from ansible_collections.slipway.compose.plugins.module_utils.compose_config import Service
from ansible_collections.slipway.compose.plugins.module_utils.engine import Engine
from ansible_collections.slipway.compose.plugins.module_utils.errors import Finding, SlipwayError
from ansible_collections.slipway.compose.plugins.module_utils.health import ServiceExpectation
from ansible_collections.slipway.compose.plugins.module_utils.image_lock import lock_document, pin_services
from ansible_collections.slipway.compose.plugins.module_utils.libraries import load_library
from ansible_collections.slipway.compose.plugins.module_utils.masking import Masker, secret_values
from ansible_collections.slipway.compose.plugins.module_utils.release_order import ReleaseOrder
from ansible_collections.slipway.compose.plugins.module_utils.release_record import ReleaseFile, ReleaseRecord
from ansible_collections.slipway.compose.plugins.module_utils.release_store import ReleaseStore, now, unpack_files
from ansible_collections.slipway.compose.plugins.module_utils.resolved_project import resolve
from ansible_collections.slipway.compose.plugins.module_utils.rollback_script import WayBack, render
from ansible_collections.slipway.compose.plugins.module_utils.snapshot import (
    Snapshot,
    compose_origin,
    container_snapshot,
)

_DOCUMENT = Dict[str, Any]


@dataclass(frozen=True)
class Prepared:
    """How a preparation ended.

    Attributes:
        release: the release that will run: the prepared one, or the current one if nothing has to change.
        unchanged: whether the host already runs exactly this.
        goal: what the way back leads to, in words.
        pulled: images that had to be pulled.
        snapshot: what ran before.
        images: pinned image of every service of the release.
        files_changed: paths in the project folder that the start will write or remove.
    """

    release: str
    unchanged: bool
    goal: str
    pulled: Tuple[str, ...]
    snapshot: Snapshot
    images: Mapping[str, str]
    files_changed: Tuple[str, ...]


def check_host(store: ReleaseStore, engine: Engine, min_free_mb: int) -> List[Finding]:
    """Look at what a host must have for any release; a missing engine raises before this is reached."""
    findings = host_checks.compose_findings(host_checks.compose_version(), engine.client.api.version()["ApiVersion"])
    root = engine.client.info()["DockerRootDir"]
    folders = {root: "images", str(store.folder): "releases"}
    findings += host_checks.disk_findings(folders, min_free_mb)
    try:
        load_library("jmespath")
    except SlipwayError as error:
        findings += error.findings
    return findings


def take_snapshot(store: ReleaseStore, engine: Engine, stack: str, documents: List[_DOCUMENT]) -> Snapshot:
    """Return what runs now."""
    containers = sorted((container_snapshot(one) for one in documents), key=lambda one: (one.service, one.number))
    digests = {}
    for image_id in sorted({container.image_id for container in containers}):
        image = engine.image(image_id)
        digests[image_id] = list((image or {}).get("RepoDigests") or [])
    origins = tuple(dict.fromkeys(compose_origin(one) for one in documents))
    return Snapshot(stack, now(), store.current(), tuple(containers), origins, digests)


def prepare(store: ReleaseStore, engine: Engine, order: ReleaseOrder, *, check_mode: bool) -> Prepared:
    """Prepare this host for a new release.

    Raises:
        SlipwayError: everything that speaks against it. The host is as it was: staging is removed.
    """
    findings = check_host(store, engine, order.min_free_mb)
    findings += _content_findings(order)
    parse_checks(order.gate.checks)
    store.make()
    store.sweep()
    building = store.building_folder()
    try:
        return _stage_and_prove(store, engine, order, building, findings, check_mode=check_mode)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        if order.plan.release not in journal.confirmed(store.entries()):
            store.remove(order.plan.release)
        raise


def prepare_kept(store: ReleaseStore, engine: Engine, release: str, min_free_mb: int, *, check_mode: bool) -> Prepared:
    """Prepare this host for going to a release that it keeps; no registry is asked.

    Raises:
        SlipwayError: everything that speaks against it.
    """
    record = store.record(release)
    documents = engine.containers(record.stack)
    snapshot = take_snapshot(store, engine, record.stack, documents)
    findings = check_host(store, engine, min_free_mb)
    if release not in journal.confirmed(store.entries()):
        seen = "a release that was never confirmed"
        remedy = "Choose one that was confirmed: playbooks/history.yml or scripts/status.sh lists them."
        findings.append(Finding(f"release {release}", "a release that passed its gate once", seen, remedy))
    findings += way_back.prove_release(store, engine, record)
    hashes = _hashes(store, release)
    if release == snapshot.release and way_back.runs_as(record, hashes, snapshot.containers) and not findings:
        return Prepared(release, True, f"release {release}", (), snapshot, record.images, ())
    way, way_findings = _way_back(store, engine, record, snapshot)
    host_checks.raise_all([*findings, *way_findings])
    changed = _files_to_change(store, record.files, way)
    if not check_mode:
        _write_way_back(store, release, way, snapshot)
        store.note(release, journal.PREPARED)
    return Prepared(release, False, way.goal, (), snapshot, record.images, tuple(changed))


def previous_release(store: ReleaseStore) -> str:
    """Return the newest confirmed release that this host keeps from before the current one.

    Raises:
        SlipwayError: there is none.
    """
    current = store.current()
    kept = store.kept()
    older = [release for release in journal.confirmed(store.entries()) if release in kept and release < (current or "")]
    if not older:
        seen = f"none; kept here: {', '.join(kept) or 'no release at all'}"
        remedy = "Deploy the version that you want with scripts/deploy.sh."
        expected = f"a confirmed release from before {current or 'the current one'}"
        raise SlipwayError([Finding("release to go back to", expected, seen, remedy)])
    return older[-1]


def _stage_and_prove(
    store: ReleaseStore,
    engine: Engine,
    order: ReleaseOrder,
    building: Path,
    findings: List[Finding],
    *,
    check_mode: bool,
) -> Prepared:
    plan = order.plan
    unpack_files(order.bundle, building / "files")
    documents = engine.containers(plan.stack)
    snapshot = take_snapshot(store, engine, plan.stack, documents)
    record: Optional[ReleaseRecord] = None
    services: Tuple[Service, ...] = ()
    try:
        masker = Masker(secret_values(order.bundle.env))
        project = resolve(plan.stack, order.bundle, building / "files", masker)
        services = project.services
        record = replace(_record(order, services), secret_files=project.secret_files)
    except SlipwayError as error:
        findings += error.findings
    wanted = [(service.name, port) for service in services for port in service.ports]
    own = host_checks.engine_port_keys(documents)
    findings += host_checks.port_findings(wanted, own, _foreign(engine, plan.stack))
    if record is None:
        raise SlipwayError(findings)
    same = _same_release(store, record, snapshot)
    if same is not None and not findings:
        shutil.rmtree(building)
        return Prepared(same, True, f"release {same}", (), snapshot, record.images, ())
    way, way_findings = _way_back(store, engine, record, snapshot)
    host_checks.raise_all([*findings, *way_findings])
    changed = tuple(_files_to_change(store, record.files, way))
    missing = [pin for pin in record.images.values() if engine.image(pin) is None]
    if check_mode:
        shutil.rmtree(building)
        return Prepared(record.id, False, way.goal, tuple(missing), snapshot, record.images, changed)
    hashes = {file.path: file.sha256 for file in record.files}
    lock = lock_document(services, record.images, hashes, order.bundle.env)
    store.stage(building, record, order.bundle, order.gate.as_dict(), lock)
    _write_way_back(store, record.id, way, snapshot)
    pulled, pull_findings = engine.pull(list(record.images.values()))
    host_checks.raise_all(pull_findings)
    for image, name in way_back.kept_names(plan.stack, record.id, list(record.images.values())).items():
        engine.tag(image, name)
    store.note(record.id, journal.PREPARED)
    return Prepared(record.id, False, way.goal, tuple(pulled), snapshot, record.images, changed)


def _content_findings(order: ReleaseOrder) -> List[Finding]:
    planned = order.plan.hosts.get(order.host)
    if planned == order.bundle.content_sha256:
        return []
    seen = (
        "this host is not in the plan" if planned is None else "files or variables that changed after the plan was made"
    )
    return [Finding("plan", f"the files and variables that were planned for {order.host}", seen, "Make a new plan.")]


def _record(order: ReleaseOrder, services: Tuple[Service, ...]) -> ReleaseRecord:
    plan, bundle = order.plan, order.bundle
    pins = pin_services(services, plan.images)
    expected = tuple(ServiceExpectation(one.name, one.replicas, one.one_shot, pins[one.name]) for one in services)
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


def _same_release(store: ReleaseStore, record: ReleaseRecord, snapshot: Snapshot) -> Optional[str]:
    """Return the current release if it is the same as this record and stands as it should."""
    if snapshot.release is None:
        return None
    current = store.record(snapshot.release)
    same = current.content_sha256 == record.content_sha256 and current.images == record.images
    same = same and current.compose_files == record.compose_files and not store.drift(current.files)
    stands = same and way_back.runs_as(current, _hashes(store, current.id), snapshot.containers)
    return current.id if stands else None


def _way_back(
    store: ReleaseStore, engine: Engine, record: ReleaseRecord, snapshot: Snapshot
) -> Tuple[WayBack, List[Finding]]:
    hashes = _hashes(store, snapshot.release) if snapshot.release else {}
    try:
        way = way_back.choose(store, record.id, record.files, snapshot, hashes)
        if way.to is not None:
            return way, way_back.prove_release(store, engine, way.to)
        if way.adopted_from is not None:
            way_back.freeze_adopted(snapshot)
    except SlipwayError as error:
        return WayBack(record.stack, record.id, record.files), list(error.findings)
    return way, []


def _write_way_back(store: ReleaseStore, release: str, way: WayBack, snapshot: Snapshot) -> None:
    document = {**snapshot.as_dict(), "goal": way.goal, "to": way.to.id if way.to else None}
    document["adopted_from"] = way.adopted_from
    if way.adopted_from is not None:
        store.write(release, way_back.ADOPTED_FILE, way_back.freeze_adopted(snapshot))
    store.write_json(release, "snapshot.json", document)
    store.write(release, "rollback.sh", render(way), 0o700)


def _files_to_change(store: ReleaseStore, files: Tuple[ReleaseFile, ...], way: WayBack) -> List[str]:
    kept = {file.path for file in files}
    gone = [file.path for file in (way.to.files if way.to else ()) if file.path not in kept]
    return sorted([*store.drift(files), *gone])


def _hashes(store: ReleaseStore, release: str) -> _DOCUMENT:
    hashes = store.read_json(release, "confirmed.json").get("config_hashes")
    return hashes if isinstance(hashes, dict) else {}


def _foreign(engine: Engine, stack: str) -> Dict[Tuple[int, str], str]:
    return {key: f"container of {owner}" for key, owner in engine.listening().items() if owner != stack}
