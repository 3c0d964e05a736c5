# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes, checks and gives back the lease of a stack on this host (I/O)."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from ..core.boot_time import BootTime
from ..core.findings import Finding, SlipwayError
from ..core.host_clock import boot_time
from ..release import journal
from ..release.store import ReleaseStore, now
from . import lease
from .lease import Lease
from .lock import StackLock

FILE = "lease.json"
#: Stands for the run of a lease that cannot be read.
UNREADABLE = "unreadable"
#: Seconds to wait for a run that was overtaken to give back what it has prepared.
_OVERTAKEN_S = 30.0
_INTERVAL_S = 0.25
#: How often to see, during a long pull, whether another run has overtaken this one.
_LIVE_INTERVAL_S = 1.0
#: Seconds to wait for another command on the stack, where that is not a way back.
LOCK_WAIT_S = 10.0


class StackLease:
    """The lease of one stack on this host, as one run sees it."""

    def __init__(self, store: ReleaseStore, lasts_s: float, owner: str = "", run_url: str = "", host: str = "") -> None:
        """Read nothing yet.

        Args:
            store: the stack's folder, and the run.
            lasts_s: seconds that the lease lasts after its last renewal.
            owner: who started the run.
            run_url: where to look at the run.
            host: what the run calls this machine, "" if that does not matter.
        """
        self._store = store
        self._looked_at = time.monotonic()
        self._mine = Lease(store.run, owner, run_url, now(), lease.PREPARING, lasts_s, boot_time(), host=host)

    def held(self) -> Lease | None:
        """Return the lease that somebody holds, ended or not; None if nobody does."""
        text = self._store.read_text(FILE)
        if text is None:
            return None
        known = lease.parse(text[0])
        if known is not None:
            return known
        # Somebody held it, and nobody can say who: it lasts as long as mine would have, from its last change.
        at, changed = boot_time(), text[1]
        renewed = BootTime(at.boot, at.ticks - (at.epoch - changed), changed)
        return replace(self._mine, run=UNREADABLE, owner="", run_url="", phase=lease.STARTED, renewed=renewed)

    def acquire(self, wait_s: float = 0.0) -> Lease | None:
        """Take the lease.

        Args:
            wait_s: seconds to wait for another run to give it back.

        Returns:
            The lease of another run that this one took over, if there was one: it has ended, or `decide` said so.

        Raises:
            SlipwayError: another run holds it, or this one does for the same machine under another name.
        """
        began = time.monotonic()
        while True:
            held, at = self.held(), boot_time()
            decision = lease.decide(held, self._store.run, at)
            # The run that holds the lease may have the lock for long; who has to wait anyway does not ask for it.
            if decision == lease.TAKE:
                with self.locked(max(LOCK_WAIT_S, wait_s - (time.monotonic() - began))):
                    held, at = self.held(), boot_time()
                    decision = lease.decide(held, self._store.run, at)
                    if decision == lease.TAKE:
                        self._assert_no_twin(held)
                        self._write(lease.PREPARING)
                        return held if held is not None and held.run != self._store.run else None
            longest_s = max(wait_s, _OVERTAKEN_S if decision == lease.WAIT else 0.0)
            if held is not None and time.monotonic() - began >= longest_s:
                raise SlipwayError([lease.refusal(self._store.stack, held, at)])
            time.sleep(_INTERVAL_S)

    def _assert_no_twin(self, held: Lease | None) -> None:
        """See that this run does not work on the machine under another name already."""
        mine = held is not None and held.run == self._store.run
        finding = lease.twin_finding(held, self._mine.host) if held is not None and mine else None
        if finding:
            raise SlipwayError([finding])

    def locked(self, wait_s: float = LOCK_WAIT_S) -> StackLock:
        """Return the stack's lock for this run."""
        return StackLock(self._store.folder, self._store.run, wait_s)

    def assert_not_taken(self) -> None:
        """See that no other run holds the lease.

        Raises:
            SlipwayError: another run does.
        """
        held, at = self.held(), boot_time()
        if held is not None and held.run != self._store.run and held.left_s(at) > 0:
            raise SlipwayError([lease.refusal(self._store.stack, held, at)])

    def renew_or_acquire(self, phase: str) -> None:
        """Renew the lease, or take it if nobody holds it, under the lock.

        Raises:
            SlipwayError: another run holds it.
        """
        self.assert_not_taken()
        self._write(phase)

    def renew(self, phase: str | None = None) -> None:
        """Renew the lease, under the lock; who was told that it ended must not take it again.

        Args:
            phase: how far the run has come, as far as it was before if None.

        Raises:
            SlipwayError: this run has none any more.
        """
        held = self._own()
        self._write(phase or held.phase)

    def heartbeat(self) -> None:
        """Keep the lease through something long; called as often as one likes.

        Raises:
            SlipwayError: another run has overtaken this one, or its lease was ended.
        """
        if time.monotonic() - self._looked_at < _LIVE_INTERVAL_S:
            return
        self._looked_at = time.monotonic()
        held = self.held()
        if held is None or held.run != self._store.run or held.left_s(boot_time()) < self._mine.lasts_s * 2 / 3:
            with self.locked():
                self.renew()

    def pause(self, wait_s: float, *, withdraw: bool = False) -> Lease:
        """Wait for somebody to continue the run.

        Args:
            wait_s: the longest time to wait.
            withdraw: whether the run does not wait any longer after this.

        Returns:
            The lease as it is then; it says whether the run goes on, and because of whom.

        Raises:
            SlipwayError: this run has no lease any more.
        """
        with self.locked():
            self.renew()
            held = self._own()
            if not held.paused_at:
                held = self._rewrite(held, paused_at=now())
        until = time.monotonic() + wait_s
        while not held.continued_by and time.monotonic() < until:
            time.sleep(_INTERVAL_S)
            held = self._own()
        if not held.continued_by and not withdraw:
            return held
        with self.locked():
            # Somebody may have continued it in this very moment, or have taken that back.
            held = self._own()
            if not held.continued_by:
                return self._rewrite(held, paused_at="") if withdraw else held
            if not held.goes_on:
                release = journal.last_of_run(self._store.entries(), held.run) or ""
                self._store.note(release, journal.CONTINUED, f"by {held.continued_by}")
            return self._rewrite(held, goes_on=True)

    def resume(self, by: str, wait_s: float) -> bool:
        """Continue the run if it is paused here.

        Args:
            by: who continues it.
            wait_s: the longest time to wait for it to go on.

        Returns:
            Whether it was paused.

        Raises:
            SlipwayError: it does not go on; then it will not later, either.
        """
        with self.locked():
            held = self.held()
            if held is None or held.run != self._store.run or not held.pauses(boot_time()):
                return False
            self._rewrite(held, continued_by=by)
        until = time.monotonic() + wait_s
        while time.monotonic() < until:
            held = self.held()
            if held is None or held.run != self._store.run or held.goes_on:
                break
            time.sleep(_INTERVAL_S)
        with self.locked():
            held = self.held()
            if held is not None and held.run == self._store.run:
                if held.goes_on:
                    return True
                self._rewrite(held, continued_by="")
        remedy = "See whether it lives. If it is dead, its guards take everything back by themselves."
        expected = f"to go on within {wait_s:g} s"
        raise SlipwayError([Finding(f"run {self._store.run}", expected, "no sign of it", remedy)])

    def is_held(self) -> bool:
        """Tell whether this run holds the lease."""
        held = self.held()
        return held is not None and held.run == self._store.run

    def release(self) -> None:
        """Give the lease back, if this run holds it; under the lock."""
        if self.is_held():
            self._store.remove_file(FILE)

    def _own(self) -> Lease:
        """Return the lease of this run.

        Raises:
            SlipwayError: it has none any more.
        """
        held = self.held()
        if held is not None and held.run == self._store.run:
            return held
        self.assert_not_taken()
        expected, remedy = f"the lease of run {self._store.run}", "Begin again."
        raise SlipwayError([Finding(f"lease of stack {self._store.stack}", expected, "none", remedy)])

    def _rewrite(self, held: Lease, **changes: Any) -> Lease:
        """Write what else a lease says now, under the lock; it lasts no longer for that."""
        changed = replace(held, **changes)
        self._store.write_file(FILE, changed.as_dict())
        return changed

    def _write(self, phase: str) -> None:
        held = self.held()
        known = held if held is not None and held.run == self._store.run else self._mine
        host = known.host or self._mine.host
        document = replace(known, phase=phase, lasts_s=self._mine.lasts_s, renewed=boot_time(), host=host)
        self._store.write_file(FILE, document.as_dict())
