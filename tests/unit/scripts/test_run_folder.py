# SPDX-License-Identifier: GPL-3.0-or-later
"""The folders of runs."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.core.findings import SlipwayError
from scripts.playbook_run.run_folder import create_run_folder

if TYPE_CHECKING:
    from pathlib import Path


def test_the_folder_belongs_to_its_owner_only(tmp_path: Path) -> None:
    folder = create_run_folder(tmp_path / "var" / "runs", "run")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(folder.parent.stat().st_mode) == 0o700


def test_a_full_disk_is_a_refusal(tmp_path: Path) -> None:
    with pytest.raises(SlipwayError, match=r"expected 1073741824 MB free, seen \d+ MB"):
        create_run_folder(tmp_path, "run", free_bytes=1 << 50)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_made_is_a_refusal(tmp_path: Path) -> None:
    (tmp_path / "var").touch()
    with pytest.raises(SlipwayError, match=r"seen Not a directory"):
        create_run_folder(tmp_path / "var" / "runs", "run")
