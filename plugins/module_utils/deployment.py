# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts a prepared release on this host, confirms it, or takes the host back to what ran before (I/O).

The journal decides what there is to do: every method can be called again, and does only what is still missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible_collections.slipway.compose.plugins.module_utils import compose_cli, journal, way_back
from ansible_collections.slipway.compose.plugins.module_utils.compose_argv import ComposeProject
from ansible_collections.slipway.compose.plugins.module_utils.confirmation import SecondLook
from ansible_collections.slipway.compose.plugins.module_utils.engine import Engine
from ansible_collections.slipway.compose.plugins.module_utils.errors import Finding, SlipwayError
from ansible_collections.slipway.compose.plugins.module_utils.gate_report import GateReport
from ansible_collections.slipway.compose.plugins.module_utils.health import ServiceExpectation
from ansible_collections.slipway.compose.plugins.module_utils.host_gate import (
    gate_adopted,
    gate_release,
    release_masker,
)
from ansible_collections.slipway.compose.plugins.module_utils.release_order import GateOrder
from ansible_collections.slipway.compose.plugins.module_utils.release_record import ReleaseFile, ReleaseRecord
from ansible_collections.slipway.compose.plugins.module_utils.release_store import ReleaseStore
from ansible_collections.slipway.compose.plugins.module_utils.snapshot import ContainerSnapshot, container_snapshot

#: Seconds to look at what does not stand after a start that failed.
_EVIDENCE_S = 5.0


class StartFailedError(Exception):
    """The release was touched and does not stand.

    Attributes:
        subject: what was looked at.
        report: what the gate saw; its failures are the evidence.
        said: what Compose said, if the start itself failed; secrets are masked.
    """

    def __init__(self, subject: str, report: GateReport, said: str | None = None) -> None:
        """Keep what was looked at and both."""
        self.subject = subject
        self.report = report
        self.said = said
        super().__init__(said or "the gate did not pass")


class Deployment:
    """One release on one host."""

    def __init__(self, store: ReleaseStore, engine: Engine, release: str) -> None:
        """Read nothing yet."""
        self.store = store
        self.engine = engine
        self.release = release

    @property
    def settled(self) -> bool:
        """Tell whether the release is the current one and nothing about it is under way."""
        return self.store.current() == self.release and self._last_event() == journal.CONFIRMED

    @property
    def staged(self) -> bool:
        """Tell whether the release is prepared and nothing more."""
        return self._last_event() == journal.PREPARED

    @property
    def touched(self) -> bool:
        """Tell whether this run started the release, and has not taken it back."""
        mine = [one.event for one in self.store.entries() if one.release == self.release and one.run == self.store.run]
        return journal.STARTING in mine and mine[-1] != journal.ROLLED_BACK

    def start(self) -> GateReport:
        """Activate the release's files, let Compose make the host run it, and pass the gate.

        Raises:
            StartFailedError: it does not stand; what is to be done about it is the caller's to say.
        """
        record = self.store.record(self.release)
        self.store.note(self.release, journal.STARTING)
        self.store.activate(record.files, self.release, self._files_before())
        order = GateOrder.from_dict(self.store.read_json(self.release, "gate.json"))
        project = self._project(record)
        environment = compose_cli.command_environment(self.store.environment(self.release))
        said: str | None = None
        try:
            answer = compose_cli.run(project.up(), environment, order.start_timeout_s)
            if answer.exit_code != 0:
                said = release_masker(self.store, record).mask(answer.last_words)
        except SlipwayError as error:
            said = release_masker(self.store, record).mask(str(error))
        self.store.note(self.release, journal.STARTED if said is None else journal.GATE_FAILED)
        if said is not None:
            # The start is over: what is missing now will not come, so the look at the evidence is short.
            evidence = gate_release(self.store, self.engine, record, longest_s=_EVIDENCE_S)
            raise StartFailedError(self._name, evidence, said)
        report = gate_release(self.store, self.engine, record)
        self.store.note(self.release, journal.GATE_PASSED if report.passed else journal.GATE_FAILED)
        if not report.passed:
            raise StartFailedError(self._name, report)
        self.store.write_json(self.release, "gate_passed.json", {"containers": self._starts(record.stack)})
        return report

    def gate(self) -> GateReport:
        """Pass the gate without starting anything, for a host that runs the release already.

        Raises:
            StartFailedError: the release does not pass.
        """
        report = gate_release(self.store, self.engine, self.store.record(self.release))
        if not report.passed:
            raise StartFailedError(self._name, report)
        return report

    def confirm(self) -> bool:
        """Make the release the one to go back to from now on.

        Returns:
            Whether there was anything left to do.

        Raises:
            StartFailedError: its containers no longer stand as they did when they passed the gate.
        """
        if self.store.current() == self.release and journal.unfinished(self.store.entries()) != self.release:
            return False
        record = self.store.record(self.release)
        containers = self._containers(record.stack)
        report = self._look_again(record, containers)
        if not report.passed:
            raise StartFailedError(self._name, report)
        hashes = {container.service: container.config_hash for container in containers}
        self.store.write_json(self.release, "confirmed.json", {"config_hashes": hashes})
        self.store.set_current(self.release)
        self.store.note(self.release, journal.CONFIRMED)
        return True

    def roll_back(self, timeout_s: float) -> GateReport | None:
        """Take the host back to what ran before the release.

        Returns:
            What the gate said of it; None if the release was never started, and only its staging had to go.

        Raises:
            SlipwayError: the way back failed.
            StartFailedError: what ran before does not pass its gate.
        """
        if not self.touched:
            if self.staged:
                self._discard()
            return None
        return self.go_back(timeout_s)

    def go_back(self, timeout_s: float) -> GateReport:
        """Run the way back, whoever started the release, and gate what ran before.

        Raises:
            SlipwayError: the way back failed.
            StartFailedError: what ran before does not pass its gate.
        """
        script = self.store.release_folder(self.release) / "rollback.sh"
        environment = {**compose_cli.command_environment({}), "SLIPWAY_RUN": self.store.run}
        answer = compose_cli.run(["sh", str(script)], environment, timeout_s)
        if answer.exit_code != 0:
            said = release_masker(self.store, self.store.record(self.release)).mask(answer.last_words)
            self.store.note(self.release, journal.ROLLBACK_FAILED, "rollback.sh failed")
            remedy = f"Run this on the host and read what it says: sh {script}"
            raise SlipwayError([Finding("way back", f"{script} to succeed", said, remedy)])
        before = self.store.read_json(self.release, "snapshot.json")
        report = self._gate_before(before)
        if not report.passed:
            self.store.note(self.release, journal.ROLLBACK_FAILED, "what ran before does not pass its gate")
            raise StartFailedError(str(before.get("goal")), report)
        return report

    @property
    def _name(self) -> str:
        return f"Release {self.release}"

    def _last_event(self) -> str | None:
        return journal.states(self.store.entries()).get(self.release)

    def _discard(self) -> None:
        if self.release in journal.confirmed(self.store.entries()):
            self.store.note(self.release, journal.ROLLED_BACK, "nothing was touched")
            return
        record = self.store.record(self.release)
        self.store.note(self.release, journal.DISCARDED)
        forget(self.store, self.engine, record)

    def _gate_before(self, before: dict[str, Any]) -> GateReport:
        if before.get("to"):
            return gate_release(self.store, self.engine, self.store.record(str(before["to"])))
        record = self.store.record(self.release)
        order = GateOrder.from_dict(self.store.read_json(self.release, "gate.json"))
        containers = [ContainerSnapshot(**container) for container in before.get("containers") or []]
        services: list[ServiceExpectation] = way_back.expectations(containers)
        gone = {service.service for service in record.services} - {service.service for service in services}
        services += [ServiceExpectation(name, 0) for name in sorted(gone)]
        return gate_adopted(self.engine, record.stack, services, order, release_masker(self.store, record))

    def _look_again(self, record: ReleaseRecord, containers: list[ContainerSnapshot]) -> GateReport:
        passed = self.store.read_json(self.release, "gate_passed.json").get("containers") or {}
        jobs = frozenset(service.service for service in record.services if service.one_shot)
        log_lines = GateOrder.from_dict(self.store.read_json(self.release, "gate.json")).log_lines
        look = SecondLook(self.engine, log_lines, release_masker(self.store, record))
        return look.report(containers, passed, jobs)

    def _files_before(self) -> Sequence[ReleaseFile]:
        to = self.store.read_json(self.release, "snapshot.json").get("to")
        return self.store.record(str(to)).files if to else ()

    def _project(self, record: ReleaseRecord) -> ComposeProject:
        files = [str(self.store.project / name) for name in record.compose_files]
        return ComposeProject(record.stack, str(self.store.project), (*files, str(self.store.lock_file(record.id))))

    def _containers(self, stack: str) -> list[ContainerSnapshot]:
        return [container_snapshot(document) for document in self.engine.containers(stack)]

    def _starts(self, stack: str) -> dict[str, str]:
        return {container.id: container.started_at for container in self._containers(stack)}


def forget(store: ReleaseStore, engine: Engine, record: ReleaseRecord) -> None:
    """Remove a release's folder, and its images where nothing else names or uses them."""
    for image, name in way_back.kept_names(record.stack, record.id, list(record.images.values())).items():
        engine.untag(name)
        document = engine.image(image)
        if document is not None and not document.get("RepoTags"):
            engine.untag(image)
    store.remove(record.id)


def recover(store: ReleaseStore, engine: Engine, timeout_s: float) -> list[str]:
    """Take back a release that an earlier run began to start and never settled.

    Returns:
        What was done, in words; nothing if there was nothing to do.

    Raises:
        SlipwayError: the way back failed.
        StartFailedError: what ran before does not pass its gate.
    """
    release = journal.unfinished(store.entries())
    if release is None or release not in store.kept():
        return []
    deployment = Deployment(store, engine, release)
    deployment.go_back(timeout_s)
    goal = store.read_json(release, "snapshot.json").get("goal")
    return [f"an earlier run left release {release} unfinished: went back to {goal} first"]


def prune(store: ReleaseStore, engine: Engine, keep: int, *, check_mode: bool = False) -> list[str]:
    """Remove the releases that nothing needs any more, and return their IDs.

    Kept are the current release, the one that its way back leads to, the one before it, the newest confirmed ones up
    to the number, and what is newer than the current one.

    Args:
        store: the stack's folder.
        engine: the engine with their images.
        keep: how many confirmed releases to keep, the current one among them; at least 2, so that there is a way back.
        check_mode: only say which would go.
    """
    current = store.current()
    if current is None:
        return []
    good = [release for release in journal.confirmed(store.entries()) if release in store.kept()]
    older = [release for release in good if release < current]
    way_back_to = store.read_json(current, "snapshot.json").get("to")
    kept = {current, way_back_to, *older[-1:], *good[-max(keep, 2) :]}
    pruned = []
    for release in store.kept():
        if release not in kept and (release < current or release in good):
            if not check_mode:
                record = store.record(release)
                store.note(release, journal.PRUNED)
                forget(store, engine, record)
            pruned.append(release)
    return pruned
