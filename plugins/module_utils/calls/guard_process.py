# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guard's process: waits, and takes the release back unless it was confirmed in time (I/O).

Started by `guard.Guard.arm` as `python3 -m …guard_process ROOT STACK TOKEN`, and by the same command after a boot.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

from ..coordination.guard import GuardTask, read_task, sign_in
from ..core.findings import SlipwayError
from ..core.host_clock import boot_time

#: time.sleep() does not count the time in which a host is suspended, so it is asked now and then.
_LONGEST_SLEEP_S = 60.0
#: An engine that is down may come up again, and whoever has the lock may end; so often does the guard try, at first
#: and later on. It never gives up: nobody else is there to take the release back.
_RETRY_S = 5.0
_LONGEST_RETRY_S = 20.0
_LOCK_WAIT_S = 3600.0
#: Seconds until it acts, and that the containers may take to go back, where no file says it: those of the role.
_UNKNOWN_S, _UNKNOWN_ROLLBACK_S = 900.0, 300.0


def main(argv: Sequence[str]) -> None:
    """Guard one release of one stack."""
    root, stack, token = argv
    folder = Path(root) / stack
    known = _task(folder, token)
    if known is None:
        # Another one was armed since; who signs in now would take its place in the list.
        return
    sign_in(folder)
    while (task := _task(folder, token, known)) is not None:
        known = task
        left = task.left_s(boot_time())
        if left > 0:
            time.sleep(min(left, _LONGEST_SLEEP_S))
        elif _act(root, stack, task):
            return


def _task(folder: Path, token: str, known: GuardTask | None = None) -> GuardTask | None:
    """Return the task, what was known of it if the file that says it is damaged, None if it is not wanted any more."""
    try:
        task = read_task(folder)
    except SlipwayError as error:
        _log(str(error))
        return known or _recalled(folder, token)
    return task if task is not None and task.token == token else None


def _recalled(folder: Path, token: str) -> GuardTask | None:
    """Return the task as far as the journal tells it: to take back what was last started, and not settled."""
    from ..release import journal
    from ..release.store import ReleaseStore

    entries = ReleaseStore(str(folder.parent), folder.name).entries()
    start = journal.last_start(entries)
    if start is None or journal.unfinished(entries) != start.release:
        return None
    return GuardTask(token, start.run, start.release, _UNKNOWN_S, boot_time(), _UNKNOWN_ROLLBACK_S)


def _act(root: str, stack: str, task: GuardTask) -> bool:
    """Take the release back; return whether the guard's work is done."""
    # Most guards are disarmed while they sleep, and these imports cost more than all else that they do.
    from ..host.guard_duty import stand_in

    pause_s = _RETRY_S
    while True:
        try:
            return stand_in(root, stack, task, _LOCK_WAIT_S)
        except SlipwayError as error:
            _log(str(error))
        if _task(Path(root) / stack, task.token, task) is None:
            # It has tried, and that was the end of it.
            return True
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, _LONGEST_RETRY_S)


def _log(text: str) -> None:
    sys.stderr.write(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
