# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts a command with an environment that arrives through a named pipe, so that nothing stores it.

ansible-runner writes the environment of the process that it starts into its artifacts. So it starts this program, with
an empty one; the real one, which may hold secrets, comes through the pipe.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

PID_FILE = "pid"


def pack_environment(environment: dict[str, str]) -> bytes:
    """Write an environment the way the kernel does: entries ended by a zero byte."""
    return b"".join(os.fsencode(f"{name}={value}") + b"\0" for name, value in environment.items())


def unpack_environment(data: bytes) -> dict[bytes, bytes]:
    """Read what `pack_environment` wrote."""
    pairs = (entry.partition(b"=") for entry in data.split(b"\0") if entry)
    return {name: value for name, _equals, value in pairs}


def main() -> None:
    """Become the command, with nothing to read on its standard input."""
    pipe, command = Path(sys.argv[1]), sys.argv[2:]
    environment = unpack_environment(pipe.read_bytes())
    pipe.with_name(PID_FILE).write_text(str(os.getpid()), encoding="ascii")
    os.dup2(os.open(os.devnull, os.O_RDONLY), sys.stdin.fileno())
    os.execve(command[0], command, environment)  # noqa: S606


if __name__ == "__main__":
    main()
