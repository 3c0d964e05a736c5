# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settles what an earlier run left unfinished on this host (I/O)."""

from __future__ import annotations

from ..coordination.guard import Guard
from ..engine.client import Engine
from ..hooks.hook_containers import remove_hook_containers
from ..release import journal
from ..release.pruning import forget
from ..release.store import ReleaseStore


def recover(store: ReleaseStore, engine: Engine, guard: Guard, timeout_s: float, *, again: bool) -> list[str]:
    """Settle what earlier runs left: confirm what was about to be, take back what was started, remove what was staged.

    The caller has the lock and the lease, so none of those runs is at work any more.

    Args:
        store: the stack's folder.
        engine: the engine that the stack runs on.
        guard: the stack's guard, whose work this is.
        timeout_s: seconds that the containers may take to go back.
        again: whether to go back once more where that has failed before.

    Returns:
        What was done, in words; nothing if there was nothing to do.

    Raises:
        SlipwayError: the way back failed.
        StartFailedError: what ran before does not pass its gate.
    """
    done = []
    remove_hook_containers(engine, store.stack)
    release = journal.unfinished(store.entries())
    if release is not None and release in store.kept():
        done.append(_settle(store, engine, release, guard, timeout_s, again=again))
    guard.disarm()
    store.sweep()
    entries = store.entries()
    prepared = [one for one, event in journal.states(entries).items() if event == journal.PREPARED]
    kept = set(store.kept())
    done += [_settle(store, engine, one, guard, timeout_s, again=True) for one in prepared if one in kept]
    # A run that died while it pulled left a folder of which the journal does not know yet.
    for unknown in sorted(kept - {entry.release for entry in entries}):
        forget(store, engine, unknown)
    return [text for text in done if text]


def _settle(  # noqa: PLR0913 - as for recover, and the release
    store: ReleaseStore, engine: Engine, release: str, guard: Guard, timeout_s: float, *, again: bool
) -> str:
    from .deployment import Deployment

    return Deployment(store, engine, release, guard).recover(timeout_s, again=again)
