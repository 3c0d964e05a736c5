# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state `prepared`: the release is staged, its way back proved, its images pulled (I/O)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from ...core.findings import Finding, SlipwayError
from ...gate.report import DownError
from ...hooks.release_hooks import ReleaseHooks
from ...host.host import Host
from ...host.look import previous_release
from ...host.machine.facts import folder_findings, raise_all
from ...host.machine.sessions import restart_notes
from ...host.preflight import digest_findings, meet_engine
from ...host.preparation import Preparation, Prepared
from ...host.recovery import recover
from ...release.documents import HOOKS_FILE
from ...release.progress import ReleaseProgress
from ...stack.hooks import HookSettings, HookStoppedError
from ...stack.payload import Payload, ReleaseRequest
from ...stack.plan import Plan
from ..call import ReleaseCall, Result, takeover
from ..result import prepared_result

if TYPE_CHECKING:
    from ...host.deployment import Deployment


def bring_about(call: ReleaseCall) -> Result:
    """Prepare the host for a new release, or for one that it keeps."""
    params = call.params
    # Whatever the controller has checked of it: the host acts on it, so the host checks it, before anything is touched.
    plan = _plan(params) if params["plan"] else None
    payload = Payload.unpack(params["payload"]) if plan else None
    auths = payload.auths if payload else ()
    host = call.host(meet_engine(call.store, params["min_free_mb"], auths, params["pull_timeout"]))
    if call.check_mode or folder_findings(call.store.folder):
        call.lease.assert_not_taken()
        return prepared_result(_prepare(call, host, plan, payload), [])
    call.store.make()
    before = takeover(call.lease.acquire())
    try:
        with call.lease.locked():
            # Another run may have overtaken this one since; then what lies there is that one's.
            call.lease.renew()
            again = payload is None
            before += recover(host, params["rollback_timeout"], again=again)
        prepared = _prepare(call, host, plan, payload)
        _run_hooks(call, host, prepared, payload)
    except BaseException:
        with call.lease.locked():
            # Whatever failed, that another run has overtaken this one is the reason then.
            call.lease.assert_not_taken()
            call.lease.release()
        raise
    if prepared.unchanged:
        with call.lease.locked():
            call.lease.release()
    result = prepared_result(prepared, before)
    if prepared.unchanged:
        return result
    reversible = ReleaseProgress(call.store, prepared.release).reversible
    notes = restart_notes() if reversible else []
    return {**result, "reversible": reversible, "summary": [*result["summary"], *notes]}


def _plan(params: Mapping[str, Any]) -> Plan:
    """Return the plan of a call.

    Raises:
        SlipwayError: it is none, or one for another stack.
    """
    plan = Plan.from_dict(params["plan"], part=True)
    if plan.stack != params["stack"]:
        remedy = "Plan this stack, and deploy that plan."
        raise SlipwayError([Finding("plan", f"one for stack {params['stack']}", f"one for {plan.stack}", remedy)])
    return plan


def _prepare(call: ReleaseCall, host: Host, plan: Plan | None, payload: Payload | None) -> Prepared:
    params = call.params
    preparation = Preparation(host, min_free_mb=params["min_free_mb"], check_mode=call.check_mode)
    if plan is not None and payload is not None:
        if params["confirm_images"]:
            raise_all(digest_findings(host.engine, plan.images))
        return preparation.of_new(ReleaseRequest(plan, params["host"], payload))
    release = previous_release(call.store) if params["release"] == "previous" else params["release"]
    return preparation.of_kept(release, force=params["force"])


def _run_hooks(call: ReleaseCall, host: Host, prepared: Prepared, payload: Payload | None) -> None:
    """Keep the hooks with the release, and run those that come before the host is touched.

    Raises:
        HookStoppedError: one of them failed; the release was given back.
    """
    first_host = call.params["first_host"]
    if payload is None and prepared.unchanged:
        return
    if payload is None:
        # To go back to a kept release is no deployment.
        settings = replace(call.store.folder_of(prepared.release).hooks, first_host=first_host, gone_back_to=True)
    else:
        settings = HookSettings(payload.hooks, call.params["host"], first_host)
    call.store.write_json(prepared.release, HOOKS_FILE, settings.as_dict())
    if prepared.unchanged or payload is None:
        return
    if not payload.hooks:
        return
    from ...host.deployment import Deployment

    hooks = ReleaseHooks(host.store, host.engine, prepared.release, partial(_renew_lease, call))
    call.reports = hooks.reports
    try:
        hooks.before_deployment()
    except HookStoppedError as error:
        raise _discard(call, Deployment(host, prepared.release), error) from error


def _discard(call: ReleaseCall, deployment: Deployment, error: HookStoppedError) -> SlipwayError:
    """Give a release back that a hook has stopped; return why, with what has become meanwhile of what runs."""
    from ...host.revival import revive_after_failure

    stopped: SlipwayError
    try:
        # That the engine has gone may be why.
        stopped = HookStoppedError(error.reports, revive_after_failure(deployment.host, deployment.release))
    except DownError as down:
        stopped = DownError([*error.findings, *down.findings], down.report)
    with call.lease.locked():
        call.lease.assert_not_taken()
        deployment.discard()
    return stopped


def _renew_lease(call: ReleaseCall) -> None:
    with call.lease.locked():
        call.lease.renew()
