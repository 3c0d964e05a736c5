# SPDX-License-Identifier: GPL-3.0-or-later
"""One run from its first event to its verdict, whatever ends it."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ansible_collections.slipway.compose.plugins.module_utils.core.identifiers import version_of
from ansible_collections.slipway.compose.plugins.plugin_utils.commands import Commands
from ansible_collections.slipway.compose.plugins.plugin_utils.fleet.ending import Context
from ansible_collections.slipway.compose.plugins.plugin_utils.fleet.ending_lines import end_lines
from ansible_collections.slipway.compose.plugins.plugin_utils.run_folder import shown_folder
from ansible_collections.slipway.compose.plugins.plugin_utils.verdict_file import (
    NAME,
    read_verdict,
    write_findings,
    write_verdict,
)
from scripts.playbook_run.conclusion import Ending, conclude
from scripts.playbook_run.cut_off import CutOff
from scripts.playbook_run.interruption import Interruption
from scripts.playbook_run.run_ledger import RunLedger, named
from scripts.playbook_run.session import Ended, Job, Project, run_playbook

if TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.slipway.compose.plugins.plugin_utils.fleet.verdict import Verdict
    from scripts.playbook_run.arguments import Request
    from scripts.playbook_run.live_output import LiveOutput

#: The playbook that tells hosts to roll back by themselves, and the verbs that may leave something to roll back.
ABANDON = "abandon"
TOUCHING_VERBS = ("deploy", "rollback", "recover")
#: Seconds for which a run that was cut off watches its hosts. They roll back without it, too.
WATCH_S = 600.0
LEAST_FORKS = 25


class ControlledRun:
    """Runs the verb's playbook. If it ends early, tells the hosts on which something was begun to roll back."""

    def __init__(self, project: Project, request: Request, folder: Path, output: LiveOutput) -> None:
        """Take what to run, the run's folder, and where to show it."""
        self._project = project
        self._request = request
        self._folder = folder
        self._output = output
        self._began = time.monotonic()
        self._ledger = RunLedger()
        self._interruption = Interruption()
        self._cut_off: CutOff | None = None

    def to_its_end(self) -> Verdict:
        """Run the playbook, tell the hosts if it is cut off, and return the verdict.

        Raises:
            Insisted: a second signal asks for the end at once; then `at_once` returns the verdict.
        """
        self._interruption.listen()
        request = self._request
        variables = request.playbook_variables() | self._run_variables()
        job = Job(
            request.verb, request.environment, variables, request.limit, request.playbook_options(), request.verbosity
        )
        ended = run_playbook(self._project, job, self._folder, self._take, self._must_end)
        self._output.finish()
        verdict = self._given_verdict()
        left = self._ledger.begun and not self._harmless
        if verdict is None and (self._cut_off or ended.error or left):
            verdict = self._abandon(self._cut_off or self._cut(self._reason(ended)))
        return verdict or self._own_verdict(ended)

    def at_once(self) -> Verdict:
        """Return the verdict without waiting for anything else."""
        self._output.finish()
        given = self._given_verdict()
        if given is not None:
            return given
        cut_off = self._cut_off or self._cut(self._reason(None))
        return self._keep(cut_off.verdict(self._duration_s))

    @property
    def _duration_s(self) -> float:
        return time.monotonic() - self._began

    @property
    def _harmless(self) -> bool:
        return self._request.check or self._request.verb not in TOUCHING_VERBS

    def _run_variables(self) -> dict[str, object]:
        return {"stack_run_id": self._folder.name, "stack_runs_dir": str(self._project.runs)}

    def _take(self, event: dict[str, Any]) -> bool:
        with suppress(Exception):  # an event that cannot be read must not end the run
            self._ledger.take(event)
        if "run_timeout" in self._ledger.limits:
            self._interruption.limit(self._ledger.limits["run_timeout"])
        return self._output.take(event)

    def _must_end(self) -> bool:
        reason = self._interruption.reason()
        if reason is None:
            return False
        # Once the playbook has given its verdict, nothing is left on any host, and only Ansible has to end.
        if self._cut_off is None and not (self._folder / NAME).exists():
            self._output.tell(f"{reason}: stopping Ansible")
            self._cut(reason)
        return True

    def _cut(self, reason: str) -> CutOff:
        """Write at once what is under way and what becomes of it: nobody knows how much time is left."""
        request, run, now = self._request, self._folder.name, datetime.now(UTC)
        self._cut_off = cut_off = CutOff(
            self._ledger, reason, request.environment, run, now, verb=request.verb, harmless=self._harmless
        )
        self._show(self._keep(cut_off.verdict(self._duration_s)), cut_off.opening)
        return cut_off

    def _show(self, verdict: Verdict, *noted: str) -> None:
        """Print what broke, what runs where and what to do next, as far as it is known."""
        request, run = self._request, self._folder.name
        context = Context(
            Commands(request.environment),
            run,
            shown_folder(self._folder),
            verb=request.verb,
            version=request.version or version_of(verdict.release or ""),
            reversible=self._ledger.reversible,
            noted=noted,
        )
        for line in end_lines(verdict, context):
            self._output.tell(line)

    def _reason(self, ended: Ended | None) -> str:
        status = f"the end of ansible-playbook with exit status {ended.exit_status}" if ended else "a signal"
        return self._interruption.reason() or (ended and ended.error) or status

    def _abandon(self, cut_off: CutOff) -> Verdict:
        """Tell the hosts to roll back by themselves, and watch them until they have or another signal arrives."""
        self._keep(cut_off.verdict(self._duration_s))
        if cut_off.hosts:
            self._output.tell(f"telling {named(cut_off.hosts)} to go back without us:")
            self._output.begin_again()
            deadline = time.monotonic() + WATCH_S
            job = Job(
                playbook=ABANDON,
                environment=self._request.environment,
                variables=self._request.extra | self._run_variables(),
                limit=",".join(cut_off.hosts),
                # A host that does not answer must not stand in the way of another.
                options=("--forks", str(max(LEAST_FORKS, len(cut_off.hosts)))),
                artifacts="abandonment",
            )
            ended = run_playbook(self._project, job, self._folder, self._follow, lambda: time.monotonic() >= deadline)
            self._output.finish()
            if ended.error:
                self._output.tell(f"they could not be told: {ended.error}")
        verdict = self._keep(cut_off.verdict(self._duration_s))
        self._show(verdict, cut_off.opening)
        return verdict

    def _follow(self, event: dict[str, Any]) -> bool:
        if self._cut_off is not None:
            with suppress(Exception):  # as in `_take`
                if self._cut_off.take(event):
                    self._keep(self._cut_off.verdict(self._duration_s))
        return self._output.take(event)

    def _keep(self, verdict: Verdict) -> Verdict:
        with suppress(OSError):  # the last line and the exit code say the same where the disk is full
            write_verdict(self._folder, verdict)
            write_findings(self._folder, verdict)
        return verdict

    def _given_verdict(self) -> Verdict | None:
        """Return the verdict that the playbook gave, None if it gave none."""
        try:
            verdict = read_verdict(self._folder)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            self._output.tell(f"{NAME} cannot be read: {error}")
            return None
        return None if verdict.cut_off_by else verdict

    def _own_verdict(self, ended: Ended) -> Verdict:
        """Conclude, write and print the verdict where the playbook gave none."""
        ending = Ending(ended.exit_status, self._output.targets_touched, self._duration_s)
        verdict = conclude(self._request.verb, self._request.environment, ending, check=self._request.check)
        if verdict.exit_code:
            self._show(verdict, verdict.message)
        return self._keep(verdict)
