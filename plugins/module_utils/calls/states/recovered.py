# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state `recovered`: what earlier runs left unfinished is settled (I/O)."""

from __future__ import annotations

from ...engine.client import ENGINE_BACK_S, wait_for_engine
from ...engine.lost.ending import LostContainersEnding
from ...host.recovery import recover
from ...release import journal
from ..call import ReleaseCall, Result, takeover


def bring_about(call: ReleaseCall) -> Result:
    """Settle what earlier runs left unfinished, and end lost containers."""
    if call.check_mode or not call.store.folder.is_dir():
        unfinished = journal.unfinished(call.store.entries())
        summary = [f"would settle release {unfinished}"] if unfinished else ["nothing to settle"]
        return {"changed": bool(unfinished), "summary": summary}
    engine = wait_for_engine(ENGINE_BACK_S)
    done = takeover(call.lease.acquire())
    with call.lease.locked():
        try:
            call.lease.renew()
            done += recover(call.host(engine), call.params["rollback_timeout"], again=True)
            # What became of the releases is in the journal; this belongs to none of them.
            lost = LostContainersEnding(engine, call.store.stack)
            left = [finding.sentence() for finding in lost.end()]
            done += lost.ended
        finally:
            call.lease.release()
    return {"changed": bool(done), "summary": [*done, *left] or ["nothing to settle"]}
