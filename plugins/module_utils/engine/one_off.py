# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Compose project of a one-off run: a release's service that runs once, beside whatever runs now.

It must change nothing that is there. Compose makes networks and volumes anew whose definition differs from what it
finds, and takes files from where the release would put them; so the project is resolved first, and then adapted.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping
from pathlib import PurePosixPath
from typing import Any, Callable

#: What belongs to the one container that stands for the service, and cannot be had twice.
_UNIQUE = ("container_name", "ports", "restart", "scale", "healthcheck", "depends_on", "build", "env_file")
_UNIQUE_IN_NETWORK = ("ipv4_address", "ipv6_address", "link_local_ips", "mac_address", "aliases")


def one_off_document(  # noqa: PLR0913 - a run is made of these parts
    resolved: Mapping[str, Any],
    service: str,
    *,
    command: Collection[str],
    environment: Mapping[str, str],
    existing: Mapping[str, Collection[str]],
    folders: FolderMap,
) -> dict[str, Any]:
    """Return the Compose file for one run of a service.

    Args:
        resolved: what `docker compose config --format json` says of the release.
        service: the service's name.
        command: what to run in it; nothing means its own command.
        environment: variables on top of the service's own.
        existing: names of the networks and volumes that are there, under "networks" and "volumes".
        folders: which of the release's paths lie where.
    """
    document = copy.deepcopy(dict(resolved))
    mine: dict[str, Any] = {key: value for key, value in document["services"][service].items() if key not in _UNIQUE}
    mine["environment"] = {**(mine.get("environment") or {}), **_literal(environment)}
    # The image is here: it was pulled with the release. A registry is not asked.
    mine["pull_policy"] = "never"
    if command:
        mine["command"] = [_escaped(word) for word in command]
    if isinstance(mine.get("deploy"), dict):
        mine["deploy"] = {key: value for key, value in mine["deploy"].items() if key == "resources"}
    for network in (mine.get("networks") or {}).values():
        for key in _UNIQUE_IN_NETWORK:
            (network or {}).pop(key, None)
    for mount in mine.get("volumes") or []:
        if mount.get("type") == "bind":
            mount["source"] = folders.of(str(mount["source"]))
    document["services"][service] = mine
    for kind, names in existing.items():
        _keep(document.get(kind) or {}, names)
    return document


class FolderMap:
    """Where the paths of a one-off run are: the release's files in a view of their own, all else in the project."""

    def __init__(self, view: str, project: str, files: Collection[str], holds_data: Callable[[str], bool]) -> None:
        """Take the folders.

        Args:
            view: folder with the release's files, which the project was resolved in.
            project: the stack's project folder, with the data beside the files.
            files: relative paths of the release's files.
            holds_data: tells whether the folder of this relative path in the project has more in it than files of
                releases; then a container wants that folder, and not the files of the release alone.
        """
        self._view = PurePosixPath(view)
        self._project = PurePosixPath(project)
        self._files = frozenset(files)
        self._folders = {str(parent) for path in files for parent in PurePosixPath(path).parents}
        self._holds_data = holds_data

    def of(self, path: str) -> str:
        """Return where a path really is."""
        try:
            relative = str(PurePosixPath(path).relative_to(self._view))
        except ValueError:
            return path
        if relative in self._files or (relative in self._folders and not self._holds_data(relative)):
            return path
        return str(self._project / relative)


def _keep(definitions: dict[str, Any], names: Collection[str]) -> None:
    """Let Compose take the networks or volumes that exist as they are."""
    for key, definition in definitions.items():
        name = (definition or {}).get("name")
        if name in names:
            definitions[key] = {"name": name, "external": True}


def _literal(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: _escaped(value) for name, value in environment.items()}


def _escaped(text: str) -> str:
    """Return a text that Compose reads as it is, without putting a variable's value in."""
    return text.replace("$", "$$")
