# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a release is: an ID that sorts by time, and the record that lies in its folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ..gate.health import ServiceExpectation


@dataclass(frozen=True)
class ReleaseFile:
    """One file of a release: path relative to the stack, whether it is executable, SHA-256 of its content in hex."""

    path: str
    executable: bool
    sha256: str

    @property
    def mode(self) -> int:
        """Return its permissions in the project folder; the folder above lets in nobody but the deploy user."""
        return 0o755 if self.executable else 0o644

    @property
    def state(self) -> str:
        """Return what differs when the content does, or whether it can be executed."""
        return f"{self.sha256} executable" if self.executable else self.sha256


@dataclass(frozen=True)
class ReleaseRecord:
    """What `release.json` says.

    Attributes:
        id: release ID, for example "20261122T214500Z-1.4.2".
        stack: the Compose project's name.
        version: what the user asked for.
        created_at: UTC, ISO 8601.
        created_by: who ran the deployment on the controller.
        commit: Git commit of the stack's files, "" if they are in no repository.
        plan_sha256: hash of the plan that made the release.
        content_sha256: hash over files and environment on this host.
        reversible: whether the release before can read the data that it leaves.
        compose_files: paths that Compose reads, in order.
        images: pinned image of every service.
        files: every file of the release.
        services: what the gate expects to run.
        secret_files: paths of the files whose content must never be shown.
    """

    id: str
    stack: str
    version: str
    created_at: str
    created_by: str
    commit: str
    plan_sha256: str
    content_sha256: str
    reversible: bool
    compose_files: tuple[str, ...]
    images: Mapping[str, str]
    files: tuple[ReleaseFile, ...]
    services: tuple[ServiceExpectation, ...]
    secret_files: tuple[str, ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        """Return the paths of its files."""
        return tuple(file.path for file in self.files)

    def to_json(self) -> str:
        """Return the text of `release.json`."""
        return json.dumps(asdict(self), indent=2, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str) -> ReleaseRecord:
        """Return the record that the text of a `release.json` spells.

        Raises:
            ValueError: the text is not such a record.
        """
        try:
            raw: dict[str, Any] = json.loads(text)
            raw["compose_files"] = tuple(raw["compose_files"])
            raw["files"] = tuple(ReleaseFile(**file) for file in raw["files"])
            raw["services"] = tuple(ServiceExpectation(**service) for service in raw["services"])
            raw["secret_files"] = tuple(raw["secret_files"])
            raw["images"] = dict(raw["images"].items())
            return cls(**raw)
        except (AttributeError, KeyError, TypeError) as error:
            message = f"no release record: {error}"
            raise ValueError(message) from error
