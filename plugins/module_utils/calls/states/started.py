# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state `started`: the release runs and has passed its gate (I/O)."""

from __future__ import annotations

from ...coordination.lease import STARTED
from ...engine.client import engine_that_answers
from ..call import ReleaseCall, Result
from ..result import gate_result
from .confirmed import end_confirmation

#: Seconds for an engine that does not answer to come back.
_START_PATIENCE_S = 30.0


def bring_about(call: ReleaseCall) -> Result:
    """Start the release, and confirm it if nobody else has to agree."""
    if call.check_mode:
        return {"changed": True, "release": call.release, "summary": [f"would start release {call.release}"]}
    # One that crashed a moment ago has left down what ran here; to give up now would leave it so.
    deployment = call.deployment(engine=engine_that_answers(_START_PATIENCE_S))
    if deployment.settled:
        return {**gate_result(call.release, deployment.gate(), changed=False), "confirmed": False}
    with call.lease.locked():
        call.lease.renew_or_acquire(STARTED)
        result = {**gate_result(call.release, deployment.start(), changed=True), "confirmed": False}
        result["summary"] = [*deployment.moved, *result["summary"]]
        if not call.params["confirm"]:
            call.lease.renew_or_acquire(STARTED)
            deployment.stay_guarded()
        else:
            deployment.confirm()
            done = end_confirmation(call, deployment.host.engine)
            result = {**result, **done, "confirmed": True, "summary": result["summary"] + done["summary"]}
    return result
