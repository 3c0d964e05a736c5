# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Command lines for Docker Compose; building one runs nothing."""

from __future__ import annotations

from dataclasses import dataclass

#: Marks the container of a hook, so that one which was left behind is found.
HOOK_LABEL = "io.slipway.hook"


@dataclass(frozen=True)
class ComposeProject:
    """What every Compose command of a stack has in common.

    Attributes:
        name: the Compose project's name, which is the stack's.
        directory: folder that relative paths in the files start from.
        files: absolute paths of the Compose files, in order.
    """

    name: str
    directory: str
    files: tuple[str, ...]

    def command(self, *words: str) -> list[str]:
        """Return the argv of a Compose command on this project."""
        files = [word for path in self.files for word in ("-f", path)]
        head = ["docker", "compose", "--ansi", "never", "--progress", "plain", "-p", self.name]
        return [*head, "--project-directory", self.directory, *files, *words]

    def config(self) -> list[str]:
        """Return the argv that prints the resolved project as JSON."""
        return self.command("config", "--format", "json")

    def frozen_config(self) -> list[str]:
        """Return the argv that prints the resolved project as a Compose file."""
        return self.command("config")

    def hashes(self) -> list[str]:
        """Return the argv that prints the configuration hash of each service."""
        return self.command("config", "--hash", "*")

    def up(self) -> list[str]:
        """Return the argv that makes the host run the project, from images that are already there."""
        return self.command("up", "--detach", "--no-build", "--pull", "never", "--remove-orphans", "--quiet-pull")

    def one_off(self, service: str, container: str, label: str) -> list[str]:
        """Return the argv that runs a service once, in a container of this name and label, and removes that."""
        return self.command("run", "--rm", "--no-deps", "-T", "--name", container, "--label", label, service)
