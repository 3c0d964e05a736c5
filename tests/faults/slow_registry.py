# SPDX-License-Identifier: GPL-3.0-or-later
"""A registry that lets everybody wait: it takes connections and does not answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.fleet import Registry
from tests.fleet.command import CommandError, docker


class SilentRegistry:
    """A registry whose process is stopped and continued."""

    def __init__(self, registry: Registry) -> None:
        """Leave it as it is."""
        self._container = registry.container
        self._silent = False

    def silence(self) -> None:
        """Answer nobody from now on."""
        docker("pause", self._container)
        self._silent = True

    def speak(self) -> None:
        """Answer again, also to those who wait."""
        if self._silent:
            self._silent = False
            with suppress(CommandError):  # it was killed meanwhile
                docker("unpause", self._container)


@contextmanager
def silenced(registry: Registry, *, at_once: bool = True) -> Iterator[SilentRegistry]:
    """Have a registry that answers nobody, from now on or from when it is told to; in the end it answers."""
    silent = SilentRegistry(registry)
    if at_once:
        silent.silence()
    try:
        yield silent
    finally:
        silent.speak()
