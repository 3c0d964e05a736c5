# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the programs that hooks run are there (I/O)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from ..core.command import command_environment
from ..core.findings import Finding
from ..engine.compose_model import Service
from ..stack.hooks import TARGET, Hook, service_findings
from ..stack.payload import Payload


def hook_findings(payload: Payload, services: Sequence[Service]) -> list[Finding]:
    """Find what is wrong with the hooks that are to run on this host.

    Args:
        payload: the release for this host.
        services: its services; none if Compose could not read them, and then nothing is said of them.
    """
    executables = {file.path: file.executable for file in payload.bundle.files}
    findings = program_findings(payload.hooks, TARGET, executables)
    return findings + (service_findings(payload.hooks, {one.name for one in services}) if services else [])


def program_findings(hooks: Iterable[Hook], place: str, executables: Mapping[str, bool]) -> list[Finding]:
    """Find the commands whose program is not here.

    Args:
        hooks: all hooks.
        place: `target` or `controller`, whichever this is.
        executables: the stack's files by relative path, and whether each may be executed.
    """
    commands = [hook for hook in hooks if hook.place == place and hook.service is None]
    return [finding for hook in commands for finding in _program_finding(hook, executables)]


def found_program(command: Sequence[str], folder: Path) -> list[str]:
    """Return a command line whose program, if it is given by a relative path, is the stack's own in this folder."""
    program = command[0]
    return [str(folder / program) if _is_relative_path(program) else program, *command[1:]]


def _program_finding(hook: Hook, executables: Mapping[str, bool]) -> Iterator[Finding]:
    program = hook.command[0]
    thing = f"{hook.thing}, program {program}"
    where = "the target" if hook.place == TARGET else "the controller"
    if _is_relative_path(program):
        path = os.path.normpath(program)
        if path not in executables:
            remedy = "Correct the path, or add the file to the stack's folder."
            yield Finding(thing, "a file of the stack", "no such file in stack_src", remedy)
        elif not executables[path]:
            yield Finding(thing, "a file that may be executed", "one that may not", f"chmod +x {path} in stack_src.")
    elif shutil.which(program, path=command_environment({})["PATH"]) is None:
        remedy = f"Install it on {where}, or give its whole path. No shell is involved: a pipe or && needs `sh -c`."
        yield Finding(thing, f"a program on {where}", "none", remedy)


def _is_relative_path(program: str) -> bool:
    return "/" in program and not program.startswith("/")
