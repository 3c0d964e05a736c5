# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps the code of the module that runs in a release's folder, for the guard, which runs it without Ansible (I/O)."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..release.store import ReleaseStore

FILE = "module.zip"
#: Runs a module from an archive: `python3 -c START ARCHIVE MODULE ARGUMENT…`.
_START = (
    "import runpy, sys; sys.path[:] = [sys.argv.pop(1), *filter(None, sys.path)]; "
    "runpy.run_module(sys.argv.pop(1), run_name='__main__')"
)


def keep(store: ReleaseStore, release: str) -> str:
    """Return where the code of the module that runs is found later: a copy of the archive that it is in, if it is."""
    archive = getattr(globals().get("__loader__"), "archive", None)
    if archive is None:
        return str(Path(__file__).absolute().parents[6])
    copy = store.release_folder(release) / FILE
    if Path(archive) != copy:
        fresh = copy.with_suffix(".new")
        shutil.copyfile(archive, fresh)
        fresh.chmod(0o600)
        fresh.replace(copy)
    return str(copy)


def command(code: str, program: str) -> list[str]:
    """Return the words that run a Python module with the kept code, to which its arguments are added.

    Args:
        code: where the code is.
        program: the Python module's whole name.
    """
    # Not by PYTHONPATH: what Ansible packs has a sitecustomize of its own in it.
    return [sys.executable, "-B", "-c", _START, code, program]
