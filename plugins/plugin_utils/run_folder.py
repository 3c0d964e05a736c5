# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder that a run leaves on the controller (I/O)."""

from __future__ import annotations

import re
from pathlib import Path

from ..module_utils.core.findings import Finding, SlipwayError
from ..module_utils.core.identifiers import RUN_ID

_VERB = re.compile(r"\d{8}T\d{6}Z-([a-z]+)-[0-9a-f]{6}")


def run_folder(runs_dir: str, run: str) -> Path:
    """Return the private folder of a run, made if it is missing.

    Raises:
        SlipwayError: the run's ID is no file name, or the folder cannot be made.
    """
    if not RUN_ID.fits(run):
        finding = Finding("stack_run_id", RUN_ID.words, repr(run), "Leave it to the scripts.")
        raise SlipwayError([finding])
    folder = Path(runs_dir).expanduser() / run
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        finding = Finding(f"folder {folder}", "a folder that you may write", str(error), "Set stack_runs_dir.")
        raise SlipwayError([finding]) from error
    return folder


def shown_folder(folder: Path) -> str:
    """Return a run's folder as people find it: beneath the project where it lies there."""
    return str(Path(*folder.parts[-3:])) if folder.parts[-3:-1] == ("var", "runs") else str(folder)


def verb_of(run: str) -> str:
    """Return what the user asked for, by the run's ID; "" where that says nothing."""
    named = _VERB.fullmatch(run)
    return named[1] if named and named[1] != "run" else ""
