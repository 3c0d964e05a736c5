# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Removes releases and images that nothing needs any more (I/O)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress

from ..core.findings import SlipwayError
from ..engine.client import Engine
from . import journal
from .store import ReleaseStore

_LONGEST_STACK_IN_TAG = 40


def forget(store: ReleaseStore, engine: Engine, release: str, names: Mapping[str, str] | None = None) -> None:
    """Remove a release's folder, and its images where nothing else names or uses them.

    Args:
        store: the stack's folder.
        engine: the engine with the images.
        release: the release.
        names: the name that keeps each image; what its record says if None.
    """
    # What is to go must not keep the host from its work because the engine does not answer.
    with suppress(SlipwayError):
        for image, name in (_names(store, engine, release) if names is None else names).items():
            engine.images.let_go(image, name)
    store.remove(release)


def prune(store: ReleaseStore, engine: Engine, keep: int, *, check_mode: bool = False) -> list[str]:
    """Remove the releases that nothing needs any more, and return their IDs.

    Kept are the current release, the one that its way back leads to, the one before it, the newest confirmed ones up
    to the number, and what is newer than the current one.

    Args:
        store: the stack's folder.
        engine: the engine with their images.
        keep: how many releases to keep that were confirmed and not taken back, the current one among them; at least 2,
            so that there is a way back.
        check_mode: only say which would go.

    Raises:
        SlipwayError: where the way back of the current release leads cannot be read, so nothing may go.
    """
    current = store.current()
    if current is None:
        return []
    entries = store.entries()
    before = journal.met_before(entries, current)
    good = [release for release in journal.proven(entries) if release in store.kept()]
    older = [release for release in good if release in before]
    way_back_to = store.folder_of(current).snapshot.to
    kept = {current, way_back_to, *older[-1:], *good[-max(keep, 2) :]}
    pruned = []
    for release in store.kept():
        if release not in kept and (release in before or release in good):
            if not check_mode:
                store.note(release, journal.PRUNED)
                forget(store, engine, release)
            pruned.append(release)
    return pruned


def _names(store: ReleaseStore, engine: Engine, release: str) -> dict[str, str]:
    try:
        record = store.folder_of(release).record
    except SlipwayError:
        # The names themselves tell whose they are.
        return engine.images.named(_kept_name(store.stack, release, "*"))
    return kept_names(record.stack, record.id, list(record.images.values()))


def kept_names(stack: str, release: str, images: Sequence[str]) -> dict[str, str]:
    """Return the local name that keeps each image of a release from being pruned, by image."""
    distinct = sorted(set(images))
    return {image: _kept_name(stack, release, str(number)) for number, image in enumerate(distinct)}


def _kept_name(stack: str, release: str, number: str) -> str:
    short = stack
    if len(stack) > _LONGEST_STACK_IN_TAG:
        short = f"{stack[:30]}-{hashlib.sha256(stack.encode()).hexdigest()[:8]}"
    return f"slipway-kept:{short}.{release[:81]}.{number}"
