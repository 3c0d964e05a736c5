# SPDX-License-Identifier: GPL-3.0-or-later
"""A Compose plugin that stops before a command of its own until it is let go: it makes a short moment a long one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.fleet import Host
from tests.support.console import console

FOLDER = "/tmp/held-compose"  # noqa: S108 - on a test host
PLUGIN = "/home/deploy/.docker/cli-plugins/docker-compose"
SCRIPT = f"""#!/bin/sh
for word in "$@"; do
  hold="{FOLDER}/hold-$word"
  if [ -e "$hold" ] && [ -e "$(cat "$hold")" ]; then
    : >"{FOLDER}/reached-$word"
    while [ -e "$hold" ]; do sleep 0.05; done
  fi
done
exec /usr/libexec/docker/cli-plugins/docker-compose "$@"
"""


class HeldCompose:
    """Compose on one host, held at one of its commands."""

    def __init__(self, host: Host, command: str, once: str) -> None:
        """Name them; nothing is held yet.

        Args:
            host: the host.
            command: the command before which Compose stops.
            once: a path on the host; before it is there, Compose does not stop.
        """
        self._host = host
        self._once = once
        self._hold = f"{FOLDER}/hold-{command}"
        self._reached = f"{FOLDER}/reached-{command}"

    @property
    def reached(self) -> bool:
        """Tell whether somebody waits there now."""
        return self._at_console(f"test -e {self._reached} && echo yes || :") == "yes"

    def hold(self) -> None:
        """Stop whoever comes from now on."""
        self._at_console(f"mkdir -p {PLUGIN.rpartition('/')[0]} && cat >{PLUGIN} && chmod +x {PLUGIN}", SCRIPT)
        self._at_console(f"mkdir -p {FOLDER} && rm -f {self._reached} && echo {self._once} >{self._hold}")

    def let_go(self) -> None:
        """Let everybody pass."""
        self._at_console(f"rm -f {self._hold}")

    def _at_console(self, command: str, stdin: str | None = None) -> str:
        return console(self._host, command, user="deploy", stdin=stdin)


@contextmanager
def held(host: Host, command: str, once: str = "/") -> Iterator[HeldCompose]:
    """Hold Compose at a command, such as `up`, once a path is there, until the block ends or it is let go."""
    compose = HeldCompose(host, command, once)
    compose.hold()
    try:
        yield compose
    finally:
        compose.let_go()
