# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's own console: it works without the network."""

from __future__ import annotations

from tests.fleet import Host
from tests.fleet.command import DEFAULT_TIMEOUT, docker


def console(
    host: Host, command: str, *, user: str = "root", stdin: str | None = None, timeout: float = DEFAULT_TIMEOUT
) -> str:
    """Run a shell command on the host and return its output without the last line end."""
    given = None if stdin is None else stdin.encode()
    words = ("exec", "--interactive", "--user", user, host.container, "sh", "-c", command)
    return docker(*words, stdin=given, timeout=timeout)


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
