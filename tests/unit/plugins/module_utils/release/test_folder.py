# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the files of a release say, and that a damaged one is never taken for an empty one."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.core.findings import SlipwayError
from ansible_collections.slipway.compose.plugins.module_utils.engine.containers import ContainerSnapshot
from ansible_collections.slipway.compose.plugins.module_utils.release.folder import ReleaseFolder, ReleaseSnapshot
from ansible_collections.slipway.compose.plugins.module_utils.stack.gate_settings import GateSettings
from ansible_collections.slipway.compose.plugins.module_utils.stack.hooks import POST_DEPLOY, Hook, HookSettings
from tests.support.records import RECORD, SNAPSHOT

RELEASE = RECORD.id
WEB = ContainerSnapshot(
    "web", 1, "shop-web-1", "c" * 64, "web:1", f"sha256:{'0' * 64}", "e" * 64, "running", "healthy", 0, "", 0
)
THEN = "2026-11-22T10:00:00.123456789Z"
BEFORE = {**SNAPSHOT, "containers": [asdict(WEB)], "irreversible": None, "orphans": ["9" * 64]}
GATE = GateSettings.from_dict({"checks": [], "timeout_s": 7})
HOOK = Hook(POST_DEPLOY, "smoke", ("true",))
HOOKS = HookSettings((HOOK,), host="web1", first_host=False)
#: Each file: the property that reads it, what was written, and what each of these keys may not hold.
FILES: dict[str, tuple[str, dict[str, Any], list[dict[str, Any]]]] = {
    "release.json": (
        "record",
        json.loads(RECORD.to_json()),
        [
            {"id": "20261122T100001Z-1.0"},
            {"id": "../20261122T100000Z-1.0"},
            {"stack": "../shop"},
            {"version": "1.1"},
            {"created_at": "yesterday"},
            {"commit": "HEAD"},
            {"plan_sha256": "1"},
            {"content_sha256": "1" * 64 + "\n"},
            {"reversible": 1},
            {"compose_files": ["compose.yaml"]},
            {"images": ["web:1"]},
            {"images": {"web": "-v"}},
            {"files": [{"path": "../a", "executable": False, "sha256": "1" * 64}]},
            {"files": [{"path": "a", "executable": False, "sha256": ""}]},
            {"files": [{"path": "a", "executable": False, "sha256": "1" * 64}] * 2},
            {"services": [{"service": "web", "replicas": -1, "one_shot": False, "image": None}]},
            {"secret_files": "a"},
        ],
    ),
    "snapshot.json": (
        "snapshot",
        BEFORE,
        [
            {"to": 7},
            {"to": "../victim"},
            {"release": []},
            {"goal": {}},
            {"irreversible": True},
            {"orphans": "c0"},
            {"orphans": ["../c0"]},
            {"containers": {}},
            {"containers": ["web"]},
            {"containers": [{}]},
            {"containers": [{**asdict(WEB), "number": "1"}]},
            {"containers": [{**asdict(WEB), "id": "c0"}]},
            {"containers": [{**asdict(WEB), "started_at": "then"}]},
        ],
    ),
    "gate.json": (
        "gate",
        GATE.as_dict(),
        [{"checks": "all"}, {"checks": ["http"]}, {"timeout_s": "long"}, {"timeout_s": -1}, {"log_lines": []}],
    ),
    "hooks.json": (
        "hooks",
        HOOKS.as_dict(),
        [
            {"hooks": {}},
            {"hooks": ["true"]},
            {"hooks": [{}]},
            {"hooks": [{**HOOK.as_dict(), "command": "true"}]},
            {"hooks": [{**HOOK.as_dict(), "command": [1]}]},
            {"hooks": [{**HOOK.as_dict(), "command": ["a\0b"]}]},
            {"hooks": [{**HOOK.as_dict(), "kind": "pre_everything"}]},
            {"hooks": [{**HOOK.as_dict(), "timeout_s": "long"}]},
            {"host": 7},
        ],
    ),
    "environment.json": ("environment", {"TOKEN": "secret"}, [{"TOKEN": 7}, {"TOKEN": None}, {"a b": "secret"}]),
    "confirmed.json": (
        "config_hashes",
        {"config_hashes": {"web": "e" * 64}},
        [{"config_hashes": []}, {"config_hashes": {"web": 7}}, {"config_hashes": {"web": "e"}}],
    ),
    "gate_passed.json": (
        "gate_passed",
        {"containers": {"c" * 64: THEN}},
        [{"containers": []}, {"containers": {"c" * 64: None}}, {"containers": {"c0": THEN}}],
    ),
}
#: What the files read as that not every release has.
EMPTY = {"hooks.json": HookSettings(), "confirmed.json": {}, "gate_passed.json": {}}
NOT_AN_OBJECT = [b"", b"{", b"[]", b"null", b'"text"', b"\xff", b"[" * 10**5]
DAMAGED = [(name, text) for name in FILES for text in NOT_AN_OBJECT]
DAMAGED += [
    (name, json.dumps({**good, **wrong}).encode())
    for name, (_of, good, all_wrong) in FILES.items()
    for wrong in all_wrong
]
DAMAGED += [(name, b"{}") for name in FILES if name != "environment.json"]


@pytest.fixture
def folder(tmp_path: Path) -> ReleaseFolder:
    """A release whose files are whole."""
    (tmp_path / RELEASE).mkdir()
    for name, (_of, good, _wrong) in FILES.items():
        (tmp_path / RELEASE / name).write_text(json.dumps(good))
    return ReleaseFolder(tmp_path / RELEASE)


@pytest.mark.parametrize(("name", "text"), DAMAGED)
def test_a_damaged_file_is_named_and_never_taken_for_an_empty_one(
    folder: ReleaseFolder, name: str, text: bytes
) -> None:
    (folder.path / name).write_bytes(text)
    with pytest.raises(SlipwayError) as caught:
        getattr(folder, FILES[name][0])
    for finding in caught.value.findings:
        assert finding.thing.startswith(f"file {folder.path / name}")
        assert finding.seen
        assert finding.remedy.endswith(".")
    assert "secret" not in str(caught.value).replace("holds secrets", "").replace("secret_files", "")
    assert folder.damage() == list(caught.value.findings)


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_cannot_be_read_is_not_taken_for_a_missing_one(folder: ReleaseFolder, name: str) -> None:
    (folder.path / name).unlink()
    (folder.path / name).mkdir()
    with pytest.raises(SlipwayError, match="cannot be read: Is a directory"):
        getattr(folder, FILES[name][0])


@pytest.mark.parametrize("name", FILES)
def test_what_not_every_release_has_may_be_missing_and_nothing_else(folder: ReleaseFolder, name: str) -> None:
    (folder.path / name).unlink()
    for gone in (folder, ReleaseFolder(folder.path / "gone")):
        if name in EMPTY:
            assert getattr(gone, FILES[name][0]) == EMPTY[name]
        else:
            with pytest.raises(SlipwayError, match=f"{name}: expected a JSON object with .*, seen none"):
                getattr(gone, FILES[name][0])


def test_what_was_written_is_read(folder: ReleaseFolder) -> None:
    assert folder.snapshot == ReleaseSnapshot(goal="nothing", containers=(WEB,), lost_containers=("9" * 64,))
    assert not folder.snapshot.is_empty
    assert (folder.record, folder.gate, folder.hooks) == (RECORD, GATE, HOOKS)
    assert folder.environment == {"TOKEN": "secret"}
    assert folder.config_hashes == {"web": "e" * 64}
    assert folder.gate_passed == {"c" * 64: THEN}
    assert folder.damage() == []


def test_what_another_version_has_written_besides_is_left_out(folder: ReleaseFolder) -> None:
    for name, (_of, good, _wrong) in FILES.items():
        if name != "environment.json":
            (folder.path / name).write_text(json.dumps({**good, "of_tomorrow": 1}))
    assert (folder.record, folder.gate, folder.hooks, folder.damage()) == (RECORD, GATE, HOOKS, [])
