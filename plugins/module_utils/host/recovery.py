# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settles what an earlier run left unfinished on this host (I/O)."""

from __future__ import annotations

from ..hooks.hook_containers import remove_hook_containers
from ..release import journal
from ..release.pruning import forget
from .host import Host
from .machine.facts import raise_all


def recover(host: Host, timeout_s: float, *, again: bool) -> list[str]:
    """Settle what earlier runs left: confirm what was about to be, take back what was started, remove what was staged.

    The caller has the lock and the lease, so none of those runs is at work any more.

    Args:
        host: the host.
        timeout_s: seconds that the containers may take to go back.
        again: whether to go back once more where that has failed before.

    Returns:
        What was done, in words; nothing if there was nothing to do.

    Raises:
        SlipwayError: the way back failed, or the journal is damaged.
        StartFailedError: what ran before does not pass its gate.
    """
    done = []
    store, engine = host.store, host.engine
    # A line that nobody can read may be the one that says that a release was confirmed.
    raise_all(store.journal_findings())
    remove_hook_containers(engine, store.stack)
    release = journal.unfinished(store.entries())
    if release is not None and release in store.kept():
        done.append(_settle(host, release, timeout_s, again=again))
    host.guard.disarm()
    store.sweep()
    entries = store.entries()
    prepared = [one for one, event in journal.states(entries).items() if event == journal.PREPARED]
    kept = set(store.kept())
    done += [_settle(host, one, timeout_s, again=True) for one in prepared if one in kept]
    # A run that died while it pulled left a folder of which the journal does not know yet.
    for unknown in sorted(kept - {entry.release for entry in entries}):
        forget(store, engine, unknown)
    return [text for text in done if text]


def _settle(host: Host, release: str, timeout_s: float, *, again: bool) -> str:
    from .deployment import Deployment

    return Deployment(host, release).recover(timeout_s, again=again)
