# SPDX-License-Identifier: GPL-3.0-or-later
"""A release whose files cannot be put into place, there or back, is found while a host is prepared."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.coordination.guard import Guard
from ansible_collections.slipway.compose.plugins.module_utils.coordination.held_lease import StackLease
from ansible_collections.slipway.compose.plugins.module_utils.core.findings import SlipwayError
from ansible_collections.slipway.compose.plugins.module_utils.engine.client import Engine
from ansible_collections.slipway.compose.plugins.module_utils.engine.containers import Snapshot
from ansible_collections.slipway.compose.plugins.module_utils.host import look, rollback_target
from ansible_collections.slipway.compose.plugins.module_utils.host.host import Host
from ansible_collections.slipway.compose.plugins.module_utils.release import journal
from ansible_collections.slipway.compose.plugins.module_utils.release.record import ReleaseFile, ReleaseRecord
from ansible_collections.slipway.compose.plugins.module_utils.release.store import ReleaseStore
from tests.support.records import RECORD

OLD, LEFT, NEW = "20261122T210000Z-1.0", "20261122T220000Z-1.1", "20261122T230000Z-1.2"
ENGINE = Engine(at_once=False)


def file(path: str) -> ReleaseFile:
    return ReleaseFile(path, executable=False, sha256="0" * 64)


def record(release: str, *paths: str) -> ReleaseRecord:
    version = release.partition("-")[2]
    files = tuple(file(path) for path in paths)
    return replace(RECORD, id=release, version=version, compose_files=("compose.yaml",), files=files)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ReleaseStore:
    """A host that runs OLD; LEFT was begun after it, and its way back failed."""
    made = ReleaseStore(str(tmp_path), "shop", "run-1")
    made.make()
    for one in (record(OLD, "compose.yaml"), record(LEFT, "compose.yaml", ".env")):
        made.release_folder(one.id).mkdir()
        made.write(one.id, "release.json", one.to_json())
    made.set_current(OLD)
    for release, event in (
        (OLD, journal.CONFIRMED), (LEFT, journal.STARTING), (LEFT, journal.ROLLBACK_FAILED), (LEFT, journal.LEFT),
    ):  # fmt: skip
        made.note(release, event)
    # What Compose and the engine say of OLD is proved elsewhere.
    monkeypatch.setattr(rollback_target, "prove_release", lambda *_arguments: [])
    return made


def snapshot() -> Snapshot:
    return Snapshot("shop", "2026-11-22T23:00:00Z", OLD, (), (), {})


def host(store: ReleaseStore) -> Host:
    return Host(store, ENGINE, StackLease(store, 60.0), Guard(store, "", 60.0, 60.0))


def test_the_way_back_removes_what_a_release_that_never_settled_has_left(store: ReleaseStore) -> None:
    new = record(NEW, "compose.yaml", "new.conf")
    way = look.proved_way_back(host(store), new, snapshot(), [])
    assert way.to is not None
    assert way.to.id == OLD
    assert {one.path for one in way.undone_files} == {"compose.yaml", "new.conf", ".env"}
    assert look.files_to_change(store, new.files, way) == (".env", "compose.yaml", "new.conf")


@pytest.mark.parametrize(("of", "others"), [(NEW, OLD), (OLD, NEW)])
def test_a_file_that_cannot_be_put_into_place_is_found(store: ReleaseStore, of: str, others: str) -> None:
    too_long = "n" * 256
    records = {of: record(of, "compose.yaml", too_long), others: record(others, "compose.yaml")}
    store.write(OLD, "release.json", records[OLD].to_json())
    with pytest.raises(SlipwayError) as caught:
        look.proved_way_back(host(store), records[NEW], snapshot(), [])
    (finding,) = caught.value.findings
    assert finding.thing == f"file {store.project / too_long}"
    assert list(store.project.iterdir()) == []


def test_a_way_back_by_hand_passes_by_what_was_taken_back_after_it_was_confirmed(store: ReleaseStore) -> None:
    # Other hosts confirmed LEFT no more, so that the fleet took it back here, too.
    for release, event in ((LEFT, journal.CONFIRMED), (LEFT, journal.ROLLING_BACK), (LEFT, journal.ROLLED_BACK)):
        store.note(release, event)
    store.release_folder(NEW).mkdir()
    store.note(NEW, journal.CONFIRMED)
    store.set_current(NEW)
    assert look.previous_release(store) == OLD
    store.set_current(OLD)
    with pytest.raises(SlipwayError, match="a confirmed release from before"):
        look.previous_release(store)
