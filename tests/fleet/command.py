# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running a command on this machine, bounded in time, with an error that can be read."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DEFAULT_TIMEOUT = 120.0


class CommandError(RuntimeError):
    """A command ended with something else than 0.

    Attributes:
        argv: the command.
        returncode: how it ended.
        stdout: its standard output.
        stderr: its standard error.
    """

    def __init__(self, argv: Sequence[str], result: subprocess.CompletedProcess[bytes]) -> None:
        """Keep what the command said."""
        self.argv = list(argv)
        self.returncode = result.returncode
        self.stdout = result.stdout.decode(errors="replace")
        self.stderr = result.stderr.decode(errors="replace")
        super().__init__(f"exit {self.returncode} of: {' '.join(argv)}\n{self.stdout}{self.stderr}".rstrip())


def run(
    argv: Sequence[str],
    *,
    stdin: bytes | None = None,
    timeout: float = DEFAULT_TIMEOUT,
    env: Mapping[str, str] | None = None,
) -> str:
    """Run a command and return its standard output.

    Raises:
        CommandError: it ended with something else than 0.
    """
    result = attempt(argv, stdin=stdin, timeout=timeout, env=env)
    if result.returncode != 0:
        raise CommandError(argv, result)
    return result.stdout.decode(errors="replace")


def attempt(
    argv: Sequence[str],
    *,
    stdin: bytes | None = None,
    timeout: float = DEFAULT_TIMEOUT,
    env: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Run a command and return how it ended, whatever that is."""
    return subprocess.run(
        list(argv),
        input=b"" if stdin is None else stdin,
        capture_output=True,
        timeout=timeout,
        check=False,
        env={**os.environ, **(env or {})},
    )


def docker(*arguments: str, stdin: bytes | None = None, timeout: float = DEFAULT_TIMEOUT) -> str:
    """Run a command of this machine's Docker client and return its output without the last line end."""
    return run(["docker", *arguments], stdin=stdin, timeout=timeout).rstrip("\n")


def as_root(argv: Sequence[str]) -> list[str]:
    """Return the command as it must be run for root's rights.

    Raises:
        RuntimeError: the user is not root and there is no sudo.
    """
    if os.geteuid() == 0:
        return list(argv)
    if shutil.which("sudo") is None:
        message = f"root is needed for: {' '.join(argv)}. Run as root, or install sudo."
        raise RuntimeError(message)
    return ["sudo", "--", *argv]
