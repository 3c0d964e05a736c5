# SPDX-License-Identifier: GPL-3.0-or-later
"""A run's folder on the controller (I/O)."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from ansible_collections.slipway.compose.plugins.module_utils.core.findings import Finding, SlipwayError

if TYPE_CHECKING:
    from pathlib import Path

#: Many times what the folder of one run may come to need.
ENOUGH_BYTES = 50 * 1024**2


def create_run_folder(runs: Path, run_id: str, free_bytes: int = ENOUGH_BYTES) -> Path:
    """Make the folder of a run, which only its owner may enter.

    A disk that runs full in the middle would cut a deployment off, so there must be room before it begins.

    Args:
        runs: the folder of all runs.
        run_id: ID of the run.
        free_bytes: room that the disk must have.

    Raises:
        SlipwayError: the folder cannot be made, or there is no room.
    """
    try:
        return _create(runs, run_id, free_bytes)
    except OSError as error:
        seen, remedy = error.strerror or str(error), "Make it a folder that you may write to."
        raise SlipwayError([Finding(str(runs), "a folder to keep the run in", seen, remedy)]) from error


def _create(runs: Path, run_id: str, free_bytes: int) -> Path:
    runs.mkdir(mode=0o700, parents=True, exist_ok=True)
    free = shutil.disk_usage(runs).free
    if free < free_bytes:
        expected, seen = (f"{size // 1024**2} MB" for size in (free_bytes, free))
        remedy = "Make room: the folders of runs that are over may be deleted."
        raise SlipwayError([Finding(f"disk of {runs}", f"{expected} free", seen, remedy)])
    folder = runs / run_id
    folder.mkdir(mode=0o700)
    return folder
