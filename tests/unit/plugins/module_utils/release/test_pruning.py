# SPDX-License-Identifier: GPL-3.0-or-later
"""Which releases go when one is confirmed, and that a damaged one is no obstacle to that."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.core.findings import SlipwayError
from ansible_collections.slipway.compose.plugins.module_utils.engine.client import Engine
from ansible_collections.slipway.compose.plugins.module_utils.release import journal
from ansible_collections.slipway.compose.plugins.module_utils.release.pruning import prune
from ansible_collections.slipway.compose.plugins.module_utils.release.store import ReleaseStore
from tests.support.records import RECORD, SNAPSHOT

#: Releases without images: the engine is not asked.
ENGINE = object.__new__(Engine)
RELEASES = [f"2026112{day}T100000Z-1.{day}" for day in range(8)]


@pytest.fixture
def store(tmp_path: Path) -> ReleaseStore:
    """Eight confirmed releases, the last of them current."""
    made = ReleaseStore(str(tmp_path), "shop", "run")
    made.make()
    for release in RELEASES:
        record = replace(RECORD, id=release, version=release.partition("-")[2])
        made.release_folder(release).mkdir()
        made.write(release, "release.json", record.to_json())
        made.write_json(release, "snapshot.json", SNAPSHOT)
        made.note(release, journal.CONFIRMED)
    made.set_current(RELEASES[-1])
    return made


@pytest.mark.parametrize(("keep", "kept"), [(1, 2), (2, 2), (5, 5), (8, 8), (100, 8)])
def test_the_newest_stay(store: ReleaseStore, keep: int, kept: int) -> None:
    assert prune(store, ENGINE, keep, check_mode=True) == RELEASES[: 8 - kept]
    assert store.kept() == RELEASES
    assert prune(store, ENGINE, keep) == RELEASES[: 8 - kept]
    assert store.kept() == RELEASES[8 - kept :]
    assert prune(store, ENGINE, keep) == []


def test_what_the_way_back_needs_and_what_is_newer_stay(store: ReleaseStore) -> None:
    store.set_current(RELEASES[4])
    store.write_json(RELEASES[4], "snapshot.json", {**SNAPSHOT, "to": RELEASES[1]})
    newer = "20261129T100000Z-2.0"
    store.release_folder(newer).mkdir()
    assert prune(store, ENGINE, 2) == [RELEASES[0], RELEASES[2], RELEASES[5]]
    assert store.kept() == [RELEASES[1], RELEASES[3], RELEASES[4], RELEASES[6], RELEASES[7], newer]


def test_nothing_goes_while_nobody_knows_what_the_way_back_needs(store: ReleaseStore) -> None:
    store.write(RELEASES[-1], "snapshot.json", "{")
    with pytest.raises(SlipwayError, match=r"snapshot\.json"):
        prune(store, ENGINE, 2)
    assert store.kept() == RELEASES


@pytest.mark.parametrize("damage", ["", "{", "[]", "{}", None])
def test_a_damaged_one_goes_like_any_other(store: ReleaseStore, damage: str | None) -> None:
    path = store.release_folder(RELEASES[0]) / "release.json"
    if damage is None:
        path.unlink()
    else:
        path.write_text(damage)
    let_go: list[tuple[str, str]] = []
    images = SimpleNamespace(named=lambda name: {f"image of {name}": name}, let_go=lambda *both: let_go.append(both))
    engine: Any = SimpleNamespace(images=images)
    assert prune(store, engine, 7) == [RELEASES[0]]
    # Its images, too, although its record does not name them any more.
    name = f"slipway-kept:shop.{RELEASES[0]}.*"
    assert let_go == [(f"image of {name}", name)]
    assert store.kept() == RELEASES[1:]
    assert store.entries()[-1].event == journal.PRUNED


def test_what_was_taken_back_after_it_was_confirmed_is_no_release_to_keep(store: ReleaseStore) -> None:
    store.note(RELEASES[6], journal.ROLLING_BACK)
    store.note(RELEASES[6], journal.ROLLED_BACK)
    prune(store, ENGINE, 2)
    assert store.kept() == [RELEASES[5], RELEASES[7]]
