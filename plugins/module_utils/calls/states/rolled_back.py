# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state `rolled_back`: what ran before runs again (I/O)."""

from __future__ import annotations

from ...engine.client import ENGINE_BACK_S
from ..call import ReleaseCall, Result
from ..result import gate_result


def bring_about(call: ReleaseCall) -> Result:
    """Take the release back, or discard it if it was never started."""
    deployment = call.deployment(patience_s=ENGINE_BACK_S)
    if call.check_mode:
        summary = ["would go back to what ran before"]
        return {"changed": deployment.touched, "release": call.release, "summary": summary}
    with call.lease.locked(call.params["rollback_timeout"]):
        staged = deployment.staged
        if staged or deployment.touched:
            call.lease.assert_not_taken()
        try:
            report = deployment.rollback_for_run(call.params["rollback_timeout"])
        finally:
            call.lease.release()
    given_back = f"gave release {call.release} back; nothing was touched"
    if report is None:
        summary = [given_back] if staged else []
        untouched = not deployment.started_here
        return {"changed": staged, "release": call.release, "given_back": untouched, "summary": summary}
    result = gate_result(call.release, report, changed=True)
    if deployment.brought_back is not None:
        return {**result, "summary": [given_back, deployment.brought_back.sentence(), *result["summary"]]}
    told = [f"went back to {deployment.goal}", *deployment.remarks]
    return {**result, "summary": [*told, *result["summary"]]}
