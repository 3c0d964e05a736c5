# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The states of the module `release` that start, settle and clear releases (I/O)."""

from __future__ import annotations

from contextlib import nullcontext

from ..coordination import lock
from ..coordination.lease import STARTED
from ..core.findings import SlipwayError
from ..engine.client import ENGINE_BACK_S, Engine, engine_that_answers, wait_for_engine
from ..host.deployment import Deployment
from ..host.recovery import recover
from ..release import journal
from ..release.progress import ReleaseProgress
from ..release.pruning import prune
from .base import ReleaseCall, Result, takeover
from .result import gate_result

#: Seconds in which a command that is to be abandoned has to end.
_END_S = 1.0
#: Seconds for an engine that does not answer to come back, when a release is to be started.
_START_PATIENCE_S = 30.0


class RunningCall(ReleaseCall):
    """A call with one of the other states."""

    def _started(self) -> Result:
        if self._check_mode:
            return {"changed": True, "release": self._release, "summary": [f"would start release {self._release}"]}
        # One that crashed a moment ago has left down what ran here; to give up now would leave it so.
        deployment = self._deployment(engine=engine_that_answers(_START_PATIENCE_S))
        if deployment.settled:
            return {**gate_result(self._release, deployment.gate(), changed=False), "confirmed": False}
        with self._lease.locked():
            self._lease.renew_or_acquire(STARTED)
            result = {**gate_result(self._release, deployment.start(), changed=True), "confirmed": False}
            if not self._params["confirm"]:
                self._lease.renew_or_acquire(STARTED)
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
            self._lease.assert_not_taken()
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
        self._lease.release()
        return {"pruned": pruned, "summary": summary}

    def _rolled_back(self) -> Result:
        deployment = self._deployment(patience_s=ENGINE_BACK_S)
        if self._check_mode:
            summary = ["would go back to what ran before"]
            return {"changed": deployment.touched, "release": self._release, "summary": summary}
        with self._lease.locked(self._params["rollback_timeout"]):
            staged = deployment.staged
            if staged or deployment.touched:
                self._lease.assert_not_taken()
            try:
                report = deployment.rollback_for_run(self._params["rollback_timeout"])
            finally:
                self._lease.release()
        given_back = f"gave release {self._release} back; nothing was touched"
        if report is None:
            summary = [given_back] if staged else []
            untouched = not deployment.started_here
            return {"changed": staged, "release": self._release, "given_back": untouched, "summary": summary}
        result = gate_result(self._release, report, changed=True)
        if deployment.brought_back is not None:
            return {**result, "summary": [given_back, deployment.brought_back.sentence(), *result["summary"]]}
        told = [f"went back to {deployment.goal}", *deployment.remarks]
        return {**result, "summary": [*told, *result["summary"]]}

    def _renewed(self) -> Result:
        if not self._check_mode:
            with self._lease.locked():
                self._lease.renew()
                self._guard.renew()
        # Of a fleet's many renewals nobody wants to read.
        return {"changed": False, "summary": []}

    def _deployment(
        self, release: str | None = None, patience_s: float = 0.0, engine: Engine | None = None
    ) -> Deployment:
        found = engine or wait_for_engine(patience_s)
        deployment = Deployment(self._store, found, release or self._release, self._guard)
        self._reports = deployment.hooks.reports
        return deployment

    def _abandoned(self) -> Result:
        if self._check_mode or not self._store.folder.is_dir():
            return {"changed": False, "guarded": False, "summary": ["nothing to give back"]}
        release = journal.last_of_run(self._store.entries(), self._store.run)
        progress = ReleaseProgress(self._store, release or "")
        if release and progress.touched and not progress.reversible:
            # Nothing takes it back, so to cut its start off would leave it in pieces.
            summary = [f"release {release} is irreversible: it stays, and what is at work on it comes to its end"]
            return {"changed": False, "release": release, "guarded": False, "summary": summary}
        lock.end_command(self._store.folder, self._store.run, _END_S)
        with self._lease.locked():
            self._lease.assert_not_taken()
            release = journal.last_of_run(self._store.entries(), self._store.run)
            progress = ReleaseProgress(self._store, release or "")
            if release and progress.touched and not progress.settled and progress.reversible:
                # The engine may be what hangs, so it is not asked: the guard does that, and can wait for it.
                self._guard.arm(release, at_once=True)
                summary = [f"goes back to {progress.goal} by itself, now"]
                return {"changed": True, "release": release, "guarded": True, "summary": summary}
            try:
                if release and progress.staged:
                    self._deployment(release).rollback_for_run(self._params["rollback_timeout"])
                if release and progress.settled:
                    # It was cut off between the confirmation and this.
                    self._guard.disarm()
                self._store.sweep()
            finally:
                self._lease.release()
            what = "stays as it is" if release and (progress.touched or progress.settled) else "is given back"
            summary = [f"release {release} {what}" if release else "nothing was touched"]
        return {"changed": True, "release": release, "guarded": False, "summary": summary}

    def _recovered(self) -> Result:
        if self._check_mode or not self._store.folder.is_dir():
            unfinished = journal.unfinished(self._store.entries())
            summary = [f"would settle release {unfinished}"] if unfinished else ["nothing to settle"]
            return {"changed": bool(unfinished), "summary": summary}
        # The code is compiled anew at every call, and no other needs this.
        from ..engine.lost_containers_ending import LostContainersEnding

        engine = wait_for_engine(ENGINE_BACK_S)
        done = takeover(self._lease.acquire())
        with self._lease.locked():
            try:
                self._lease.renew()
                done += recover(self._store, engine, self._guard, self._params["rollback_timeout"], again=True)
                # What became of the releases is in the journal; this belongs to none of them.
                lost = LostContainersEnding(engine, self._store.stack)
                left = [finding.sentence() for finding in lost.end()]
                done += lost.ended
            finally:
                self._lease.release()
        return {"changed": bool(done), "summary": [*done, *left] or ["nothing to settle"]}

    def _pruned(self) -> Result:
        engine = Engine()
        with self._lease.locked() if self._store.folder.is_dir() and not self._check_mode else nullcontext():
            self._lease.assert_not_taken()
            pruned = prune(self._store, engine, self._params["keep_releases"], check_mode=self._check_mode)
        summary = [f"pruned {', '.join(pruned)}" if pruned else "nothing to prune"]
        return {"changed": bool(pruned), "pruned": pruned, "summary": summary}
