# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hooks of a release on this host, on the events in which it comes and goes (I/O)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Callable

from ..core.findings import SlipwayError
from ..engine.client import Engine
from ..release.store import ReleaseStore
from ..stack.hooks import (
    ON_FAILURE,
    POST_DEPLOY,
    POST_ROLLBACK,
    PRE_DEPLOY,
    PRE_ROLLBACK,
    HookReport,
    HookStoppedError,
    report_lines,
)
from .hook_containers import remove_hook_containers


class ReleaseHooks:
    """The hooks around one release.

    Attributes:
        reports: how those ended that ran.
        remarks: why others could not be read, in words, where they must not keep the host from going back.
    """

    def __init__(self, store: ReleaseStore, engine: Engine, release: str, alive: Callable[[], None]) -> None:
        """Run nothing yet.

        Args:
            store: the stack's folder.
            engine: the engine of this host.
            release: the release.
            alive: called before and after each hook: nobody else can say meanwhile that the run goes on.
        """
        self.reports: list[HookReport] = []
        self.remarks: list[str] = []
        self._store = store
        self._engine = engine
        self._release = release
        self._folder = store.folder_of(release)
        self._alive = alive

    def before_deployment(self) -> None:
        """Run what comes before the first touch.

        Raises:
            HookStoppedError: the deployment must not begin.
        """
        self._run(self._release, PRE_DEPLOY, self._before)
        self._stop()

    def before_start(self) -> None:
        """Run what comes before a kept release is gone back to: hooks of the release that is left."""
        if self._left:
            self._run(self._left, PRE_ROLLBACK, self._release)

    def after_gate(self) -> None:
        """Run what comes once the release stands.

        Raises:
            HookStoppedError: the release is to be taken back.
        """
        if self._left:
            self._run(self._left, POST_ROLLBACK, self._release)
        elif not self._folder.hooks.gone_back_to:
            self._run(self._release, POST_DEPLOY, self._before)
            self._stop()

    def after_failure(self) -> None:
        """Run what comes once the release does not stand."""
        self._run_if_whole(ON_FAILURE)

    def before_way_back(self) -> None:
        """Run what comes before the release is taken back."""
        # A caller that died may have left one at work. If the engine cannot say, the host goes back all the same.
        with suppress(Exception):
            remove_hook_containers(self._engine, self._store.stack)
        self._run_if_whole(PRE_ROLLBACK)

    def after_way_back(self) -> None:
        """Run what comes after the release was taken back."""
        self._run_if_whole(POST_ROLLBACK)

    @property
    def _before(self) -> str | None:
        return self._folder.snapshot.to

    @property
    def _left(self) -> str | None:
        """Return the release that is left for this one, if this one was kept and is gone back to."""
        left = self._before if self._folder.hooks.gone_back_to else None
        return left if left != self._release else None

    def _run_if_whole(self, kind: str) -> None:
        """Run hooks that a way back does not depend on: damaged files leave them out."""
        try:
            self._run(self._release, kind, self._before)
        except SlipwayError as error:
            self.remarks += [finding.sentence() for finding in error.findings]

    def _run(self, release: str, kind: str, previous: str | None) -> None:
        if not self._store.folder_of(release).hooks.hooks:
            return
        from .runner import HookRunner

        # Which host is the first of the fleet is known of the release that this run prepared.
        first = self._folder.hooks.first_host
        hooks = HookRunner(self._store, self._engine, release, first_host=first)
        self.reports += hooks.run(kind, previous, self._alive)

    def _stop(self) -> None:
        if any(report.stops for report in self.reports):
            raise HookStoppedError(self.reports)


def with_hooks(result: dict[str, Any], reports: Sequence[HookReport]) -> dict[str, Any]:
    """Return a module's result with how the hooks ended that ran."""
    if not reports:
        return result
    summary = [*(result.get("summary") or []), *report_lines(reports)]
    return {**result, "hooks": [report.as_dict() for report in reports], "summary": summary}
