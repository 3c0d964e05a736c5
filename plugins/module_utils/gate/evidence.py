# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Collects what proves that a condition does not hold (I/O: reads logs)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.masking import Masker
from ..core.wording import shown_lines, shown_text
from ..engine.connection import EngineError
from .health import Standing
from .report import CheckObservation, GateFailure, Observation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..engine.client import Engine
    from ..engine.containers import Container
    from .check_runner import CheckProgress
    from .health import Judgement


class Evidence:
    """Turns judgements into what is reported; everything that leaves here is masked."""

    def __init__(self, engine: Engine | None, log_lines: int, masker: Masker) -> None:
        """Read logs from this engine (none if None), so many lines of each container."""
        self._engine = engine
        self._log_lines = log_lines
        self._masker = masker

    def of_container(
        self,
        service: str | None,
        container: Container | None,
        judgement: Judgement,
        exit_codes: Mapping[str, int],
        within: str,
    ) -> GateFailure:
        """Explain why a service or one of its containers is not as expected."""
        seen, waited = judgement.seen, within if judgement.standing is Standing.WAITS else ""
        if container is not None and judgement.check == "restarts" and container.id in exit_codes:
            seen += f"; its process last ended with exit code {exit_codes[container.id]}"
        return GateFailure(
            service=service,
            container=None if container is None else container.name,
            check=judgement.check,
            # Words of this program alone: a setting that is called "healthy" is not what they tell.
            expected=shown_text(judgement.expected + waited, Masker()),
            seen=self._shown(seen),
            logs=self._logs([] if container is None else [container]),
        )

    def of_check(
        self, progress: CheckProgress, containers: Sequence[Container], jobs: frozenset[str], within: str
    ) -> GateFailure:
        """Explain why a declared check did not pass, with its output or the logs of those that it asked."""
        check, attempts = progress.check, progress.attempts
        concerned = _concerned(progress, containers, jobs)
        services = sorted({one.service for one in concerned})
        times = f"{attempts} attempt{'' if attempts == 1 else 's'}"
        output = shown_lines(progress.outcome.output, self._log_lines, self._masker)
        return GateFailure(
            service=check.service or (services[0] if len(services) == 1 else None),
            container=concerned[0].name if len(concerned) == 1 else None,
            check=self._shown(check.name),
            expected=self._shown(check.probe.expectation() + ("" if check.retries == attempts else within)),
            seen=self._shown(f"{progress.outcome.seen} ({times})"),
            logs=output or self._logs(concerned),
        )

    def observations(self, containers: Sequence[Container]) -> list[Observation]:
        """Say how each container was at the end."""
        ordered = sorted(containers, key=lambda one: (one.service, one.number, one.name))
        return [
            Observation(
                service=one.service,
                name=one.name,
                id=one.id,
                state=one.state,
                health=one.health or None,
                restarts=one.restarts,
                image=one.image,
                exit_code=one.exit_code,
            )
            for one in ordered
        ]

    def check_observations(self, checks: Sequence[CheckProgress]) -> list[CheckObservation]:
        """Say how each check ended."""
        return [
            CheckObservation(
                name=self._shown(progress.check.name),
                passed=progress.passed,
                attempts=progress.attempts,
                duration_s=progress.duration_s,
                seen=self._shown(progress.outcome.seen),
            )
            for progress in checks
        ]

    def _shown(self, text: str) -> str:
        return shown_text(text, self._masker)

    def _logs(self, containers: Sequence[Container]) -> list[str]:
        if self._engine is None:
            return []
        return read_logs(self._engine, [(one.id, one.name) for one in containers], self._log_lines, self._masker)


def _concerned(progress: CheckProgress, containers: Sequence[Container], jobs: frozenset[str]) -> list[Container]:
    """Return the containers whose logs may tell why a check failed.

    Those of the service that the check names, else those that publish the port it asks, else all that serve.
    """
    check = progress.check
    if check.service is not None:
        return [one for one in containers if one.service == check.service]
    if check.probe.asked_port is None:
        return []
    publishing = [one for one in containers if check.probe.asked_port in one.published_ports]
    return publishing or [one for one in containers if one.service not in jobs]


def read_logs(engine: Engine, containers: Sequence[tuple[str, str]], count: int, masker: Masker) -> list[str]:
    """Return the last log lines of containers, given as (ID, name); with several, each line says whose it is.

    A log that cannot be read yields a line that says so: missing evidence must not hide the failure itself.
    """
    if count < 1:
        return []
    lines: list[str] = []
    for container_id, name in containers:
        prefix = f"{name} | " if len(containers) > 1 else ""
        lines.extend(f"{prefix}{line}" for line in _container_lines(engine, container_id, count, masker))
    return lines


def _container_lines(engine: Engine, container_id: str, count: int, masker: Masker) -> list[str]:
    try:
        raw = engine.containers.last_log(container_id, count)
    except EngineError as error:
        return [f"(the log cannot be read: {shown_text(error.said, masker)})"]
    return shown_lines(raw, count, masker)
