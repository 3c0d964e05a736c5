# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder of one release on a host: what its files say, typed and checked (I/O).

One that is damaged raises: whoever took it for empty would show secrets, forget checks or take back what is
irreversible. Some may be missing (`documents`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, TypeVar

from ..boundary.shapes import document_findings, read_json
from ..core.findings import Finding, SlipwayError
from ..core.identifiers import RELEASE_ID
from ..core.masking import Secret
from ..engine.containers import ContainerSnapshot
from ..stack.gate_settings import GateSettings
from .documents import (
    CONFIRMED_FILE,
    DOCUMENTS,
    ENVIRONMENT_FILE,
    GATE_FILE,
    GATE_PASSED_FILE,
    HOOKS_FILE,
    RECORD_FILE,
    SECRETS_FILE,
    SNAPSHOT_FILE,
)
from .record import ReleaseRecord

if TYPE_CHECKING:
    from ..stack.hooks import HookSettings

_Kind = TypeVar("_Kind")
_HIDDEN = "something else, which is not shown since the file holds secrets"


@dataclass(frozen=True)
class ReleaseSnapshot:
    """What ran before a release, and where its way back leads.

    Attributes:
        release: the confirmed release at that time, None where there was none.
        to: the release that the way back starts again, None if it leads to none.
        goal: what the way back leads to, in words.
        containers: all containers of the stack at that time.
        irreversible: a release before this one that may not be taken back, None if there is none.
        lost_containers: IDs of containers that ran although the engine did not know of them.
        rollback_sha256: SHA-256 of the way back's script, "" if it is not known.
    """

    release: str | None = None
    to: str | None = None
    goal: str = "what ran before"
    containers: tuple[ContainerSnapshot, ...] = ()
    irreversible: str | None = None
    lost_containers: tuple[str, ...] = ()
    rollback_sha256: str = ""

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing ran."""
        return not self.to and not self.containers

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> ReleaseSnapshot:
        """Return the snapshot that a document without fault holds."""
        return cls(
            release=raw["release"],
            to=raw["to"],
            goal=raw["goal"],
            containers=tuple(ContainerSnapshot.from_dict(one) for one in raw["containers"]),
            irreversible=raw.get("irreversible"),
            lost_containers=tuple(raw.get("orphans", ())),
            rollback_sha256=raw.get("rollback_sha256", ""),
        )


@dataclass(frozen=True)
class ReleaseFolder:
    """One release as it lies on a host; each property reads its file anew, and raises SlipwayError if that is damaged.

    Attributes:
        path: the folder; its name is the release's ID.
    """

    path: Path

    @property
    def record(self) -> ReleaseRecord:
        """Return the release's record; without it there is no release."""
        record = self._read(RECORD_FILE, ReleaseRecord.from_dict)
        wrong = list(record.contradictions(self.path.name))
        if wrong:
            remedy = DOCUMENTS[RECORD_FILE].remedy
            thing = f"file {self.path / RECORD_FILE}"
            raise SlipwayError([Finding(thing, expected, seen, remedy) for expected, seen in wrong])
        return record

    @property
    def snapshot(self) -> ReleaseSnapshot:
        """Return what ran before the release, and where its way back leads."""
        return self._read(SNAPSHOT_FILE, ReleaseSnapshot.from_dict)

    @property
    def gate(self) -> GateSettings:
        """Return how the gate is to look at the release."""
        return self._read(GATE_FILE, GateSettings.from_dict)

    @property
    def hooks(self) -> HookSettings:
        """Return the hooks that the release was given; none for a release from before there were hooks."""
        return self._read(HOOKS_FILE, _hooks)

    @property
    def environment(self) -> dict[str, str]:
        """Return what Compose interpolates, by name."""
        return self._read(ENVIRONMENT_FILE, dict)

    @property
    def config_hashes(self) -> dict[str, str]:
        """Return Compose's configuration hash of each service when the release was confirmed."""
        hashes = self._read(CONFIRMED_FILE, lambda raw: dict(raw["config_hashes"]))
        return {service: value for service, value in hashes.items() if service}

    @property
    def gate_passed(self) -> dict[str, str]:
        """Return when each container that passed the gate was started, by ID."""
        return self._read(GATE_PASSED_FILE, lambda raw: dict(raw["containers"]))

    @property
    def secrets(self) -> list[Secret]:
        """Return what its containers are given by variables and nothing that is shown may hold."""
        return self._read(SECRETS_FILE, lambda raw: [Secret(value, name) for name, value in raw["secrets"]])

    def damage(self, names: Iterable[str] | None = None) -> list[Finding]:
        """Return what is wrong with the files of these names, with any if none are named."""
        findings: list[Finding] = []
        for name in DOCUMENTS if names is None else names:
            try:
                getattr(self, _READERS[name])
            except SlipwayError as error:  # noqa: PERF203 - each of them is read
                findings += error.findings
        return findings

    def _read(self, name: str, made: Callable[[Mapping[str, Any]], _Kind]) -> _Kind:
        """Return what a file says.

        Args:
            name: one of `DOCUMENTS`.
            made: makes the value from a document without fault.

        Raises:
            SlipwayError: it is damaged, or missing where every release has one.
        """
        path, document = self.path / name, DOCUMENTS[name]
        thing, seen = f"file {path}", "none"
        try:
            raw: Any = read_json(path.read_bytes())
            faults = document_findings(document.shape(), raw, thing, document.remedy)
            if not faults:
                return made(raw)
            raise SlipwayError([replace(one, seen=_HIDDEN) for one in faults] if document.secret else faults)
        except (FileNotFoundError, NotADirectoryError):
            if document.empty is not None:
                return made(document.empty)
        except OSError as error:
            seen = f"one that cannot be read: {error.strerror}"
        except ValueError as error:
            seen = f"no JSON: {error}"
        raise SlipwayError([Finding(thing, f"a JSON object with {document.holds}", seen, document.remedy)])


#: The property that reads each file.
_READERS = {
    RECORD_FILE: "record",
    SNAPSHOT_FILE: "snapshot",
    GATE_FILE: "gate",
    HOOKS_FILE: "hooks",
    ENVIRONMENT_FILE: "environment",
    CONFIRMED_FILE: "config_hashes",
    GATE_PASSED_FILE: "gate_passed",
    SECRETS_FILE: "secrets",
}


def kept_releases(releases: Path) -> list[str]:
    """Return the IDs of the releases whose folders are in this folder, oldest first."""
    if not releases.is_dir():
        return []
    return sorted(entry.name for entry in releases.iterdir() if RELEASE_ID.fits(entry.name))


def _hooks(raw: Mapping[str, Any]) -> HookSettings:
    from ..stack.hooks import HookSettings

    return HookSettings.from_dict(raw)
