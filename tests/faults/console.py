# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's own console: it works without the network."""

from __future__ import annotations

from tests.fleet import Host
from tests.fleet.command import docker


def console(host: Host, command: str, *, user: str = "root", stdin: str | None = None) -> str:
    """Run a shell command on the host and return its output without the last line end."""
    given = None if stdin is None else stdin.encode()
    return docker("exec", "--interactive", "--user", user, host.container, "sh", "-c", command, stdin=given)
