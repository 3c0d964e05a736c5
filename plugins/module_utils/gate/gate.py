# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The health gate: waits until everything that must be true of a stack is, or says what is not (I/O)."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Callable, Union

from ..core.findings import SlipwayError
from ..engine.containers import Container
from .check_runner import CheckProgress, CheckRunner
from .evidence import Evidence
from .health import (
    Clock,
    Judgement,
    ServiceExpectation,
    Standing,
    derive_expectations,
    job_note,
    judge_container,
    judge_count,
    select_replicas,
)
from .report import GateFailure, GateReport
from .watch import ContainerChanged, ContainerWatch, StreamBroken

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..core.masking import Masker
    from ..engine.client import Engine
    from ..stack.gate_settings import GateSettings

#: How often to look when the engine's events cannot be heard.
FALLBACK_INTERVAL_S = 1.0
#: How often to ask whether the gate is to be given up.
ABORT_INTERVAL_S = 0.5


@dataclass(frozen=True)
class ServiceVerdict:
    """One judgement, and whom it is about."""

    service: str | None
    container: Container | None
    judgement: Judgement


class _CheckEnded:
    """A declared check has ended; its runner knows how."""


_Signal = Union[ContainerChanged, StreamBroken, _CheckEnded]


def run_gate(  # noqa: PLR0913 - what is looked at, how, and who may end it
    engine: Engine | None,
    project: str,
    expected: Sequence[ServiceExpectation] | None,
    settings: GateSettings,
    masker: Masker,
    *,
    abort: Callable[[], str | None] | None = None,
) -> GateReport:
    """Wait until the containers are as expected and every check has passed.

    Args:
        engine: the engine; None to run declared checks only.
        project: the Compose project.
        expected: what must be true of each service; derived from the containers that are there if None.
        settings: the limits, and the declared checks; all of them run from here.
        masker: hides secrets in everything that is reported.
        abort: asked now and then; a reason ends the gate as failed.

    Returns:
        What was found.

    Raises:
        SlipwayError: the engine does not answer at the start, a check is declared wrongly, or a library is missing.
    """
    if engine is not None:
        # Here, since the time that it takes is none of what the gate measures.
        engine.connect()
    evidence = Evidence(engine, settings.log_lines, masker)
    return _Gate(engine, project, expected, settings, masker).run(evidence, abort)


class _Gate:
    def __init__(
        self,
        engine: Engine | None,
        project: str,
        expected: Sequence[ServiceExpectation] | None,
        settings: GateSettings,
        masker: Masker,
    ) -> None:
        self._expected = expected
        self._settings = settings
        self._began_at = time.monotonic()
        self._deadline = self._began_at + settings.timeout_s
        self._signals: SimpleQueue[_Signal] = SimpleQueue()
        self._runner = CheckRunner(
            settings.parsed_checks(), self._deadline, lambda: self._signals.put(_CheckEnded()), engine, project, masker
        )
        services = None if expected is None else frozenset(wanted.service for wanted in expected)
        self._watch = None if engine is None else ContainerWatch(engine, project, services, self._signals.put)
        self._notes: list[str] = []
        self._deaf = False
        self._silence: SlipwayError | None = None

    def run(self, evidence: Evidence, abort: Callable[[], str | None] | None) -> GateReport:
        try:
            if self._watch is not None:
                self._watch.open()
            self._runner.start()
            failures = self._decide(evidence, abort)
        finally:
            self._runner.stop()
            if self._watch is not None:
                self._watch.close()
        containers = [] if self._watch is None else list(self._watch.containers.values())
        return GateReport(
            passed=not failures,
            duration_s=round(time.monotonic() - self._began_at, 3),
            failures=failures,
            observations=evidence.observations(containers),
            checks=evidence.check_observations(self._runner.progress()),
            notes=[*self._notes, *(job_note(one) for one in containers if self._counts_as_job(one))],
        )

    def _counts_as_job(self, container: Container) -> bool:
        expected = derive_expectations([container]) if self._expected is None else self._expected
        return any(one.may_end and one.is_over(container) for one in expected if one.service == container.service)

    def _decide(self, evidence: Evidence, abort: Callable[[], str | None] | None) -> list[GateFailure]:
        fresh = True
        while True:
            verdicts, checks = list(self._judge()), self._runner.progress()
            failed = [verdict for verdict in verdicts if verdict.judgement.standing is Standing.FAILED]
            failed_checks = [progress for progress in checks if progress.ended and not progress.passed]
            if failed or failed_checks:
                return self._explain(evidence, failed, failed_checks)
            reason = abort() if abort is not None else None
            if reason:
                return [GateFailure(None, None, "gate", "to run to its end", f"given up: {reason}")]
            waiting = [verdict for verdict in verdicts if verdict.judgement.standing is Standing.WAITS]
            waiting_checks = [progress for progress in checks if not progress.ended and not progress.passed]
            if not waiting and not waiting_checks:
                if not fresh:
                    fresh = self._look_again()
                elif self._runner.confirm():
                    return []
                continue
            if time.monotonic() >= self._deadline:
                return self._explain(evidence, waiting, waiting_checks)
            self._await([verdict.judgement for verdict in waiting], may_abort=abort is not None)
            fresh = False

    def _judge(self) -> Iterator[ServiceVerdict]:
        if self._watch is None:
            return
        if self._silence is not None:
            finding = self._silence.findings[0]
            yield ServiceVerdict(None, None, Judgement(Standing.WAITS, finding.thing, finding.expected, finding.seen))
        known = list(self._watch.containers.values())
        expected = derive_expectations(known) if self._expected is None else self._expected
        if self._expected is None and not known:
            nothing = Judgement(Standing.WAITS, "replicas", "at least one container of the project", "no container")
            yield ServiceVerdict(None, None, nothing)
        since = time.monotonic() - self._began_at
        clock = Clock(self._watch.engine_now(), since, self._settings.healthy_for_s, self._settings.stable_for_s)
        for wanted in expected:
            replicas = select_replicas(known, wanted)
            yield ServiceVerdict(wanted.service, None, judge_count(replicas, wanted))
            for container in replicas if wanted.replicas else ():
                judgement = judge_container(container, wanted, self._watch.first[container.id], clock)
                yield ServiceVerdict(wanted.service, container, judgement)

    def _await(self, waiting: list[Judgement], *, may_abort: bool) -> None:
        """Wait for news, or until the passing of time alone may have changed something."""
        bounds = [self._deadline - time.monotonic()]
        bounds += [judgement.recheck_in for judgement in waiting if judgement.recheck_in is not None]
        if self._deaf or self._silence is not None:
            bounds.append(FALLBACK_INTERVAL_S)
        if may_abort:
            bounds.append(ABORT_INTERVAL_S)
        signals: list[_Signal] = []
        with suppress(Empty):
            signals.append(self._signals.get(timeout=max(min(bounds), 0.0)))
            while True:
                signals.append(self._signals.get_nowait())
        self._hear(signals)

    def _hear(self, signals: list[_Signal]) -> None:
        for signal in signals:
            if isinstance(signal, StreamBroken) and not self._deaf:
                self._deaf = True
                every = f"from then on the containers were looked at every {FALLBACK_INTERVAL_S:g} s"
                self._notes.append(f"the engine's event stream broke ({signal.reason}); {every}")
        changed = {signal.container_id for signal in signals if isinstance(signal, ContainerChanged)}
        if self._deaf or self._silence is not None:
            self._look_again()
        elif changed and self._watch is not None:
            self._listened(lambda watch: watch.look_at(changed))

    def _look_again(self) -> bool:
        return self._listened(lambda watch: watch.refresh())

    def _listened(self, look: Callable[[ContainerWatch], None]) -> bool:
        try:
            if self._watch is not None:
                look(self._watch)
        except SlipwayError as error:
            self._silence = error
            return False
        self._silence = None
        return True

    def _explain(
        self, evidence: Evidence, verdicts: list[ServiceVerdict], checks: list[CheckProgress]
    ) -> list[GateFailure]:
        watch, expected = self._watch, self._expected or ()
        within = f" within {self._settings.timeout_s:g} s"
        codes = {} if watch is None else watch.last_exit_codes
        containers = [] if watch is None else list(watch.containers.values())
        jobs = frozenset(wanted.service for wanted in expected if wanted.one_shot)
        failures = [
            evidence.of_container(verdict.service, verdict.container, verdict.judgement, codes, within)
            for verdict in verdicts
        ]
        return failures + [evidence.of_check(progress, containers, jobs, within) for progress in checks]
