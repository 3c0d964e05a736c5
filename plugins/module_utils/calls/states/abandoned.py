# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state `abandoned`: the host goes back without the run (I/O)."""

from __future__ import annotations

from ...coordination import lock
from ...release import journal
from ...release.progress import ReleaseProgress
from ..call import ReleaseCall, Result

#: Seconds in which a command that is to be abandoned has to end.
_END_S = 1.0


def bring_about(call: ReleaseCall) -> Result:
    """Make the guard act now, or discard what was never started."""
    if call.check_mode or not call.store.folder.is_dir():
        return {"changed": False, "guarded": False, "summary": ["nothing to give back"]}
    release = journal.last_of_run(call.store.entries(), call.store.run)
    progress = ReleaseProgress(call.store, release or "")
    if release and progress.touched and not progress.reversible:
        # Nothing takes it back, so to cut its start off would leave it in pieces.
        summary = [f"release {release} is irreversible: it stays, and what is at work on it comes to its end"]
        return {"changed": False, "release": release, "guarded": False, "summary": summary}
    lock.end_command(call.store.folder, call.store.run, _END_S)
    with call.lease.locked():
        call.lease.assert_not_taken()
        release = journal.last_of_run(call.store.entries(), call.store.run)
        progress = ReleaseProgress(call.store, release or "")
        if release and progress.touched and not progress.settled and progress.reversible:
            # The engine may be what hangs, so it is not asked: the guard does that, and can wait for it.
            call.guard.arm(release, at_once=True)
            summary = [f"goes back to {progress.goal} by itself, now"]
            return {"changed": True, "release": release, "guarded": True, "summary": summary}
        try:
            if release and progress.staged:
                call.deployment(release).rollback_for_run(call.params["rollback_timeout"])
            if release and progress.settled:
                # It was cut off between the confirmation and this.
                call.guard.disarm()
            call.store.sweep()
        finally:
            call.lease.release()
        what = "stays as it is" if release and (progress.touched or progress.settled) else "is given back"
        summary = [f"release {release} {what}" if release else "nothing was touched"]
    return {"changed": True, "release": release, "guarded": False, "summary": summary}
