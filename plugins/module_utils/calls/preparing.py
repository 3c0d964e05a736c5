# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state `prepared` of the module `release` (I/O)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..core.findings import SlipwayError
from ..engine.client import Engine
from ..gate.report import DownError
from ..hooks.release_hooks import ReleaseHooks
from ..host.host_facts import folder_findings
from ..host.preflight import meet_engine
from ..host.preparation import Preparation, Prepared, previous_release
from ..host.recovery import recover
from ..release.folder import HOOKS_FILE
from ..release.progress import ReleaseProgress
from ..stack.hooks import HookSettings, HookStoppedError
from ..stack.payload import Payload, ReleaseRequest
from ..stack.plan import Plan
from .base import ReleaseCall, Result, takeover
from .result import prepared_result

if TYPE_CHECKING:
    from ..host.deployment import Deployment


class PreparingCall(ReleaseCall):
    """A call with state prepared."""

    def _prepared(self) -> Result:
        params = self._params
        payload = Payload.unpack(params["payload"]) if params["plan"] else None
        auths = payload.auths if payload else ()
        engine = meet_engine(self._store, params["min_free_mb"], auths, params["pull_timeout"])
        if self._check_mode or folder_findings(self._store.folder):
            self._lease.assert_not_taken()
            return prepared_result(self._preparation(engine, payload), [])
        self._store.make()
        before = takeover(self._lease.acquire())
        try:
            with self._lease.locked():
                # Another run may have overtaken this one since; then what lies there is that one's.
                self._lease.renew()
                again = payload is None
                before += recover(self._store, engine, self._guard, params["rollback_timeout"], again=again)
            prepared = self._preparation(engine, payload)
            self._before_deployment(engine, prepared, payload)
        except BaseException:
            with self._lease.locked():
                # Whatever failed, that another run has overtaken this one is the reason then.
                self._lease.assert_not_taken()
                self._lease.release()
            raise
        if prepared.unchanged:
            with self._lease.locked():
                self._lease.release()
        result = prepared_result(prepared, before)
        progress = ReleaseProgress(self._store, prepared.release)
        return result if prepared.unchanged else {**result, "reversible": progress.reversible}

    def _preparation(self, engine: Engine, payload: Payload | None) -> Prepared:
        params = self._params
        preparation = Preparation(
            self._store, engine, self._lease, min_free_mb=params["min_free_mb"], check_mode=self._check_mode
        )
        if payload is not None:
            return preparation.of_new(ReleaseRequest(Plan.from_dict(params["plan"]), params["host"], payload))
        release = previous_release(self._store) if params["release"] == "previous" else params["release"]
        return preparation.of_kept(release, force=params["force"])

    def _before_deployment(self, engine: Engine, prepared: Prepared, payload: Payload | None) -> None:
        """Keep the hooks with the release, and run those that come before the host is touched.

        Raises:
            HookStoppedError: one of them failed; the release was given back.
        """
        first_host = self._params["first_host"]
        if payload is None and prepared.unchanged:
            return
        if payload is None:
            # To go back to a kept release is no deployment.
            settings = replace(self._store.folder_of(prepared.release).hooks, first_host=first_host, gone_back_to=True)
        else:
            settings = HookSettings(payload.hooks, self._params["host"], first_host)
        self._store.write_json(prepared.release, HOOKS_FILE, settings.as_dict())
        if prepared.unchanged or payload is None:
            return
        if not payload.hooks:
            return
        # The code is compiled anew at every call, and most releases have no hooks.
        from ..host.deployment import Deployment

        hooks = ReleaseHooks(self._store, engine, prepared.release, self._keep_lease)
        self._reports = hooks.reports
        try:
            hooks.before_deployment()
        except HookStoppedError as error:
            deployment = Deployment(self._store, engine, prepared.release, self._guard)
            raise self._given_back(deployment, error) from error

    def _given_back(self, deployment: Deployment, error: HookStoppedError) -> SlipwayError:
        """Give a release back that a hook has stopped; return why, with what has become meanwhile of what runs."""
        # The code is compiled anew at every call, and few hooks fail.
        from ..host.revival import revive_after_failure

        stopped: SlipwayError
        try:
            # That the engine has gone may be why.
            stopped = HookStoppedError(
                error.reports, revive_after_failure(self._store, self._lease, deployment.release)
            )
        except DownError as down:
            stopped = DownError([*error.findings, *down.findings], down.report)
        with self._lease.locked():
            self._lease.assert_not_taken()
            deployment.discard()
        return stopped

    def _keep_lease(self) -> None:
        with self._lease.locked():
            self._lease.renew()
