# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes this host back to what ran before a release, and gates that (I/O)."""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.compose.plugins.module_utils import compose_cli, journal, way_back
from ansible_collections.slipway.compose.plugins.module_utils.deployment_hooks import DeploymentHooks
from ansible_collections.slipway.compose.plugins.module_utils.engine import Engine
from ansible_collections.slipway.compose.plugins.module_utils.errors import (
    DownError,
    Finding,
    SlipwayError,
    StartFailedError,
)
from ansible_collections.slipway.compose.plugins.module_utils.gate_report import GateReport
from ansible_collections.slipway.compose.plugins.module_utils.guard import Guard
from ansible_collections.slipway.compose.plugins.module_utils.health import ServiceExpectation
from ansible_collections.slipway.compose.plugins.module_utils.host_gate import (
    gate_adopted,
    gate_release,
    release_masker,
)
from ansible_collections.slipway.compose.plugins.module_utils.release_order import GateOrder
from ansible_collections.slipway.compose.plugins.module_utils.release_progress import ReleaseProgress
from ansible_collections.slipway.compose.plugins.module_utils.release_store import ReleaseStore
from ansible_collections.slipway.compose.plugins.module_utils.snapshot import (
    ContainerSnapshot,
    container_snapshot,
    ended,
)


class GoingBack(ReleaseProgress):
    """The way back from one release on one host; who goes it has the stack's lock."""

    def __init__(self, store: ReleaseStore, engine: Engine, release: str, guard: Guard) -> None:
        """Read nothing yet."""
        super().__init__(store, release)
        self.engine = engine
        self.guard = guard
        self.hooks = DeploymentHooks(store, engine, release, guard.renew)
        #: What a way back had to do besides, in words.
        self.remarks: list[str] = []
        #: What had ended although nothing of it was touched, and stands again.
        self.brought_back: Finding | None = None

    def go_back(self, timeout_s: float, *, hooks: bool = True) -> GateReport:
        """Run the way back, whoever started the release, and gate what ran before.

        Args:
            timeout_s: seconds that the containers may take to go back.
            hooks: whether to run the release's hooks around it.

        Raises:
            SlipwayError: the way back failed.
            StartFailedError: what ran before does not pass its gate.
        """
        # The code is compiled anew at every call, and most of them go forward.
        from ansible_collections.slipway.compose.plugins.module_utils.orphan_ending import OrphanEnding

        if hooks:
            self.hooks.before_way_back()
        before = self.store.read_json(self.release, "snapshot.json")
        # What the engine has lost of the failed release may hold what the old one needs.
        lost = OrphanEnding(
            self.engine,
            self.store.stack,
            before.get("orphans") or [],
            lambda what: self.store.note(self.release, journal.ENDING_ORPHAN, what),
        )
        lost.end()
        self.remarks = lost.ended
        script = self.store.release_folder(self.release) / "rollback.sh"
        called = {"SLIPWAY_RUN": self.store.run, "SLIPWAY_BY": self.store.by, "SLIPWAY_CALLED": "yes"}
        environment = {**compose_cli.command_environment({}), **called}
        try:
            answer = self._run(["sh", str(script)], environment, timeout_s)
            said = "" if answer.exit_code == 0 else answer.last_words
        except SlipwayError as error:
            said = str(error)
        if said:
            # First of all, since what is damaged may keep the rest from being told.
            self.store.note(self.release, journal.ROLLBACK_FAILED, "rollback.sh failed")
            said = release_masker(self.store, self.store.record(self.release)).mask(said)
            raise SlipwayError([way_back.failed(script, said), *lost.end()])
        report = self._gate_before(before)
        if not report.passed:
            self.store.note(self.release, journal.ROLLBACK_FAILED, "what ran before does not pass its gate")
            raise StartFailedError(str(before.get("goal")), report)
        left = lost.end()
        if left:
            self.store.note(self.release, journal.ROLLBACK_FAILED, "a container runs on that the engine has lost")
            raise SlipwayError(left)
        if hooks:
            self.hooks.after_way_back()
        return report

    def bring_back(self, timeout_s: float) -> GateReport | None:
        """See that what ran before a release that was never started still runs, and start it again if it does not.

        Nobody touched it, but an engine that crashes lets containers end, and does not start all of them again.

        Returns:
            What the gate said of it; None if nothing had ended.

        Raises:
            DownError: it does not stand again.
        """
        before = self.store.read_json(self.release, "snapshot.json")
        ran = [ContainerSnapshot(**container) for container in before.get("containers") or []]
        record = self.store.record(str(before["to"])) if before.get("to") else None
        jobs = {one.service for one in record.services if one.one_shot} if record else set()
        gone = ended(ran, self._containers(self.store.stack), jobs)
        if not gone and not self.touched:
            return None
        thing, expected = f"what ran before release {self.release}", "to run on, since nothing of it was touched"
        seen = f"these have ended: {', '.join(gone)}" if gone else "it did not stand when it was started again"
        remedy = "See on this host what became of its engine (journalctl -u docker). It was started again"
        try:
            report = self.go_back(timeout_s, hooks=False)
        except SlipwayError as error:
            raise DownError([Finding(thing, expected, seen, f"{remedy}, in vain."), *error.findings]) from error
        except StartFailedError as error:
            raise DownError([Finding(thing, expected, seen, f"{remedy}, in vain.")], error.report) from error
        self.brought_back = Finding(thing, expected, seen, f"{remedy}, and passes its gate.")
        self.remarks.insert(0, self.brought_back.sentence())
        return report

    @property
    def _name(self) -> str:
        return f"Release {self.release}"

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

    def _containers(self, stack: str) -> list[ContainerSnapshot]:
        return [container_snapshot(document) for document in self.engine.containers(stack)]

    def _run(self, argv: list[str], environment: dict[str, str], timeout_s: float) -> compose_cli.Completed:
        note = self.store.folder / compose_cli.RUNNING_FILE
        return compose_cli.run(argv, environment, timeout_s, limit="stack_start_timeout", note=note)
