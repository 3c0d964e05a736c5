# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever stands in a file that a host keeps, it is read as what it says, or it is named; nothing else comes of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.slipway.compose.plugins.module_utils.coordination import guard, lease
from ansible_collections.slipway.compose.plugins.module_utils.coordination.guard import GuardTask
from ansible_collections.slipway.compose.plugins.module_utils.coordination.held_lease import StackLease
from ansible_collections.slipway.compose.plugins.module_utils.coordination.lease import Lease
from ansible_collections.slipway.compose.plugins.module_utils.coordination.lock import StackLock
from ansible_collections.slipway.compose.plugins.module_utils.core.boot_time import BootTime
from ansible_collections.slipway.compose.plugins.module_utils.core.findings import SlipwayError
from ansible_collections.slipway.compose.plugins.module_utils.host import rollback_target
from ansible_collections.slipway.compose.plugins.module_utils.release import journal
from ansible_collections.slipway.compose.plugins.module_utils.release.documents import DOCUMENTS
from ansible_collections.slipway.compose.plugins.module_utils.release.journal import JournalEntry
from ansible_collections.slipway.compose.plugins.module_utils.release.store import ReleaseStore
from ansible_collections.slipway.compose.plugins.module_utils.stack.gate_settings import GateSettings
from ansible_collections.slipway.compose.plugins.module_utils.stack.hooks import POST_DEPLOY, Hook, HookSettings
from tests.support.records import RECORD, SNAPSHOT

CHECK = {"name": "front", "type": "http", "url": "http://127.0.0.1/", "headers": {"A": "b"}, "retries": 3}
AT = BootTime("boot", 1.0, 2.0)
ENTRY = JournalEntry("2026-11-22T10:00:00Z", "run-1", RECORD.id, journal.CONFIRMED, "a reason")
#: A whole file of each kind.
WHOLE: dict[str, Any] = {
    "release.json": json.loads(RECORD.to_json()),
    "snapshot.json": SNAPSHOT,
    "gate.json": GateSettings((CHECK,)).as_dict(),
    "hooks.json": HookSettings((Hook(POST_DEPLOY, "smoke", ("true",)),)).as_dict(),
    "environment.json": {"TOKEN": "secret"},
    "confirmed.json": {"config_hashes": {"web": "e" * 64}},
    "gate_passed.json": {"containers": {"c" * 64: "2026-11-22T10:00:00Z"}},
    "images.lock.yaml": {"services": {"web": {"image": f"web@sha256:{'0' * 64}"}}},
    "lease.json": asdict(Lease("run-1", "ada", "", ENTRY.at, lease.STARTED, 900.0, AT)),
    "guard.json": asdict(GuardTask("abc", "run-1", RECORD.id, 900.0, AT, 60.0)),
    "lock": {"pid": 1, "began": "1", "run": "run-1"},
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(), below, max_size=3),
    max_leaves=6,
)


@st.composite
def damaged(draw: st.DrawFn, name: str) -> bytes:
    """A file with one value in it changed, cut, with other bytes in it, or with any bytes at all."""
    document = json.loads(json.dumps(WHOLE[name]))
    how = draw(st.sampled_from(("value", "cut", "bytes", "any")))
    if how == "any":
        return draw(st.binary(max_size=40))
    if how == "value":
        place = document
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            key = draw(st.sampled_from(keys))
            if not isinstance(place[key], (dict, list)) or not place[key] or draw(st.booleans()):
                break
            place = place[key]
        place[key] = draw(JSON)
    text = bytearray(json.dumps(document).encode())
    if how == "cut":
        return bytes(text[: draw(st.integers(0, len(text)))])
    if how == "bytes":
        at = draw(st.integers(0, len(text)))
        text[at : at + draw(st.integers(0, 8))] = draw(st.binary(max_size=8))
    return bytes(text)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> ReleaseStore:
    made = ReleaseStore(str(tmp_path_factory.mktemp("root")), "shop", "run-1")
    made.make()
    made.release_folder(RECORD.id).mkdir()
    return made


def read_release(store: ReleaseStore) -> list[object]:
    record, folder = RECORD, store.folder_of(RECORD.id)
    found: list[object] = list(rollback_target.damage_findings(store, record))
    for of in ("record", "snapshot", "gate", "hooks", "environment", "config_hashes", "gate_passed"):
        found.append(getattr(folder, of))  # noqa: PERF401 - one may raise
    return [*found, store.sealed(record)]


def read_stack(store: ReleaseStore) -> list[object]:
    held = StackLease(store, 900.0).held()
    assert held is not None
    told = lease.sentence(held, AT), lease.decide(held, "run-2", AT)
    return [*told, StackLock(store.folder, "run-2", 0.0).holder(), guard.read_task(store.folder)]


@settings(derandomize=True, max_examples=400, deadline=None)
@given(data=st.data())
def test_anything_in_a_file_gives_a_value_or_findings(store: ReleaseStore, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(WHOLE)))
    of_release = name in DOCUMENTS or name == "images.lock.yaml"
    read: Callable[[ReleaseStore], list[object]] = read_release if of_release else read_stack
    for other, whole in WHOLE.items():
        folder = store.release_folder(RECORD.id) if other in DOCUMENTS or other == "images.lock.yaml" else store.folder
        (folder / other).write_text(json.dumps(whole))
    path = (store.release_folder(RECORD.id) if of_release else store.folder) / name
    path.write_bytes(data.draw(damaged(name)))
    named = ""
    try:
        assert read(store)
    except SlipwayError as error:
        named = str(error)
    assert not named or str(path) in named


@settings(derandomize=True, max_examples=200, deadline=None)
@given(noise=st.binary(max_size=60), at=st.integers(0, 400), cut=st.integers(0, 20))
def test_any_bytes_in_a_journal_hide_no_other_line(store: ReleaseStore, noise: bytes, at: int, cut: int) -> None:
    lines = [ENTRY.line().encode()] * 3
    middle = lines[1][:at] + noise + lines[1][at + cut :]
    (store.folder / "journal.jsonl").write_bytes(lines[0] + middle + lines[2])
    entries = store.entries()
    assert entries[0] == ENTRY
    whole = b"".join(lines) == lines[0] + middle + lines[2]
    assert len(entries) >= (3 if whole else 1)
    for finding in store.journal_findings():
        assert finding.thing.endswith(f"of {store.folder}/journal.jsonl")


@pytest.mark.parametrize("end", range(len(ENTRY.line()) - 2))
def test_a_line_that_a_crash_has_cut_is_no_damage_and_one_that_was_changed_is(end: int) -> None:
    line = ENTRY.line()
    assert journal.damaged_lines(line + line[:end] + "\n" + line) == []
    assert journal.damaged_lines(line + line[:end] + "\0" * 7 + "\n" + line) == []
    changed = f"{line[:end]}\x00{line[end + 1 :]}"
    assert journal.damaged_lines(line + changed + line) == [2]
