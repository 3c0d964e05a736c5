# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tries the declared checks in parallel until they pass, run out of attempts or meet the deadline (I/O)."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable

from ..core.cancellation import Cancellation
from ..core.libraries import load_library
from ..stack.check_types.command import CommandProbe
from ..stack.check_types.http import HttpProbe
from ..stack.check_types.log import LogProbe
from ..stack.check_types.tcp import TcpProbe
from .attempts.command import attempt_command
from .attempts.http import attempt_http
from .attempts.log import attempt_log
from .attempts.outcome import Outcome, Surroundings
from .attempts.tcp import attempt_tcp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..core.masking import Masker
    from ..engine.client import Engine
    from ..stack.check_types.probe import Probe
    from ..stack.checks import Check

#: What one attempt of each type does.
ATTEMPTS: dict[type[Probe], Callable[[Any, Surroundings, float], Outcome]] = {
    HttpProbe: attempt_http,
    TcpProbe: attempt_tcp,
    CommandProbe: attempt_command,
    LogProbe: attempt_log,
}
_SHORTEST_ATTEMPT_S = 0.05
UNTRIED = Outcome(passed=False, seen="the first attempt has not ended")


@dataclass(frozen=True)
class CheckProgress:
    """How far a check has come.

    Attributes:
        check: the check.
        attempts: how many attempts have ended.
        ended: whether no attempt follows: it passed, can pass no more, or ran out of attempts.
        outcome: the last attempt's outcome.
        duration_s: from the start of the checks to the last attempt's end.
    """

    check: Check
    attempts: int = 0
    ended: bool = False
    outcome: Outcome = UNTRIED
    duration_s: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether the check passed."""
        return self.outcome.passed


class CheckRunner:
    """Runs each check in a thread of its own."""

    def __init__(  # noqa: PLR0913, PLR0917 - what is tried, until when, and what an attempt has to work with
        self,
        checks: Sequence[Check],
        deadline: float,
        on_end: Callable[[], None],
        engine: Engine | None,
        project: str,
        masker: Masker,
    ) -> None:
        """Prepare.

        Args:
            checks: what to try.
            deadline: monotonic time at which every check ends.
            on_end: called, from another thread, when a check has ended, or holds for now.
            engine: the engine, for commands in containers; None if there is none.
            project: the Compose project whose containers commands run in.
            masker: hides secrets in what an attempt cuts short.

        Raises:
            SlipwayError: a library that a check needs is missing.
        """
        if any(isinstance(check.probe, HttpProbe) for check in checks):
            load_library("requests")
        self._deadline = deadline
        self._on_end = on_end
        self._engine = engine
        self._project = project
        self._masker = masker
        self._cancellation = Cancellation()
        self._began_at = time.monotonic()
        self._checks = list(checks)
        # What must hold until the end is attempted by its own thread and by the one that asks for a confirmation.
        self._locks = {check.name: threading.Lock() for check in checks}
        self._progress = {check.name: CheckProgress(check) for check in checks}

    def start(self) -> None:
        """Begin with every check at once."""
        self._began_at = time.monotonic()
        for progress in list(self._progress.values()):
            threading.Thread(target=self._run, args=(progress.check,), daemon=True).start()

    def stop(self) -> None:
        """End what still runs; commands are killed."""
        self._cancellation.cancel()

    def progress(self) -> list[CheckProgress]:
        """Return how far each check has come, in the order in which they were declared."""
        return list(self._progress.values())

    def confirm(self) -> bool:
        """Attempt once more what must hold until the end; return whether all of it does."""
        lasting = [check for check in self._checks if check.probe.lasting]
        return all(self._attempt_once(check).passed for check in lasting)

    def _run(self, check: Check) -> None:
        progress = self._progress[check.name]
        while not progress.ended and not self._cancellation.cancelled and time.monotonic() < self._deadline:
            progress = self._attempt_once(check)
            if not progress.ended:
                if progress.passed:
                    self._on_end()
                self._cancellation.wait(min(check.interval_s, max(self._deadline - time.monotonic(), 0.0)))
        self._on_end()

    def _attempt_once(self, check: Check) -> CheckProgress:
        with self._locks[check.name]:
            before = self._progress[check.name]
            if not before.ended:
                self._progress[check.name] = self._next(check, before.attempts + 1)
            return self._progress[check.name]

    def _next(self, check: Check, attempts: int) -> CheckProgress:
        remaining = max(self._deadline - time.monotonic(), _SHORTEST_ATTEMPT_S)
        outcome = self._attempt(check, min(check.timeout_s, remaining))
        now = time.monotonic()
        out_of_attempts = check.retries is not None and attempts >= check.retries
        ended = not check.probe.lasting if outcome.passed else outcome.final or out_of_attempts
        return CheckProgress(check, attempts, ended, outcome, round(now - self._began_at, 3))

    def _attempt(self, check: Check, timeout_s: float) -> Outcome:
        surroundings = Surroundings(self._engine, self._project, check.service, self._cancellation, self._masker)
        try:
            return ATTEMPTS[type(check.probe)](check.probe, surroundings, timeout_s)
        except Exception as error:  # noqa: BLE001 - a check that breaks has failed; it must not vanish with its thread
            return Outcome(passed=False, seen=f"the check itself broke: {type(error).__name__}: {error}")
