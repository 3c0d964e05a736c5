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
from ansible_collections.slipway.compose.plugins.module_utils.release.record import ReleaseRecord
from ansible_collections.slipway.compose.plugins.module_utils.stack.gate_settings import GateSettings
from ansible_collections.slipway.compose.plugins.module_utils.stack.hooks import POST_DEPLOY, Hook, HookSettings

RELEASE = "20261122T100000Z-1.0"
WEB = ContainerSnapshot("web", 1, "shop-web-1", "c0", "web:1", "sha256:0", "h", "running", "healthy", 0, "then", 0)
HOOK = Hook(POST_DEPLOY, "smoke", ("true",))
RECORD = ReleaseRecord(RELEASE, "shop", "1.0", "", "", "", "", "", True, (), {"web": "web:1"}, (), ())  # noqa: FBT003
#: Each file but the record: the property that reads it, what it reads where there is none, and wrong values in it.
FILES: dict[str, tuple[str, object, list[dict[str, Any]]]] = {
    "snapshot.json": (
        "snapshot",
        ReleaseSnapshot(),
        [
            {"to": 7},
            {"release": []},
            {"goal": {}},
            {"irreversible": True},
            {"orphans": "c0"},
            {"containers": {}},
            {"containers": ["web"]},
            {"containers": [{}]},
            {"containers": [{**asdict(WEB), "number": "1"}]},
            {"containers": [{**asdict(WEB), "unknown": 1}]},
        ],
    ),
    "gate.json": (
        "gate",
        GateSettings.from_dict({}),
        [{"checks": "all"}, {"checks": ["http"]}, {"timeout_s": "long"}, {"log_lines": []}],
    ),
    "hooks.json": (
        "hooks",
        HookSettings(),
        [
            {"hooks": {}},
            {"hooks": ["true"]},
            {"hooks": [{}]},
            {"hooks": [{**HOOK.as_dict(), "command": "true"}]},
            {"hooks": [{**HOOK.as_dict(), "command": [1]}]},
            {"hooks": [{**HOOK.as_dict(), "timeout_s": "long"}]},
            {"host": 7},
        ],
    ),
    "environment.json": ("environment", {}, [{"TOKEN": 7}, {"TOKEN": None}]),
    "confirmed.json": ("config_hashes", {}, [{"config_hashes": []}, {"config_hashes": {"web": 7}}]),
    "gate_passed.json": ("gate_passed", {}, [{"containers": []}, {"containers": {"c0": None}}]),
}
NOT_AN_OBJECT = [b"", b"{", b"[]", b"null", b'"text"', b"\xff"]
DAMAGED = [(name, text) for name in FILES for text in NOT_AN_OBJECT]
DAMAGED += [
    (name, json.dumps(wrong).encode()) for name, (_of, _none, all_wrong) in FILES.items() for wrong in all_wrong
]


@pytest.fixture
def folder(tmp_path: Path) -> ReleaseFolder:
    (tmp_path / RELEASE).mkdir()
    return ReleaseFolder(tmp_path / RELEASE)


@pytest.mark.parametrize(("name", "text"), DAMAGED)
def test_a_damaged_file_is_named_and_never_taken_for_an_empty_one(
    folder: ReleaseFolder, name: str, text: bytes
) -> None:
    (folder.path / name).write_bytes(text)
    with pytest.raises(SlipwayError) as caught:
        getattr(folder, FILES[name][0])
    (finding,) = caught.value.findings
    assert finding.thing == f"file {folder.path / name}"
    assert finding.expected.startswith("a JSON object with ")
    assert finding.seen
    assert finding.remedy.endswith(".")


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_cannot_be_read_is_not_taken_for_a_missing_one(folder: ReleaseFolder, name: str) -> None:
    (folder.path / name).mkdir()
    with pytest.raises(SlipwayError, match="IsADirectoryError"):
        getattr(folder, FILES[name][0])


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_reads_as_in_releases_from_before_there_was_one(folder: ReleaseFolder, name: str) -> None:
    of, nothing, _wrong = FILES[name]
    assert getattr(folder, of) == nothing
    assert getattr(ReleaseFolder(folder.path / "gone"), of) == nothing
    (folder.path / name).write_text("{}")
    assert getattr(folder, of) == nothing


def test_what_was_written_is_read(folder: ReleaseFolder) -> None:
    before = {
        "stack": "shop",
        "taken_at": "2026-11-22T10:00:00Z",
        "release": None,
        "containers": [asdict(WEB)],
        "goal": "the stack as it was started by hand in /srv/shop",
        "to": None,
        "irreversible": None,
        "orphans": ["c9"],
    }
    gate = GateSettings.from_dict({"checks": [], "timeout_s": 7})
    hooks = HookSettings((HOOK,), host="web1", first_host=False)
    written = {
        "release.json": json.loads(RECORD.to_json()),
        "snapshot.json": before,
        "gate.json": gate.as_dict(),
        "hooks.json": hooks.as_dict(),
        "environment.json": {"TOKEN": "secret"},
        "confirmed.json": {"config_hashes": {"web": "h"}},
        "gate_passed.json": {"containers": {"c0": "then"}},
    }
    for name, document in written.items():
        (folder.path / name).write_text(json.dumps(document))
    goal = "the stack as it was started by hand in /srv/shop"
    assert folder.snapshot == ReleaseSnapshot(goal=goal, containers=(WEB,), lost_containers=("c9",))
    assert not folder.snapshot.is_empty
    assert (folder.record, folder.gate, folder.hooks) == (RECORD, gate, hooks)
    assert folder.environment == {"TOKEN": "secret"}
    assert folder.config_hashes == {"web": "h"}
    assert folder.gate_passed == {"c0": "then"}


@pytest.mark.parametrize(
    "damage", ["", "{", "[]", "{}", "null", json.dumps({**json.loads(RECORD.to_json()), "images": ["web:1"]}), None]
)
def test_without_its_record_there_is_no_release(folder: ReleaseFolder, damage: str | None) -> None:
    if damage is not None:
        (folder.path / "release.json").write_text(damage)
    with pytest.raises(SlipwayError, match=f"release {RELEASE}: expected its record in .* keeps: {RELEASE}"):
        folder.record.to_json()
