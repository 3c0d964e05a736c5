# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts files into folders that a container has taken over, as root in a container (I/O)."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...core.command import command_environment, run_command
from ...core.findings import SlipwayError
from ..record import ReleaseFile
from .script import AS_ROOT, PLACING

_LONGEST_S = 120.0
_PROGRAM = f"""\
stack_dir=$1 placing=$2
{AS_ROOT}
as_root "$3" <"$4"
"""


@dataclass(frozen=True)
class Job:
    """One thing to be done as root.

    Attributes:
        word: "place", "gone", or "may", which only asks whether a file could be put there.
        path: relative to the project folder.
        folder: for "place": the release's folder, relative to the stack's.
        mode: for "place": the file's permissions.
    """

    word: str
    path: str
    folder: str = "-"
    mode: int = 0

    @classmethod
    def of(cls, file: ReleaseFile, release: str) -> Job:
        """Return the job that puts a file of a release into its place."""
        return cls("place", file.path, f"releases/{release}", file.mode)

    def line(self) -> str:
        """Return the job as the shell reads it."""
        return f"{self.word} {self.folder} {self.mode:o} {self.path}\n"


def do_as_root(stack_folder: Path, jobs: Sequence[Job]) -> tuple[list[str], str]:
    """Do what the deploy user may not do in the project folder.

    Args:
        stack_folder: the stack's folder; its name is the stack's.
        jobs: what to do.

    Returns:
        What the shell said of the things in its way, and why it failed, "" if it did not.
    """
    try:
        with tempfile.NamedTemporaryFile(prefix="slipway-") as file:
            file.write(os.fsencode("".join(job.line() for job in jobs)))
            file.flush()
            argv = ["sh", "-c", _PROGRAM, "sh", str(stack_folder), PLACING, stack_folder.name, file.name]
            answer = run_command(argv, command_environment({}), _LONGEST_S)
    except (OSError, SlipwayError) as error:
        return [], str(error)
    said = answer.output.splitlines()
    return said, "" if answer.exit_code == 0 else "; ".join([answer.messages.strip(), *said]).strip("; ")
