# SPDX-License-Identifier: GPL-3.0-or-later
"""Files get into folders that a container has taken over, although who deploys is not root."""

from __future__ import annotations

from pathlib import Path

from tests.support.as_root import passes_as_root


def test_files_get_into_folders_that_a_container_has_taken_over() -> None:
    passes_as_root(Path(__file__).with_name("foreign_folders.py"))
