# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a release has come on this host, as the journal says (I/O: reads the stack's folder)."""

from __future__ import annotations

from contextlib import suppress

from ..core.findings import SlipwayError
from . import journal
from .folder import ReleaseSnapshot
from .record import ReleaseFile
from .store import ReleaseStore


def files_left(store: ReleaseStore, release: str) -> tuple[ReleaseFile, ...]:
    """Return the files that other releases than this one may have left in the project folder, as they never settled."""
    files: list[ReleaseFile] = []
    for other in journal.left_in_place(store.entries()):
        # One whose record is damaged or gone must not keep the host from being mended.
        with suppress(SlipwayError):
            files += store.folder_of(other).record.files if other != release else ()
    return tuple(files)


class ReleaseProgress:
    """One release on one host."""

    def __init__(self, store: ReleaseStore, release: str) -> None:
        """Read nothing yet."""
        self.store = store
        self.release = release
        self.folder = store.folder_of(release)

    @property
    def last_event(self) -> str | None:
        """Return what was last written about the release."""
        return journal.states(self.store.entries()).get(self.release)

    @property
    def settled(self) -> bool:
        """Tell whether the release is the current one and nothing about it is under way."""
        return self.store.current() == self.release and self.last_event == journal.CONFIRMED

    @property
    def staged(self) -> bool:
        """Tell whether the release is prepared and nothing more."""
        return self.last_event == journal.PREPARED

    @property
    def touched(self) -> bool:
        """Tell whether this run started the release, and nobody has taken it back or started anything since."""
        last = journal.last_start(self.store.entries())
        mine = last is not None and (last.release, last.run) == (self.release, self.store.run)
        return mine and self.last_event not in (None, journal.ROLLED_BACK, journal.PREPARED)

    @property
    def started_here(self) -> bool:
        """Tell whether this run started the release, whatever has become of it since."""
        mine = (journal.STARTING, self.release, self.store.run)
        return any((one.event, one.release, one.run) == mine for one in self.store.entries())

    @property
    def superseded_by(self) -> journal.JournalEntry | None:
        """Return what another run started after this one had started the release, None if nothing."""
        last = journal.last_start(self.store.entries())
        return last if self.started_here and last is not None and last.run != self.store.run else None

    @property
    def reversible(self) -> bool:
        """Tell whether what ran before can live with the data that the release leaves."""
        before = self.known_before
        if before is None:
            return self.folder.record.reversible
        return before.is_empty or (self.folder.record.reversible and not before.irreversible)

    @property
    def known_before(self) -> ReleaseSnapshot | None:
        """Return what ran before the release, None if the snapshot is damaged.

        For what must go on all the same: `rollback.sh` takes the host back without that file.
        """
        try:
            return self.folder.snapshot
        except SlipwayError:
            return None

    @property
    def goal(self) -> str:
        """Return what the way back leads to, in words."""
        return (self.known_before or ReleaseSnapshot()).goal
