# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's own console: it works without the network."""

from __future__ import annotations

import atexit
import os
import re
import select
import subprocess
import time

from tests.fleet import Host
from tests.fleet.command import DEFAULT_TIMEOUT, CommandError, docker

#: Tells the end of a command's output, and its exit status.
_END = "console-has-ended"
_ENDED = re.compile(rb"\n" + _END.encode() + rb" (\d+)\n\Z")
_CHUNK_BYTES = 65536


class _Shell:
    """A shell that stays: to start one for every look would cost more than what is looked at."""

    def __init__(self, host: Host, user: str) -> None:
        self._argv = ["docker", "exec", "--interactive", "--user", user, host.container, "sh"]
        self._process = subprocess.Popen(self._argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        atexit.register(self._process.kill)

    @property
    def lives(self) -> bool:
        """Tell whether it can take a command: it ends with its host."""
        return self._process.poll() is None

    def run(self, command: str, timeout: float) -> str:
        """Run a command and return its output.

        Raises:
            CommandError: it ended with something else than 0, or the host ended first.
        """
        errors = "/dev/shm/console.$$"  # noqa: S108 - on a test host
        wrapped = f"(\n{command}\n) </dev/null 2>{errors}; code=$?; [ $code = 0 ] || cat {errors}\n"
        output, code = self._answer(f"{wrapped}printf '\\n{_END} %s\\n' $code\n".encode(), timeout)
        if code != 0:
            raise CommandError([*self._argv, "-c", command], subprocess.CompletedProcess([], code, output, b""))
        return output.decode(errors="replace").rstrip("\n")

    def _answer(self, command: bytes, timeout: float) -> tuple[bytes, int]:
        assert self._process.stdin is not None
        said, until = b"", time.monotonic() + timeout
        try:
            self._process.stdin.write(command)
            self._process.stdin.flush()
            while not (ended := _ENDED.search(said)):
                said += self._more(until)
        except BrokenPipeError:
            # What is still to come must not be taken for the next answer.
            self._process.kill()
            self._process.wait()
            return said + b"\n(cut off)", -1
        return said[: ended.start()], int(ended[1])

    def _more(self, until: float) -> bytes:
        assert self._process.stdout is not None
        ready = select.select([self._process.stdout], [], [], max(0.0, until - time.monotonic()))[0]
        said = os.read(self._process.stdout.fileno(), _CHUNK_BYTES) if ready else b""
        if not said:
            raise BrokenPipeError
        return said


_SHELLS: dict[tuple[str, str], _Shell] = {}


def console(
    host: Host, command: str, *, user: str = "root", stdin: str | None = None, timeout: float = DEFAULT_TIMEOUT
) -> str:
    """Run a shell command on the host and return its output without the last line end.

    Raises:
        CommandError: it ended with something else than 0.
    """
    if stdin is not None:
        words = ("exec", "--interactive", "--user", user, host.container, "sh", "-c", command)
        return docker(*words, stdin=stdin.encode(), timeout=timeout)
    shell = _SHELLS.get((host.container, user))
    if shell is None or not shell.lives:
        shell = _SHELLS[host.container, user] = _Shell(host, user)
    return shell.run(command, timeout)


#: Kills every process of the deploy user that descends from an SSH session.
_KILL_SESSIONS = r"""
for session in $(pgrep -u deploy -f '^sshd'; pgrep -u deploy -f '^/bin/sh -c'); do
  family=$session
  for _ in 1 2 3 4 5 6; do family="$family $(pgrep -P "$(echo $family | tr ' ' ',')" | tr '\n' ' ')"; done
  kill -KILL $family 2>/dev/null
done
true
"""


def kill_sessions(host: Host) -> None:
    """Kill everything that the deploy user's SSH sessions run on the host; what left them goes on."""
    console(host, _KILL_SESSIONS)
