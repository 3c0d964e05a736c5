# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps the values of -e out of the process list."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from typing import NoReturn

MARK = "--arguments-from"
MASK = "********"


def masked(argv: list[str]) -> list[str]:
    """Return the arguments with everything after an equals sign hidden."""
    return [f"{name}={MASK}" if equals else name for name, equals, _value in (entry.partition("=") for entry in argv)]


def take_arguments(argv: list[str]) -> list[str]:
    """Return the real arguments; if some hold values, restart the program first with those hidden.

    A program can change what the process list shows of it only by a restart. Meanwhile the values are in a temporary
    file without a name.
    """
    if argv[1:2] == [MARK]:
        with os.fdopen(int(argv[2]), encoding="utf-8") as stream:
            stream.seek(0)
            return [str(entry) for entry in json.load(stream)]
    if any("=" in entry for entry in argv):
        _start_over(argv)
    return argv


def _start_over(argv: list[str]) -> NoReturn:
    stream = tempfile.TemporaryFile("w", encoding="utf-8")  # noqa: SIM115  # it has to stay open across the restart
    json.dump(argv, stream)
    stream.flush()
    os.set_inheritable(stream.fileno(), True)  # noqa: FBT003  # it takes no name
    shown = [sys.executable, sys.argv[0], argv[0], MARK, str(stream.fileno()), *masked(argv[1:])]
    os.execv(sys.executable, shown)  # noqa: S606
