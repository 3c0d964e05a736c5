# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a host can take a release, from what real hosts said."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.host.machine import facts


@pytest.mark.parametrize(
    ("version", "api", "seen"),
    [
        ("2.26.1-4\n", "1.45", None),
        ("5.6.1", "1.41", None),
        ("v2.24.0", "1.41", None),
        ("2.24", "1.41", None),
        ("5.1.0", "1.44", None),
        ("5.1.1", None, None),
        (None, "1.45", "none"),
        ("unknown", "1.45", "none"),
        ("2.23.3", "1.45", "2.23.3"),
        ("1.29.2", "1.45", "1.29.2"),
        ("5.1.1", "1.41", "5.1.1, which breaks stacks with several networks on this engine"),
    ],
)
def test_the_compose_plugin_is_judged(version: str | None, api: str | None, seen: str | None) -> None:
    found = facts.compose_findings(version, api)
    assert [finding.seen for finding in found] == ([] if seen is None else [seen])
    assert all("playbooks/bootstrap.yml" in finding.remedy for finding in found)


def test_room_is_looked_for_where_the_folder_will_be(tmp_path: Path) -> None:
    folders = {str(tmp_path / "not" / "yet"): "releases"}
    assert facts.disk_findings(folders, 0) == []
    found = facts.disk_findings(folders, 10**12)
    assert found[0].thing == f"disk for releases ({tmp_path}/not/yet)"
    assert found[0].expected == "1000000000000 MB free"


def test_a_folder_that_can_be_made_is_fine_and_a_file_in_its_place_is_not(tmp_path: Path) -> None:
    assert facts.folder_findings(tmp_path / "a" / "b") == []
    (tmp_path / "file").write_text("")
    found = facts.folder_findings(tmp_path / "file" / "stack")
    assert [finding.seen for finding in found] == [f"{tmp_path}/file, which is no folder"]
