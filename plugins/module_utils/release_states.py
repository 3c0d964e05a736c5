# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module `release` does on a host for each of its states (I/O)."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from typing import Any, Callable

from ansible_collections.slipway.compose.plugins.module_utils import guard_process, journal, stack_lock
from ansible_collections.slipway.compose.plugins.module_utils.deployment import Deployment, StartFailedError
from ansible_collections.slipway.compose.plugins.module_utils.deployment_hooks import (
    DeploymentHooks,
    HookStoppedError,
    with_hooks,
)
from ansible_collections.slipway.compose.plugins.module_utils.engine import Engine, wait_for_engine
from ansible_collections.slipway.compose.plugins.module_utils.errors import SlipwayError
from ansible_collections.slipway.compose.plugins.module_utils.guard import Guard
from ansible_collections.slipway.compose.plugins.module_utils.hook_runner import read_order, write_order
from ansible_collections.slipway.compose.plugins.module_utils.hooks import HookOrder, HookReport
from ansible_collections.slipway.compose.plugins.module_utils.host_checks import folder_findings
from ansible_collections.slipway.compose.plugins.module_utils.lease import STARTED, Lease
from ansible_collections.slipway.compose.plugins.module_utils.plan import Plan
from ansible_collections.slipway.compose.plugins.module_utils.preparation import Preparation, Prepared, previous_release
from ansible_collections.slipway.compose.plugins.module_utils.pruning import prune
from ansible_collections.slipway.compose.plugins.module_utils.readiness import look, meet_engine
from ansible_collections.slipway.compose.plugins.module_utils.recovery import recover
from ansible_collections.slipway.compose.plugins.module_utils.release_order import Payload, ReleaseOrder
from ansible_collections.slipway.compose.plugins.module_utils.release_progress import ReleaseProgress
from ansible_collections.slipway.compose.plugins.module_utils.release_record import check_names
from ansible_collections.slipway.compose.plugins.module_utils.release_result import (
    gate_result,
    hook_stopped,
    prepared_result,
    start_failed,
)
from ansible_collections.slipway.compose.plugins.module_utils.release_store import ReleaseStore
from ansible_collections.slipway.compose.plugins.module_utils.stack_lease import StackLease

Result = dict[str, Any]
STATES = ("checked", "prepared", "started", "confirmed", "rolled_back", "renewed", "abandoned", "recovered", "pruned")
#: Seconds in which a command that is to be abandoned has to end.
_END_S = 1.0
#: Seconds for an engine that is being restarted to come back, when a release is to be taken back.
_PATIENCE_S = 60.0


class ReleaseCall:
    """One call of the module."""

    def __init__(self, params: Mapping[str, Any], *, check_mode: bool) -> None:
        """Read the options; nothing is done yet.

        Args:
            params: the module's options.
            check_mode: whether nothing may be changed.

        Raises:
            SlipwayError: a name in them is none.
        """
        check_names(params["stack"], params["release"], params["run"])
        self._params = params
        self._check_mode = check_mode
        self._release: str = params["release"]
        self._store = ReleaseStore(params["root"], params["stack"], params["run"])
        self._lease = StackLease(self._store, params["guard_timeout"], params["owner"], params["run_url"])
        self._reports: list[HookReport] = []
        self._guard = Guard(self._store, guard_process.__name__, params["guard_timeout"], params["rollback_timeout"])

    def result(self) -> Result:
        """Bring the release into the state that was asked for, and return the module's result.

        Raises:
            SlipwayError: it cannot be done, or must not be.
        """
        states: dict[str, Callable[[], Result]] = {name: getattr(self, f"_{name}") for name in STATES}
        try:
            return with_hooks(states[self._params["state"]](), self._reports)
        except StartFailedError as error:
            return with_hooks(start_failed(self._release, error), self._reports)
        except HookStoppedError as error:
            return with_hooks(hook_stopped(self._release, error), self._reports)

    def _checked(self) -> Result:
        params = self._params
        payload = Payload.unpack(params["payload"]) if params["payload"] else None
        look(self._store, params["stack"], payload, params["min_free_mb"], params["pull_timeout"])
        return {"changed": False, "summary": ["this host can take a release"]}

    def _prepared(self) -> Result:
        params = self._params
        payload = Payload.unpack(params["payload"]) if params["plan"] else None
        auths = payload.auths if payload else ()
        engine = meet_engine(self._store, params["min_free_mb"], auths, params["pull_timeout"])
        if self._check_mode or folder_findings(self._store.folder):
            self._lease.check()
            return prepared_result(self._preparation(engine, payload), [])
        self._store.make()
        before = _takeover(self._lease.take())
        try:
            with self._lease.locked():
                # Another run may have overtaken this one since; then what lies there is that one's.
                self._lease.keep()
                again = payload is None
                before += recover(self._store, engine, self._guard, params["rollback_timeout"], again=again)
            prepared = self._preparation(engine, payload)
            self._before_deployment(engine, prepared, payload)
        except BaseException:
            with self._lease.locked():
                # Whatever failed, that another run has overtaken this one is the reason then.
                self._lease.check()
                self._lease.give_back()
            raise
        if prepared.unchanged:
            with self._lease.locked():
                self._lease.give_back()
        result = prepared_result(prepared, before)
        progress = ReleaseProgress(self._store, prepared.release)
        return result if prepared.unchanged else {**result, "reversible": progress.reversible}

    def _preparation(self, engine: Engine, payload: Payload | None) -> Prepared:
        params = self._params
        preparation = Preparation(
            self._store, engine, self._lease, min_free_mb=params["min_free_mb"], check_mode=self._check_mode
        )
        if payload is not None:
            return preparation.of_new(ReleaseOrder(Plan.from_dict(params["plan"]), params["host"], payload))
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
            order = replace(read_order(self._store, prepared.release), first_host=first_host, gone_back_to=True)
        else:
            order = HookOrder(payload.hooks, self._params["host"], first_host)
        write_order(self._store, prepared.release, order)
        if prepared.unchanged or payload is None:
            return
        deployment = Deployment(self._store, engine, prepared.release, self._guard)
        hooks = DeploymentHooks(self._store, engine, prepared.release, self._keep_lease)
        self._reports = hooks.reports
        try:
            hooks.before_deployment()
        except HookStoppedError:
            with self._lease.locked():
                self._lease.check()
                deployment.roll_back(self._params["rollback_timeout"])
            raise

    def _keep_lease(self) -> None:
        with self._lease.locked():
            self._lease.keep()

    def _started(self) -> Result:
        if self._check_mode:
            return {"changed": True, "release": self._release, "summary": [f"would start release {self._release}"]}
        deployment = self._deployment()
        if deployment.settled:
            return {**gate_result(self._release, deployment.gate(), changed=False), "confirmed": False}
        with self._lease.locked():
            self._lease.hold(STARTED)
            result = {**gate_result(self._release, deployment.start(), changed=True), "confirmed": False}
            if not self._params["confirm"]:
                self._lease.hold(STARTED)
                deployment.stay_guarded()
            else:
                deployment.confirm()
                done = self._after_confirmation(deployment.engine)
                result = {**result, **done, "confirmed": True, "summary": result["summary"] + done["summary"]}
        return result

    def _confirmed(self) -> Result:
        if self._check_mode:
            changed = self._store.current() != self._release
            summary = [f"would confirm release {self._release}"]
            return {"changed": changed, "release": self._release, "pruned": [], "summary": summary}
        deployment = self._deployment()
        with self._lease.locked(self._params["rollback_timeout"]):
            self._lease.check()
            changed = deployment.confirm()
            done = self._after_confirmation(deployment.engine)
        return {"changed": changed or bool(done["pruned"]), "release": self._release, **done}

    def _after_confirmation(self, engine: Engine) -> Result:
        summary = [f"confirmed release {self._release}"]
        pruned: list[str] = []
        try:
            pruned = prune(self._store, engine, self._params["keep_releases"])
            summary += [f"pruned {', '.join(pruned)}"] if pruned else []
        except (SlipwayError, OSError) as error:
            # The release is confirmed. What could not be removed goes with the next one.
            summary.append(f"old releases were not removed: {error}")
        self._lease.give_back()
        return {"pruned": pruned, "summary": summary}

    def _rolled_back(self) -> Result:
        deployment = self._deployment(patience_s=_PATIENCE_S)
        if self._check_mode:
            summary = ["would go back to what ran before"]
            return {"changed": deployment.touched, "release": self._release, "summary": summary}
        with self._lease.locked(self._params["rollback_timeout"]):
            staged = deployment.staged
            if staged or deployment.touched:
                self._lease.check()
            try:
                report = deployment.roll_back(self._params["rollback_timeout"])
            finally:
                self._lease.give_back()
        if report is None:
            summary = [f"gave release {self._release} back; nothing was touched"] if staged else []
            return {"changed": staged, "release": self._release, "summary": summary}
        result = gate_result(self._release, report, changed=True)
        return {**result, "summary": [f"went back to {self._goal(self._release)}", *result["summary"]]}

    def _renewed(self) -> Result:
        if not self._check_mode:
            with self._lease.locked():
                self._lease.keep()
                self._guard.renew()
        return {"changed": False, "summary": [f"run {self._store.run} goes on"]}

    def _abandoned(self) -> Result:
        if self._check_mode or not self._store.folder.is_dir():
            return {"changed": False, "guarded": False, "summary": ["nothing to give back"]}
        release = journal.last_of_run(self._store.entries(), self._store.run)
        progress = ReleaseProgress(self._store, release or "")
        if release and progress.touched and not progress.reversible:
            # Nothing takes it back, so to cut its start off would leave it in pieces.
            summary = [f"release {release} is irreversible: it stays, and what is at work on it comes to its end"]
            return {"changed": False, "release": release, "guarded": False, "summary": summary}
        stack_lock.end_command(self._store.folder, self._store.run, _END_S)
        with self._lease.locked():
            self._lease.check()
            release = journal.last_of_run(self._store.entries(), self._store.run)
            progress = ReleaseProgress(self._store, release or "")
            if release and progress.touched and not progress.settled and progress.reversible:
                # The engine may be what hangs, so it is not asked: the guard does that, and can wait for it.
                self._guard.arm(release, at_once=True)
                summary = [f"goes back to {self._goal(release)} by itself, now"]
                return {"changed": True, "release": release, "guarded": True, "summary": summary}
            if release and progress.staged:
                self._deployment(release).roll_back(self._params["rollback_timeout"])
            self._store.sweep()
            self._lease.give_back()
            what = "stays as it is" if release and (progress.touched or progress.settled) else "is given back"
            summary = [f"release {release} {what}" if release else "nothing was touched"]
        return {"changed": True, "release": release, "guarded": False, "summary": summary}

    def _recovered(self) -> Result:
        if self._check_mode or not self._store.folder.is_dir():
            unfinished = journal.unfinished(self._store.entries())
            summary = [f"would settle release {unfinished}"] if unfinished else ["nothing to settle"]
            return {"changed": bool(unfinished), "summary": summary}
        engine = wait_for_engine(_PATIENCE_S)
        done = _takeover(self._lease.take())
        with self._lease.locked():
            try:
                self._lease.keep()
                done += recover(self._store, engine, self._guard, self._params["rollback_timeout"], again=True)
            finally:
                self._lease.give_back()
        return {"changed": bool(done), "summary": done or ["nothing to settle"]}

    def _pruned(self) -> Result:
        engine = Engine()
        with self._lease.locked() if self._store.folder.is_dir() and not self._check_mode else nullcontext():
            self._lease.check()
            pruned = prune(self._store, engine, self._params["keep_releases"], check_mode=self._check_mode)
        summary = [f"pruned {', '.join(pruned)}" if pruned else "nothing to prune"]
        return {"changed": bool(pruned), "pruned": pruned, "summary": summary}

    def _deployment(self, release: str | None = None, patience_s: float = 0.0) -> Deployment:
        deployment = Deployment(self._store, wait_for_engine(patience_s), release or self._release, self._guard)
        self._reports = deployment.hooks.reports
        return deployment

    def _goal(self, release: str) -> str:
        return str(self._store.read_json(release, "snapshot.json").get("goal"))


def _takeover(ended: Lease | None) -> list[str]:
    return [] if ended is None else [f"the lease of run {ended.run} of {ended.owner or 'somebody'} had ended"]
