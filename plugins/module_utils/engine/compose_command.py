# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Command lines for Docker Compose; building one runs nothing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

#: Marks the container of a hook, so that one which was left behind is found.
HOOK_LABEL = "io.slipway.hook"
#: What Compose reads in the project folder unless it is told of another file.
ENV_FILE = ".env"
NO_ENV_FILE = "/dev/null"


def env_files(folder: str, names: Collection[str]) -> tuple[str, ...]:
    """Return what Compose reads settings from, for a release whose files of these names lie in a folder."""
    return (f"{folder}/{ENV_FILE}",) if ENV_FILE in names else (NO_ENV_FILE,)


@dataclass(frozen=True)
class ComposeProject:
    """What every Compose command of a stack has in common.

    Attributes:
        name: the Compose project's name, which is the stack's.
        directory: folder that relative paths in the files start from.
        files: absolute paths of the Compose files, in order.
        env_files: what Compose reads settings from. None: whatever `.env` lies in the folder, which is right only for a
            stack that somebody started by hand.
    """

    name: str
    directory: str
    files: tuple[str, ...]
    env_files: tuple[str, ...] | None = (NO_ENV_FILE,)

    def command(self, *words: str) -> list[str]:
        """Return the argv of a Compose command on this project."""
        files = [word for path in self.files for word in ("-f", path)]
        settings = [word for path in self.env_files or () for word in ("--env-file", path)]
        head = ["docker", "compose", "--ansi", "never", "--progress", "plain", *settings, "-p", self.name]
        return [*head, "--project-directory", self.directory, *files, *words]

    def config(self) -> list[str]:
        """Return the argv that prints the resolved project as JSON."""
        return self.command("config", "--format", "json")

    def raw_config(self) -> list[str]:
        """Return the argv that prints the project as JSON before variables are put in, idle profiles included."""
        return self.command("config", "--no-interpolate", "--no-consistency", "--format", "json")

    def frozen_config(self) -> list[str]:
        """Return the argv that prints the resolved project as a Compose file."""
        return self.command("config")

    def hashes(self) -> list[str]:
        """Return the argv that prints the configuration hash of each service, whatever profile it belongs to."""
        return self.command("--profile", "*", "config", "--hash", "*")

    def up(self) -> list[str]:
        """Return the argv that makes the host run the project, from images that are already there."""
        return self.command("up", "--detach", "--no-build", "--pull", "never", "--remove-orphans", "--quiet-pull")

    def one_off(self, service: str, container: str, label: str) -> list[str]:
        """Return the argv that runs a service once, in a container of this name and label, and removes that."""
        return self.command("run", "--rm", "--no-deps", "-T", "--name", container, "--label", label, service)
