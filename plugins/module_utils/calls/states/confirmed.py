# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state `confirmed`: the release is the one to go back to from now on (I/O)."""

from __future__ import annotations

from ...core.findings import SlipwayError
from ...engine.client import Engine
from ...release.pruning import prune
from ..call import ReleaseCall, Result


def bring_about(call: ReleaseCall) -> Result:
    """Confirm the release."""
    if call.check_mode:
        changed = call.store.current() != call.release
        summary = [f"would confirm release {call.release}"]
        return {"changed": changed, "release": call.release, "pruned": [], "summary": summary}
    deployment = call.deployment()
    with call.lease.locked(call.params["rollback_timeout"]):
        call.lease.assert_not_taken()
        changed = deployment.confirm()
        done = end_confirmation(call, deployment.host.engine)
    return {"changed": changed or bool(done["pruned"]), "release": call.release, **done}


def end_confirmation(call: ReleaseCall, engine: Engine) -> Result:
    """Prune old releases and release the lease, after a release was confirmed under the lock."""
    summary = [f"confirmed release {call.release}"]
    pruned: list[str] = []
    try:
        pruned = prune(call.store, engine, call.params["keep_releases"])
        summary += [f"pruned {', '.join(pruned)}"] if pruned else []
    except (SlipwayError, OSError) as error:
        # The release is confirmed. What could not be removed goes with the next one.
        summary.append(f"old releases were not removed: {error}")
    call.lease.release()
    return {"pruned": pruned, "summary": summary}
