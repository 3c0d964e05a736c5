# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prepares a host for a release: checks it, stages the release, proves the way back, pulls (I/O).

No container is touched.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..coordination import code_archive
from ..coordination.held_lease import StackLease
from ..coordination.lease import PREPARED
from ..core.answer import known
from ..core.findings import Finding, SlipwayError
from ..core.masking import Masker, secret_values
from ..engine.client import Engine
from ..engine.compose_model import Service
from ..engine.containers import Snapshot, compose_origin, container_snapshot
from ..engine.image_pins import pin_services, pins_document
from ..engine.lost_containers import lost_container_findings, orphans
from ..gate.health import ServiceExpectation
from ..gate.report import DownError
from ..hooks.programs import hook_findings
from ..release import journal
from ..release.folder import GATE_FILE, SNAPSHOT_FILE
from ..release.pruning import forget, kept_names
from ..release.record import ReleaseFile, ReleaseRecord
from ..release.rollback_script import WayBack, render
from ..release.store import ReleaseStore, now, unpack_files
from ..stack.payload import ReleaseRequest
from . import host_facts, rollback_target
from .adopted_data import left_behind
from .preflight import check_host, taken_ports
from .resolve import examine


@dataclass(frozen=True)
class Prepared:
    """How a preparation ended.

    Attributes:
        release: the release that will run: the prepared one, or the current one if nothing has to change.
        images: pinned image of every service of the release.
        snapshot: what ran before.
        goal: what the way back leads to, in words.
        unchanged: whether the host already runs exactly this.
        pulled: images that had to be pulled.
        files_changed: paths in the project folder that the start will write or remove.
    """

    release: str
    images: Mapping[str, str]
    snapshot: Snapshot
    goal: str
    unchanged: bool = False
    pulled: tuple[str, ...] = ()
    files_changed: tuple[str, ...] = ()


def take_snapshot(store: ReleaseStore, engine: Engine, stack: str, documents: list[dict[str, Any]]) -> Snapshot:
    """Return what runs now.

    Args:
        store: the stack's folder.
        engine: the engine that it runs on.
        stack: the stack's name.
        documents: what `docker inspect` says of its containers.
    """
    containers = sorted((container_snapshot(one) for one in documents), key=lambda one: (one.service, one.number))
    images = {image_id: engine.image(image_id) for image_id in sorted({one.image_id for one in containers})}
    digests = {image_id: list((image or {}).get("RepoDigests") or []) for image_id, image in images.items()}
    origins = tuple(dict.fromkeys(compose_origin(one) for one in documents))
    return Snapshot(stack, now(), store.current(), tuple(containers), origins, digests)


def previous_release(store: ReleaseStore) -> str:
    """Return the newest confirmed release that this host keeps from before the current one.

    Raises:
        SlipwayError: there is none.
    """
    current = store.current()
    kept = store.kept()
    good = [release for release in journal.confirmed(store.entries()) if release in kept]
    older = good[: good.index(current)] if current in good else []
    if not older:
        seen = f"none; kept here: {', '.join(kept) or 'no release at all'}"
        remedy = "Deploy the version that you want with scripts/deploy.sh."
        expected = f"a confirmed release from before {current or 'the current one'}"
        raise SlipwayError([Finding("release to go back to", expected, seen, remedy)])
    return older[-1]


class Preparation:
    """Prepares one host for a run that holds the lease."""

    def __init__(
        self, store: ReleaseStore, engine: Engine, lease: StackLease, *, min_free_mb: int, check_mode: bool
    ) -> None:
        """Look at nothing yet."""
        self._store = store
        self._engine = engine
        self._lease = lease
        self._min_free_mb = min_free_mb
        self._check_mode = check_mode
        self._orphans: list[str] = []

    def of_new(self, request: ReleaseRequest) -> Prepared:
        """Prepare for a new release.

        Raises:
            SlipwayError: everything that speaks against it. The host is as it was: staging is removed.
        """
        if host_facts.folder_findings(self._store.folder):
            host_facts.raise_all(self._check_host() + _plan_findings(request))
        building = self._building_folder()
        try:
            unpack_files(request.bundle, building / "files")
            snapshot, services, record = self._look(request, building)
            current = self._same_release(record, snapshot)
            if current is not None:
                if not self._check_mode:
                    # The checks are no part of the release: the newest ones are asked.
                    self._store.write_json(current, GATE_FILE, request.gate.as_dict())
                return Prepared(current, record.images, snapshot, f"release {current}", unchanged=True)
            if record.id in journal.confirmed(self._store.entries()) and record.id in self._store.kept():
                # The same plan again, after something changed on the host: the release is there, and stays as it is.
                return self.of_kept(record.id)
            lost = left_behind(snapshot, services, record.files, self._store.project)
            way = self._proved_way_back(record, snapshot, lost)
            return self._stage(request, building, services, record, way, snapshot)
        finally:
            shutil.rmtree(building, ignore_errors=True)

    def of_kept(self, release: str, *, force: bool = False) -> Prepared:
        """Prepare for going to a release that this host keeps; no registry is asked.

        Args:
            release: the release.
            force: whether to go back past a release that is irreversible.

        Raises:
            SlipwayError: everything that speaks against it.
        """
        record = self._store.folder_of(release).record
        snapshot = take_snapshot(self._store, self._engine, record.stack, self._engine.containers(record.stack))
        findings = self._check_host()
        # They are no reason to refuse a way back, nor to call one failed later.
        self._orphans = [orphan.container for orphan in orphans(self._engine)]
        if release not in journal.confirmed(self._store.entries()):
            seen = "a release that was never confirmed"
            remedy = "Choose one that was confirmed; scripts/status.sh lists them."
            findings.append(Finding(f"release {release}", "a release that passed its gate once", seen, remedy))
        findings += rollback_target.prove_release(self._store, self._engine, record)
        findings += [] if force else rollback_target.irreversible_findings(self._store, release)
        hashes = self._store.folder_of(release).config_hashes
        if (
            not findings
            and release == snapshot.release
            and rollback_target.runs_as(record, hashes, snapshot.containers)
        ):
            return Prepared(release, record.images, snapshot, f"release {release}", unchanged=True)
        way = self._proved_way_back(record, snapshot, findings)
        changed = self._files_to_change(record.files, way)
        if not self._check_mode:
            self._write_way_back(release, way, snapshot)
            self._note_prepared(release)
        return Prepared(release, record.images, snapshot, way.goal, files_changed=changed)

    def _check_host(self) -> list[Finding]:
        return check_host(self._store, self._engine, self._min_free_mb)

    def _note_prepared(self, release: str) -> None:
        """Write that the release can be started.

        Raises:
            SlipwayError: another run has overtaken this one, or its lease was ended.
        """
        with self._lease.locked():
            self._lease.renew(PREPARED)
            code_archive.keep(self._store, release)
            self._store.note(release, journal.PREPARED)

    def _building_folder(self) -> Path:
        if self._check_mode:
            return Path(tempfile.mkdtemp(prefix="slipway-"))
        self._store.make()
        return self._store.building_folder()

    def _look(self, request: ReleaseRequest, building: Path) -> tuple[Snapshot, tuple[Service, ...], ReleaseRecord]:
        """Return what runs, and what is to run.

        Raises:
            SlipwayError: everything that is wrong with the host and with the release.
        """
        stack = request.plan.stack
        services: tuple[Service, ...] = ()
        record: ReleaseRecord | None = None
        findings = _plan_findings(request)
        with ThreadPoolExecutor(1) as side:
            # Both ask Compose, which is another process each time: side by side they take half as long.
            of_host = side.submit(lambda: self._check_host() + lost_container_findings(self._engine))
            try:
                masker = Masker(secret_values(request.bundle.env))
                project, found = examine(stack, request.bundle, building / "files", masker)
                findings += found
                services = project.services
                findings += hook_findings(request.payload, services)
                record = replace(_record(request, services), secret_files=project.secret_files)
            except SlipwayError as error:
                findings += error.findings
        findings = of_host.result() + findings
        findings += taken_ports(self._engine, stack, services)
        if record is None or findings:
            raise SlipwayError(dict.fromkeys(findings))
        snapshot = take_snapshot(self._store, self._engine, stack, self._engine.containers(stack))
        return snapshot, services, record

    def _stage(  # noqa: PLR0913, PLR0917 - a release has these parts
        self,
        request: ReleaseRequest,
        building: Path,
        services: tuple[Service, ...],
        record: ReleaseRecord,
        way: WayBack,
        snapshot: Snapshot,
    ) -> Prepared:
        images = list(record.images.values())
        changed = self._files_to_change(record.files, way)
        if self._check_mode:
            missing = tuple(image for image in dict.fromkeys(images) if self._engine.image(image) is None)
            return Prepared(record.id, record.images, snapshot, way.goal, pulled=missing, files_changed=changed)
        hashes = {file.path: file.sha256 for file in record.files}
        lock = pins_document(services, record.images, hashes, request.bundle.env)
        names = kept_names(record.stack, record.id, images)
        try:
            with self._lease.locked():
                # What is there under the same name may be that of a run which has overtaken this one.
                self._lease.renew()
                self._store.stage(building, record, request.bundle, request.gate.as_dict(), lock)
            self._write_way_back(record.id, way, snapshot)
            pulled = self._pull(record.id, names)
            self._note_prepared(record.id)
        except BaseException:
            with suppress(SlipwayError), self._lease.locked():
                # Another run that has overtaken this one may deploy the same plan: then what is there is its own. If
                # nothing is, it has removed what was staged, and cannot know of what was pulled after that.
                if self._lease.is_held() or record.id not in self._store.kept():
                    forget(self._store, self._engine, record.id, names)
            raise
        return Prepared(record.id, record.images, snapshot, way.goal, pulled=tuple(pulled), files_changed=changed)

    def _pull(self, release: str, names: Mapping[str, str]) -> list[str]:
        """Pull what is missing of a staged release, and return it.

        Raises:
            DownError: what ran has ended meanwhile, and does not stand again.
            SlipwayError: what could not be pulled.
        """
        try:
            pulled, findings = self._engine.pull(names, self._lease.heartbeat)
            host_facts.raise_all(findings)
        except Exception as error:
            found = known(error)
            if found is None:
                raise
            raise self._with_what_ran(release, found) from error
        return pulled

    def _with_what_ran(self, release: str, error: SlipwayError) -> SlipwayError:
        """Return why a pull failed, with what has become meanwhile of what runs: the engine may have crashed."""
        from .revival import revive_after_failure

        try:
            told = revive_after_failure(self._store, self._lease, release)
        except DownError as down:
            return DownError([*error.findings, *down.findings], down.report)
        return SlipwayError([*error.findings, *told])

    def _same_release(self, record: ReleaseRecord, snapshot: Snapshot) -> str | None:
        """Return the current release if it is the same as this record and stands as it should."""
        if snapshot.release is None:
            return None
        current = self._store.folder_of(snapshot.release).record
        same = current.content_sha256 == record.content_sha256 and current.images == record.images
        if not same or self._store.drift(current.files):
            return None
        hashes = self._store.folder_of(current.id).config_hashes
        return current.id if rollback_target.runs_as(current, hashes, snapshot.containers) else None

    def _proved_way_back(self, record: ReleaseRecord, snapshot: Snapshot, findings: list[Finding]) -> WayBack:
        """Return the way back, proved.

        Raises:
            SlipwayError: with the findings so far and those of the proof.
        """
        hashes = self._store.folder_of(snapshot.release).config_hashes if snapshot.release else {}
        way = WayBack(record.stack, record.id, record.files)
        try:
            way = rollback_target.choose(self._store, record.id, record.files, snapshot, hashes)
            if way.to is not None and way.to.id != record.id:
                findings += rollback_target.prove_release(self._store, self._engine, way.to)
            elif way.adopted_from is not None:
                rollback_target.freeze_adopted(snapshot)
        except SlipwayError as error:
            findings += error.findings
        host_facts.raise_all(findings)
        return way

    def _write_way_back(self, release: str, way: WayBack, snapshot: Snapshot) -> None:
        document = {
            **snapshot.as_dict(),
            "goal": way.goal,
            "to": way.to.id if way.to else None,
            "irreversible": journal.irreversible(self._store.entries()),
            "orphans": self._orphans,
        }
        way = replace(way, gate_timeout_s=self._store.folder_of(release).gate.timeout_s)
        if way.adopted_from is not None:
            self._store.write(release, rollback_target.ADOPTED_FILE, rollback_target.freeze_adopted(snapshot))
        self._store.write_json(release, SNAPSHOT_FILE, document)
        self._store.write(release, "rollback.sh", render(way), 0o700)

    def _files_to_change(self, files: tuple[ReleaseFile, ...], way: WayBack) -> tuple[str, ...]:
        kept = {file.path for file in files}
        gone = [file.path for file in (way.to.files if way.to else ()) if file.path not in kept]
        return tuple(sorted([*self._store.drift(files), *gone]))


def _plan_findings(request: ReleaseRequest) -> list[Finding]:
    planned = request.plan.hosts.get(request.host)
    if planned == request.bundle.content_sha256:
        return []
    seen = "this host is not in it" if planned is None else "files or variables that changed after it was made"
    expected = f"the files and variables that were planned for {request.host}"
    return [Finding("plan", expected, seen, "Make a new plan.")]


def _record(request: ReleaseRequest, services: tuple[Service, ...]) -> ReleaseRecord:
    plan, bundle = request.plan, request.bundle
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
