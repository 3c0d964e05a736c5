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
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from ..coordination import code_archive
from ..coordination.lease import PREPARED
from ..core.answer import known
from ..core.command import command_environment
from ..core.findings import SlipwayError
from ..engine.containers import Snapshot
from ..engine.image_pins import pins_document
from ..engine.lost.containers import lost_containers
from ..gate.report import DownError
from ..release import journal
from ..release.documents import GATE_FILE, SECRETS_FILE, SNAPSHOT_FILE
from ..release.namesake import namesake_findings
from ..release.pruning import forget, kept_names
from ..release.rollback_script import WayBack, render
from ..release.store import SCRIPT_FILE, text_sha256, unpack_files
from ..stack.payload import ReleaseRequest
from . import rollback_target
from .adopted_data import left_behind
from .host import Host
from .look import (
    NewRelease,
    files_to_change,
    kept_findings,
    look_at_new,
    plan_findings,
    proved_way_back,
    same_release,
    take_snapshot,
)
from .machine import facts
from .machine.time_limits import time_limit_findings
from .preflight import check_host


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


class Preparation:
    """Stages a release on one host for a run that holds the lease, once `look` found nothing against it."""

    def __init__(self, host: Host, *, min_free_mb: int, check_mode: bool) -> None:
        """Look at nothing yet."""
        self._host = host
        self._store = host.store
        self._engine = host.engine
        self._lease = host.lease
        self._min_free_mb = min_free_mb
        self._check_mode = check_mode
        self._lost_containers: list[str] = []

    def of_new(self, request: ReleaseRequest) -> Prepared:
        """Prepare for a new release.

        Raises:
            SlipwayError: everything that speaks against it. The host is as it was: staging is removed.
        """
        if facts.folder_findings(self._store.folder):
            facts.raise_all(check_host(self._store, self._engine, self._min_free_mb) + plan_findings(request))
        building = self._building_folder()
        try:
            unpack_files(request.bundle, building / "files")
            new = look_at_new(self._host, request, building / "files", self._min_free_mb)
            record, snapshot = new.record, new.snapshot
            facts.raise_all(namesake_findings(self._store, record))
            current = same_release(self._store, record, snapshot)
            if current is not None:
                if not self._check_mode:
                    # The checks are no part of the release: the newest ones are asked.
                    self._store.write_json(current, GATE_FILE, request.gate.as_dict())
                return Prepared(current, record.images, snapshot, f"release {current}", unchanged=True)
            if record.id in journal.confirmed(self._store.entries()) and record.id in self._store.kept():
                # The same plan again, after something changed on the host: the release is there, and stays as it is.
                return self.of_kept(record.id)
            lost = left_behind(snapshot, new.services, record.files, self._store.project)
            way = proved_way_back(self._host, record, snapshot, lost)
            return self._stage(request, building, new, way)
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
        snapshot = take_snapshot(self._store, self._engine, record.stack, self._engine.containers.of(record.stack))
        findings = kept_findings(self._host, record, self._min_free_mb, force=force)
        # They are no reason to refuse a way back, nor to call one failed later.
        self._lost_containers = [one.container for one in lost_containers(self._engine)]
        hashes = self._store.folder_of(release).config_hashes
        if (
            not findings
            and release == snapshot.release
            and rollback_target.runs_as(record, hashes, snapshot.containers)
        ):
            return Prepared(release, record.images, snapshot, f"release {release}", unchanged=True)
        way = proved_way_back(self._host, record, snapshot, findings)
        changed = files_to_change(self._store, record.files, way)
        if not self._check_mode:
            self._write_way_back(release, way, snapshot)
            self._note_prepared(release)
        return Prepared(release, record.images, snapshot, way.goal, files_changed=changed)

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

    def _stage(self, request: ReleaseRequest, building: Path, new: NewRelease, way: WayBack) -> Prepared:
        """Write the release and its way back, and pull its images; in check mode, say what would be done."""
        record, snapshot = new.record, new.snapshot
        images = list(record.images.values())
        changed = files_to_change(self._store, record.files, way)
        if self._check_mode:
            missing = tuple(image for image in dict.fromkeys(images) if self._engine.images.find(image) is None)
            return Prepared(record.id, record.images, snapshot, way.goal, pulled=missing, files_changed=changed)
        hashes = {file.path: file.state for file in record.files}
        lock = pins_document(new.services, record.images, hashes, request.bundle.settings)
        names = kept_names(record.stack, record.id, images)
        try:
            with self._lease.locked():
                # What is there under the same name may be that of a run which has overtaken this one.
                self._lease.renew()
                self._store.stage(building, record, request.bundle, request.gate.as_dict(), lock)
            secrets = [[secret.name, secret.value] for secret in new.secrets]
            self._store.write_json(record.id, SECRETS_FILE, {"secrets": secrets})
            self._write_way_back(record.id, way, snapshot)
            pulled = self._pull(record.id, names)
            # What an image says of its health check is known only now.
            facts.raise_all(time_limit_findings(self._engine, new.services, record.images, request.gate))
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
            pulled, findings = self._engine.images.pull(names, self._lease.heartbeat)
            facts.raise_all(findings)
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
            told = revive_after_failure(self._host, release)
        except DownError as down:
            return DownError([*error.findings, *down.findings], down.report)
        return SlipwayError([*error.findings, *told])

    def _write_way_back(self, release: str, way: WayBack, snapshot: Snapshot) -> None:
        document = {
            **snapshot.as_dict(),
            "goal": way.goal,
            "to": way.to.id if way.to else None,
            "irreversible": journal.irreversible(self._store.entries()),
            "orphans": self._lost_containers,
        }
        sealed = self._store.sealed(way.to) if way.to is not None else ()
        if way.adopted_from is not None:
            frozen = rollback_target.freeze_adopted(snapshot)
            path = self._store.write(release, rollback_target.ADOPTED_FILE, frozen)
            sealed = ((str(path.relative_to(self._store.folder)), text_sha256(frozen)),)
        way = replace(way, gate_timeout_s=self._store.folder_of(release).gate.timeout_s, sealed=sealed)
        script = render(way, command_environment({}))
        self._store.write_json(release, SNAPSHOT_FILE, {**document, "rollback_sha256": text_sha256(script)})
        self._store.write(release, SCRIPT_FILE, script, 0o700)
