# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts a prepared release on this host, confirms it, or takes the host back to what ran before (I/O).

The journal decides what there is to do: every method can be called again, and does only what is still missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from ..core.command import RUNNING_FILE, Completed, command_environment, run_command
from ..core.findings import Finding, SlipwayError
from ..gate.recheck import SecondLook
from ..gate.report import DownError, GateReport, StartFailedError
from ..hooks.release_hooks import ReleaseHooks
from ..release import journal
from ..release.documents import CONFIRMED_FILE, GATE_PASSED_FILE
from ..release.folder import ReleaseSnapshot
from ..release.placing.project_folder import regular_sha256
from ..release.placing.script import KEPT, PUT_BACK
from ..release.progress import ReleaseProgress, files_left
from ..release.pruning import forget
from ..release.record import ReleaseFile, ReleaseRecord
from ..release.rollback_script import REMOVED
from ..release.secrets import release_masker
from ..release.store import SCRIPT_FILE
from ..stack.hooks import report_lines
from . import rollback_target
from .host import Host
from .machine.strays import remove_strays
from .release_gate import gate_before, gate_release

#: Seconds to look at what does not stand after a start that failed.
_EVIDENCE_S = 5.0
_TAKEN_BACK = (journal.ROLLING_BACK, journal.ROLLED_BACK, journal.ROLLBACK_FAILED)


class Deployment(ReleaseProgress):
    """One release on one host; who changes anything with it has the stack's lock."""

    def __init__(self, host: Host, release: str) -> None:
        """Read nothing yet."""
        super().__init__(host.store, release)
        self.host = host
        self.hooks = ReleaseHooks(host.store, host.engine, release, host.guard.renew)
        self._lost: list[str] = []
        #: What stood in the way of files and was kept, or was put back, and what was removed, in words.
        self.moved: list[str] = []
        #: What had ended although nothing of it was touched, and stands again.
        self.brought_back: Finding | None = None

    def start(self) -> GateReport:
        """Arm the guard, activate the release's files, let Compose make the host run it, and pass the gate.

        A release that this run started already and that passed is not started again; it passes its gate once more.

        Raises:
            SlipwayError: the host has changed since the release was prepared.
            StartFailedError: it does not stand; what is to be done about it is the caller's to say.
            HookStoppedError: it stands, and a hook says that it has to go back.
        """
        record = self.folder.record
        try:
            if not self.touched or self.last_event != journal.GATE_PASSED:
                self._check_unchanged()
                self._check_script()
                # Everything is read before the guard is armed: a damaged file must not be met half-way.
                timeout_s = self.folder.gate.start_timeout_s
                environment = command_environment(self.folder.environment, str(self.store.project))
                self._arm_and_activate(record, self._files_before())
                self._compose_up(record, environment, timeout_s)
                report = self._pass_gate(record)
            else:
                report = self._pass_gate(self._still_expected)
            self.hooks.after_gate()
        except Exception:
            if self.touched:
                self.hooks.after_failure()
            raise
        return report

    def _arm_and_activate(self, record: ReleaseRecord, replaced: Sequence[ReleaseFile]) -> None:
        """Note the start, once there is a guard that could take it back, and put the release's files into place."""
        self.hooks.before_start()
        if self.reversible:
            self.host.guard.arm(self.release)
            self.host.guard.check()
        self.store.note(self.release, journal.STARTING)
        self.moved += self.store.activate(record.files, self.release, replaced).said

    def _pass_gate(self, record: ReleaseRecord) -> GateReport:
        report = gate_release(self.host, record)
        self.store.note(self.release, journal.GATE_PASSED if report.passed else journal.GATE_FAILED)
        if not report.passed:
            raise StartFailedError(self._name, report)
        services = {one.service for one in record.services}
        mine = [one for one in self.host.engine.containers.of(record.stack) if one.service in services]
        self.store.write_json(self.release, GATE_PASSED_FILE, {"containers": {one.id: one.started_at for one in mine}})
        return report

    @property
    def _still_expected(self) -> ReleaseRecord:
        """Return the release as it is expected once it runs: jobs that are over may have been cleaned up."""
        record = self.folder.record
        return rollback_target.still_expected(record, self.host.engine.containers.of(record.stack))

    def stay_guarded(self) -> None:
        """Have the guard wait its whole time again, now that the start and the gate are over, and see that it is there.

        Raises:
            SlipwayError: it is not, so nothing would take the release back if the run died.
        """
        if self.reversible:
            self.host.guard.renew()
            self.host.guard.check()

    def gate(self) -> GateReport:
        """Pass the gate without starting anything, for a host that runs the release already.

        Raises:
            StartFailedError: the release does not pass.
        """
        report = gate_release(self.host, self._still_expected)
        if not report.passed:
            raise StartFailedError(self._name, report)
        return report

    def confirm(self) -> bool:
        """Make the release the one to go back to from now on.

        Returns:
            Whether there was anything left to do.

        Raises:
            SlipwayError: the guard was faster, or the release has not passed its gate.
            StartFailedError: its containers no longer stand as they did when they passed the gate.
        """
        if self.store.current() == self.release and journal.unfinished(self.store.entries()) != self.release:
            return False
        if self.last_event in _TAKEN_BACK:
            raise SlipwayError([self._too_late()])
        if self.last_event not in (journal.GATE_PASSED, journal.CONFIRMING):
            seen = f"{self.last_event or 'not known here'}, by its last line in the journal"
            raise SlipwayError([Finding(self._name, "to have passed its gate", seen, "Start it first.")])
        record = self.folder.record
        look = SecondLook(self.host.engine, self.folder.gate.log_lines, release_masker(self.store, record))
        there = self.host.engine.containers.of(record.stack)
        report = look.report(there, self.folder.gate_passed, record.services)
        if not report.passed:
            raise StartFailedError(self._name, report)
        self.store.note(self.release, journal.CONFIRMING)
        self._finish()
        return True

    def rollback_for_run(self, timeout_s: float) -> GateReport | None:
        """Take the host back to what ran before the release.

        Returns:
            What the gate said of it; None if the release was never started, and only its staging had to go.

        Raises:
            DownError: nothing was touched, and yet what ran before has ended and does not stand again.
            SlipwayError: the way back failed, is blocked as the release is irreversible, or is not this run's any more.
            StartFailedError: what ran before does not pass its gate.
        """
        later = self.superseded_by
        if later is not None:
            raise SlipwayError([self._superseded(later)])
        if not self.touched and not self.staged:
            # A guard that is armed now is another run's.
            return None
        try:
            if not self.touched:
                return self._check_and_discard()
            if not self.reversible:
                self.store.note(self.release, journal.ROLLBACK_BLOCKED)
                raise SlipwayError([self._blocked()])
            return self.run_rollback(timeout_s)
        finally:
            # Where the way back failed, people are at work next, and nothing may happen behind their backs.
            self.host.guard.disarm()

    def recover(self, timeout_s: float, *, again: bool = True) -> str:
        """Settle the release without the run that began it: confirm it, take it back, or remove its staging.

        Args:
            timeout_s: seconds that the containers may take to go back.
            again: whether to go back once more where that has failed before. A deployment does not: it is what people
                have made to get out of there, and must not be kept waiting by what did not work.

        Returns:
            What was done, in words; "" if there was nothing to do.

        Raises:
            SlipwayError: the way back failed.
            StartFailedError: what ran before does not pass its gate.
        """
        last = self.last_event
        if last == journal.CONFIRMING:
            self._finish()
            return f"an earlier run had passed release {self.release} and not finished confirming it: confirmed it"
        if last == journal.PREPARED:
            self.discard()
            return f"an earlier run had prepared release {self.release} and never started it: gave that back"
        if journal.unfinished(self.store.entries()) != self.release:
            return ""
        if last == journal.ROLLBACK_FAILED and not again:
            self.store.note(self.release, journal.LEFT)
            return f"the way back from release {self.release} had failed: left as it is, to go forward from there"
        if not self.reversible:
            self.store.note(self.release, journal.ROLLBACK_BLOCKED)
            return f"an earlier run left release {self.release} unfinished; it is irreversible, so it was left as it is"
        self.run_rollback(timeout_s)
        said = [f"an earlier run left release {self.release} unfinished: went back to {self.goal}"]
        said += self.remarks
        return "\n".join(said + report_lines([report for report in self.hooks.reports if not report.passed]))

    def run_rollback(self, timeout_s: float) -> GateReport:
        """Run the way back, whoever started the release, and gate what ran before.

        Raises:
            SlipwayError: the way back failed.
            StartFailedError: what ran before does not pass its gate.
        """
        from ..engine.lost.ending import LostContainersEnding

        self.hooks.before_way_back()
        before = self.known_before or ReleaseSnapshot()
        # Containers that the engine forgot may still hold ports or addresses.
        lost = LostContainersEnding(
            self.host.engine,
            self.store.stack,
            before.lost_containers,
            lambda what: self.store.note(self.release, journal.ENDING_LOST_CONTAINER, what),
        )
        lost.end()
        self._lost = lost.ended
        script = self.store.release_folder(self.release) / SCRIPT_FILE
        called = {"SLIPWAY_RUN": self.store.run, "SLIPWAY_BY": self.store.by, "SLIPWAY_CALLED": "yes"}
        environment = {**command_environment({}), **called}
        try:
            self._check_script()
            answer = self._run(["sh", str(script)], environment, timeout_s)
            said = "" if answer.exit_code == 0 else answer.last_words
            self.moved += [line for line in answer.output.splitlines() if line.startswith((KEPT, PUT_BACK, REMOVED))]
        except SlipwayError as error:
            said = str(error)
        if said:
            # First of all, since what is damaged may keep the rest from being told.
            self.store.note(self.release, journal.ROLLBACK_FAILED, "rollback.sh failed")
            said = release_masker(self.store, self.folder.record).mask(said)
            raise SlipwayError([rollback_target.failed(script, said), *lost.end()])
        report = self._gate_before(before.goal)
        left = lost.end()
        if left:
            self.store.note(self.release, journal.ROLLBACK_FAILED, "a container runs on that the engine has lost")
            raise SlipwayError(left)
        self.hooks.after_way_back()
        return report

    def _gate_before(self, goal: str) -> GateReport:
        try:
            report = gate_before(self.host, self.release)
        except Exception:
            # The script has noted that the host is back, and nobody has seen that it stands.
            with suppress(SlipwayError):
                self.store.note(self.release, journal.ROLLBACK_FAILED, "what ran before could not be looked at")
            raise
        if not report.passed:
            self.store.note(self.release, journal.ROLLBACK_FAILED, "what ran before does not pass its gate")
            raise StartFailedError(goal, report)
        return report

    @property
    def remarks(self) -> list[str]:
        """Return what a way back had to do besides, or could not do, in words."""
        return [*self._lost, *self.moved, *self.hooks.remarks]

    @property
    def _name(self) -> str:
        return f"Release {self.release}"

    def _compose_up(self, record: ReleaseRecord, environment: dict[str, str], timeout_s: float) -> None:
        """Run `docker compose up` for the release, whose files are in place.

        Raises:
            StartFailedError: it failed.
        """
        try:
            self.moved += remove_strays(self.host.engine, record, lambda argv: self._run(argv, environment, timeout_s))
            answer = self._run(
                self.store.compose_project(record, self.store.project).up(),
                environment,
                timeout_s,
                str(self.store.project),
            )
            said = "" if answer.exit_code == 0 else answer.last_words
        except SlipwayError as error:
            said = str(error)
        self.store.note(self.release, journal.GATE_FAILED if said else journal.STARTED)
        if said:
            said = release_masker(self.store, record).mask(said)
            try:
                # The start is over: what is missing now will not come, so the look at the evidence is short.
                evidence = gate_release(self.host, record, longest_s=_EVIDENCE_S)
            except SlipwayError as error:
                findings = [Finding(self._name, "to be started", said, "See below what is wrong."), *error.findings]
                raise SlipwayError(findings) from error
            raise StartFailedError(self._name, evidence, said)

    def _run(
        self, argv: list[str], environment: dict[str, str], timeout_s: float, folder: str | None = None
    ) -> Completed:
        note = self.store.folder / RUNNING_FILE
        return run_command(argv, environment, timeout_s, cwd=folder, limit="stack_start_timeout", note=note)

    def _check_unchanged(self) -> None:
        before = self.folder.snapshot.release
        current = self.store.current()
        if before != current:
            expected = f"release {before} as the confirmed one, as when this one was prepared"
            finding = Finding(self._name, expected, f"{current or 'none'}", "Deploy again.")
            raise SlipwayError([finding])

    def _check_script(self) -> None:
        """See that the way back is the one that was prepared.

        Raises:
            SlipwayError: its script is another one.
        """
        # Where what ran before cannot be read, the script is all that is left.
        known = (self.known_before or ReleaseSnapshot()).rollback_sha256
        script = self.store.release_folder(self.release) / SCRIPT_FILE
        found = regular_sha256(script)
        if known and found != known:
            seen = f"SHA-256 {found}" if found else "no file that can be read"
            remedy = "Deploy again, which writes it anew; if that is refused, restore it from a backup."
            raise SlipwayError(
                [Finding(f"file {script}", f"the script that was prepared, SHA-256 {known}", seen, remedy)]
            )

    def _finish(self) -> None:
        containers = self.host.engine.containers.of(self.store.stack)
        hashes = {container.service: container.config_hash for container in containers}
        self.store.write_json(self.release, CONFIRMED_FILE, {"config_hashes": hashes})
        self.store.set_current(self.release)
        self.store.note(self.release, journal.CONFIRMED)
        self.host.guard.disarm()

    def _too_late(self) -> Finding:
        mine = [one for one in self.store.entries() if one.release == self.release]
        who = mine[-1].detail or f"run {mine[-1].run}"
        remedy = "Deploy again, with a longer stack_guard_timeout if the run was alive all the time."
        return Finding(self._name, "to be confirmed in time", f"taken back at {mine[-1].at} {who}", remedy)

    def _superseded(self, later: journal.JournalEntry) -> Finding:
        seen = f"release {later.release}, started by run {later.run} at {later.at}"
        remedy = "Nothing was done. Run scripts/status.sh."
        return Finding(self._name, "to be the last that was started here", seen, remedy)

    def _blocked(self) -> Finding:
        script = self.store.release_folder(self.release) / "rollback.sh"
        cause = (self.known_before or ReleaseSnapshot()).irreversible or self.release
        return Finding(
            thing=f"way back from release {self.release}",
            expected="a release whose data the one before can read",
            seen=f"stack_reversible: false on release {cause}, so it stays as it is, failed",
            remedy=f"Deploy one that works with the new data. Only if the data allow it, on the host: sh {script}",
        )

    def _check_and_discard(self) -> GateReport | None:
        from .revival import Revival

        before = Revival(self.host, self.release)
        try:
            report = before.revive()
        except DownError:
            with suppress(SlipwayError):
                self.discard()
            raise
        self.discard()
        self.brought_back = before.brought_back
        return report

    def discard(self) -> None:
        """Remove the staging of a release that was never started."""
        if self.release in journal.confirmed(self.store.entries()):
            self.store.note(self.release, journal.ROLLED_BACK, "nothing was touched")
            return
        # The folder first: if the disk is full, that makes the room for the line.
        forget(self.store, self.host.engine, self.release)
        self.store.note(self.release, journal.DISCARDED)

    def _files_before(self) -> tuple[ReleaseFile, ...]:
        to = self.folder.snapshot.to
        before = self.store.folder_of(to).record.files if to else ()
        return (*before, *files_left(self.store, self.release))
