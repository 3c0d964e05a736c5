# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the guard does when its time has come (I/O)."""

from __future__ import annotations

from pathlib import Path

from ..coordination.guard import Guard, GuardTask, task_or
from ..coordination.held_lease import StackLease
from ..coordination.lock import StackLock
from ..core.findings import Finding, SlipwayError
from ..core.host_clock import boot_time
from ..engine.client import Engine
from ..gate.report import StartFailedError
from ..release.store import ReleaseStore
from .deployment import Deployment
from .host import Host

#: Tells in the journal who took the release back.
DETAIL = "by the guard"
AFTER_A_BOOT = "by the guard, after a restart of the host"


def stand_in(root: str, stack: str, task: GuardTask, lock_wait_s: float) -> bool:
    """Settle the release, unless that was done or put off meanwhile.

    Returns:
        Whether the guard's work is done.

    Raises:
        SlipwayError: the engine does not answer, the lock cannot be had, or the way back failed.
    """
    engine = Engine()
    same_boot = boot_time().boot == task.renewed.boot
    store = ReleaseStore(root, stack, task.run, DETAIL if same_boot else AFTER_A_BOOT)
    with StackLock(Path(root) / stack, task.run, lock_wait_s):
        found = task_or(store.folder, task)
        if found is None or found.token != task.token:
            return True
        if found.left_s(boot_time()) > 0:
            return False
        guard = Guard(store, "", task.lasts_s, task.rollback_timeout_s)
        host = Host(store, engine, StackLease(store, task.lasts_s), guard)
        try:
            _settle(Deployment(host, task.release), task.rollback_timeout_s)
        except Exception:
            if task_or(store.folder, task) is not None:
                # An engine that went away meanwhile was the reason; it may come back, and this guard waits for it.
                Engine()
            _retire(host)
            raise
        _retire(host)
    return True


def _settle(deployment: Deployment, timeout_s: float) -> None:
    try:
        deployment.recover(timeout_s)
    except StartFailedError as error:
        seen = error.report.message()
        remedy = "Run scripts/status.sh, and see to this host."
        raise SlipwayError([Finding(error.subject, "to stand after the way back", seen, remedy)]) from error


def _retire(host: Host) -> None:
    """End the guard's work: whatever became of it, nobody is to be surprised by a second try."""
    host.guard.disarm()
    host.lease.release()
