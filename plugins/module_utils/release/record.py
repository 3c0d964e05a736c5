# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a release is: an ID that sorts by time, and the record that lies in its folder."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
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
    def from_dict(cls, raw: Mapping[str, Any]) -> ReleaseRecord:
        """Return the record that a document without fault holds; keys of other versions are left out."""
        known = {field.name: raw[field.name] for field in fields(cls) if field.name in raw}
        return cls(
            **{
                **known,
                "compose_files": tuple(raw["compose_files"]),
                "files": tuple(ReleaseFile(one["path"], one["executable"], one["sha256"]) for one in raw["files"]),
                "services": tuple(_expectation(one) for one in raw["services"]),
                "secret_files": tuple(raw["secret_files"]),
            }
        )

    def contradictions(self, release: str) -> Iterator[tuple[str, str]]:
        """Yield what does not go together in the record of a folder, as what was expected and what is there.

        Args:
            release: the release's ID, which is the folder's name.
        """
        if self.id != release:
            yield f"the record of release {release}", f"that of {self.id}"
        if self.id.partition("-")[2] != self.version:
            yield f"a release of version {self.version}", self.id
        strangers = set(self.compose_files) - set(self.paths)
        if strangers or len(set(self.paths)) != len(self.paths):
            seen = f"files that it does not have: {', '.join(sorted(strangers))}" if strangers else "one named twice"
            yield "each file once, those that Compose reads among them", seen


def _expectation(raw: Mapping[str, Any]) -> ServiceExpectation:
    return ServiceExpectation(**{one.name: raw[one.name] for one in fields(ServiceExpectation) if one.name in raw})
