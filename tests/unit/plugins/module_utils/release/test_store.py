# SPDX-License-Identifier: GPL-3.0-or-later
"""The stack's folder on a host: what is written there is on the disk, and is read whatever it has become."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.core.findings import SlipwayError
from ansible_collections.slipway.compose.plugins.module_utils.release.record import ReleaseFile
from ansible_collections.slipway.compose.plugins.module_utils.release.store import ReleaseStore, unpack_files
from ansible_collections.slipway.compose.plugins.module_utils.stack.bundle import BundledFile, FileBundle
from ansible_collections.slipway.compose.plugins.module_utils.stack.gate_settings import GateSettings
from tests.support.records import RECORD as A_RECORD

RELEASE = "20261122T220000Z-1.1"
FILES = (
    BundledFile("compose.yaml", executable=False, content=b"services: {}\n"),
    BundledFile("a/b/start", executable=True, content=b"#!/bin/sh\n"),
)
BUNDLE = FileBundle(FILES, {"A": "1"}, ("compose.yaml",))
IMAGE = f"web@sha256:{'0' * 64}"
LOCK = json.dumps({"services": {"web": {"image": IMAGE, "labels": {"io.slipway.files-hash": "1" * 64}}}})
RECORD = replace(
    A_RECORD,
    id=RELEASE,
    version="1.1",
    content_sha256=BUNDLE.content_sha256,
    compose_files=BUNDLE.compose_files,
    images={"web": IMAGE},
    files=tuple(ReleaseFile(one.path, one.executable, one.sha256) for one in FILES),
)


@pytest.fixture
def store(tmp_path: Path) -> ReleaseStore:
    made = ReleaseStore(str(tmp_path), "shop", "run-1")
    made.make()
    return made


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files and folders that were made durable, by the names that they had then."""
    names: list[str] = []
    fsync = os.fsync

    def told(descriptor: int) -> None:
        names.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", told)
    return names


def stage(store: ReleaseStore) -> Path:
    building = store.building_folder()
    unpack_files(BUNDLE, building / "files")
    store.stage(building, RECORD, BUNDLE, GateSettings().as_dict(), LOCK)
    return building


def test_a_staged_release_is_on_the_disk_with_all_its_folders(store: ReleaseStore, synced: list[str]) -> None:
    building = stage(store)
    folders = {str(building / name) for name in ("", "files", "files/a", "files/a/b")}
    assert folders <= set(synced)
    assert synced[-1] == str(store.releases)


def test_the_first_line_of_the_journal_is_on_the_disk_with_its_file(store: ReleaseStore, synced: list[str]) -> None:
    store.note(RELEASE, "prepared")
    assert synced == [str(store.folder / "journal.jsonl"), str(store.folder)]
    store.note(RELEASE, "starting")
    assert synced[2:] == [str(store.folder / "journal.jsonl")]


def test_a_release_is_whole_until_a_file_of_it_changes(store: ReleaseStore) -> None:
    stage(store)
    assert store.damage(RECORD) == []
    path = store.files_folder(RELEASE) / "a" / "b" / "start"
    path.unlink()
    os.mkfifo(path)
    assert store.damage(RECORD) == ["files/a/b/start"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("environment.json", '{"A": "2"}'),
        ("environment.json", "{}"),
        ("images.lock.yaml", ""),
        ("images.lock.yaml", "{}"),
        ("images.lock.yaml", '{"services": {}}'),
        ("images.lock.yaml", LOCK.replace("0" * 64, "1" * 64)),
        ("images.lock.yaml", LOCK.replace('"labels"', '"command"')),
    ],
)
def test_settings_and_images_of_a_release_are_those_that_were_deployed(
    store: ReleaseStore, name: str, content: str
) -> None:
    stage(store)
    store.write(RELEASE, name, content)
    assert store.damage(RECORD) == [name]


def test_what_the_shell_reads_says_what_the_environment_does(store: ReleaseStore) -> None:
    stage(store)
    script = store.release_folder(RELEASE) / "environment.sh"
    whole = script.read_text()
    script.write_text("export A=2\n")
    sealed = dict(store.sealed(RECORD))
    assert script.read_text() == whole
    assert sealed == {
        str(path.relative_to(store.folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (script, store.pins_file(RELEASE), *(store.files_folder(RELEASE) / one.path for one in FILES))
    }


def test_what_differs_from_a_release_is_found_without_waiting_for_anybody(store: ReleaseStore) -> None:
    stage(store)
    assert store.activate(RECORD.files, RELEASE, ()).changed == ["a/b/start", "compose.yaml"]
    assert store.drift(RECORD.files) == []
    (store.project / "a" / "b" / "start").chmod(0o644)
    (store.project / "compose.yaml").unlink()
    os.mkfifo(store.project / "compose.yaml")
    assert store.drift(RECORD.files) == ["compose.yaml", "a/b/start"]
    assert store.activate(RECORD.files, RELEASE, ()).changed == ["a/b/start", "compose.yaml"]
    assert store.drift(RECORD.files) == []


@pytest.mark.parametrize("path", ["n" * 256, "compose.yaml/below"])
def test_a_name_that_the_file_system_cannot_take_is_a_finding(store: ReleaseStore, path: str) -> None:
    odd = BundledFile(path, executable=False, content=b"")
    with pytest.raises(SlipwayError) as caught:
        unpack_files(FileBundle((FILES[0], odd), {}, ()), store.building_folder() / "files")
    assert [finding.thing for finding in caught.value.findings] == [f"file {path}"]


def test_a_name_that_is_no_utf8_is_a_name(store: ReleaseStore) -> None:
    (store.releases / RELEASE).mkdir()
    path = store.write(RELEASE, "rollback.sh", "rm '\udcff'")
    assert path.read_bytes() == b"rm '\xff'"


def test_what_an_interrupted_command_has_left_is_swept_away(store: ReleaseStore) -> None:
    (store.folder / ".placing-a1b2c3").touch()
    store.building_folder()
    store.sweep()
    assert not list(store.folder.glob(".placing*"))
    assert not list(store.releases.iterdir())
