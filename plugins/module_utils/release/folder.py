# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder of one release on a host: what its files say, typed and checked (I/O).

A file that is missing reads as empty, since older releases lack some. One that is damaged raises: whoever took it for
empty would show secrets, forget checks or take back what is irreversible.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, TypeVar

from ..core.findings import Finding, SlipwayError
from ..core.identifiers import RELEASE_ID
from ..core.masking import Secret
from ..engine.containers import ContainerSnapshot
from ..stack.gate_settings import GateSettings
from .record import ReleaseRecord

if TYPE_CHECKING:
    from ..stack.hooks import HookSettings

RECORD_FILE = "release.json"
SNAPSHOT_FILE = "snapshot.json"
GATE_FILE = "gate.json"
HOOKS_FILE = "hooks.json"
ENVIRONMENT_FILE = "environment.json"
CONFIRMED_FILE = "confirmed.json"
GATE_PASSED_FILE = "gate_passed.json"
SECRETS_FILE = "secrets.json"

#: What each file holds, and what to do if it is damaged.
_FILES = {
    SNAPSHOT_FILE: ("what ran before the release", "Deploy again; rollback.sh in the same folder works without it."),
    GATE_FILE: (
        "the gate's settings",
        "Restore it from a backup, or remove it: the gate then has its default settings, and no checks.",
    ),
    HOOKS_FILE: ("the release's hooks", "Restore it from a backup, or remove it: the release then has no hooks."),
    ENVIRONMENT_FILE: ("the release's environment", "Restore it; environment.sh in the same folder says the same."),
    CONFIRMED_FILE: (
        "the hash of each service's configuration",
        "Restore it from a backup, or remove it: the release then counts as changed.",
    ),
    GATE_PASSED_FILE: ("when each container was started", "Deploy again: the release has to pass its gate once more."),
    SECRETS_FILE: ("what must never be shown", "Restore it from a backup, or deploy again."),
}

_Kind = TypeVar("_Kind")


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
    """

    release: str | None = None
    to: str | None = None
    goal: str = "what ran before"
    containers: tuple[ContainerSnapshot, ...] = ()
    irreversible: str | None = None
    lost_containers: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing ran."""
        return not self.to and not self.containers

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> ReleaseSnapshot:
        """Return the snapshot that `snapshot.json` holds.

        Raises:
            TypeError: it holds something else.
        """
        return cls(
            release=_entry(raw, "release", str),
            to=_entry(raw, "to", str),
            goal=_entry(raw, "goal", str) or cls.goal,
            containers=tuple(ContainerSnapshot.from_dict(one) for one in _entry(raw, "containers", list) or ()),
            irreversible=_entry(raw, "irreversible", str),
            lost_containers=tuple(map(str, _entry(raw, "orphans", list) or ())),
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
        """Return the release's record; without it there is no release.

        Raises:
            SlipwayError: it is missing or damaged.
        """
        path = self.path / RECORD_FILE
        try:
            return ReleaseRecord.from_json(path.read_text())
        except (OSError, ValueError) as error:
            kept = ", ".join(kept_releases(self.path.parent)) or "none"
            remedy = f"Choose one of the releases that this host keeps: {kept}."
            finding = Finding(f"release {self.path.name}", f"its record in {path}", str(error), remedy)
            raise SlipwayError([finding]) from error

    @property
    def snapshot(self) -> ReleaseSnapshot:
        """Return what ran before the release, and where its way back leads."""
        return self.read(SNAPSHOT_FILE, ReleaseSnapshot.from_dict)

    @property
    def gate(self) -> GateSettings:
        """Return how the gate is to look at the release."""
        return self.read(GATE_FILE, _gate)

    @property
    def hooks(self) -> HookSettings:
        """Return the hooks that the release was given; none for a release from before there were hooks."""
        return self.read(HOOKS_FILE, _hooks)

    @property
    def environment(self) -> dict[str, str]:
        """Return what Compose interpolates, by name."""
        return self.read(ENVIRONMENT_FILE, lambda raw: {name: _text(name, value) for name, value in raw.items()})

    @property
    def config_hashes(self) -> dict[str, str]:
        """Return Compose's configuration hash of each service when the release was confirmed."""
        return self.read(CONFIRMED_FILE, lambda raw: _texts(raw, "config_hashes"))

    @property
    def gate_passed(self) -> dict[str, str]:
        """Return when each container that passed the gate was started, by ID."""
        return self.read(GATE_PASSED_FILE, lambda raw: _texts(raw, "containers"))

    @property
    def secrets(self) -> list[Secret]:
        """Return what its containers are given by variables and nothing that is shown may hold."""
        return self.read(SECRETS_FILE, _secrets)

    def read(self, name: str, parse: Callable[[Mapping[str, Any]], _Kind]) -> _Kind:
        """Return what a file says, or what an empty one would if it is missing.

        Args:
            name: one of this module's names of JSON files.
            parse: turns the document into the value; a document that it cannot take is damaged.

        Raises:
            SlipwayError: it is damaged.
        """
        path = self.path / name
        try:
            document = json.loads(path.read_text())
            if isinstance(document, dict):
                return parse(document)
            seen = f"a JSON {type(document).__name__}"
        except (FileNotFoundError, NotADirectoryError):
            return parse({})
        except (OSError, AttributeError, KeyError, TypeError, ValueError) as error:
            seen = f"{type(error).__name__}: {error}"
        holds, remedy = _FILES[name]
        raise SlipwayError([Finding(f"file {path}", f"a JSON object with {holds}", seen, remedy)])


def kept_releases(releases: Path) -> list[str]:
    """Return the IDs of the releases whose folders are in this folder, oldest first."""
    if not releases.is_dir():
        return []
    return sorted(entry.name for entry in releases.iterdir() if RELEASE_ID.fits(entry.name))


def _gate(raw: Mapping[str, Any]) -> GateSettings:
    for check in _entry(raw, "checks", list) or ():
        _entry({"check": check}, "check", dict)
    return GateSettings.from_dict(raw)


def _hooks(raw: Mapping[str, Any]) -> HookSettings:
    from ..stack.hooks import HookSettings

    for hook in _entry(raw, "hooks", list) or ():
        for word in _entry(hook, "command", list) or ():
            _text("command", word)
        _entry(hook, "timeout_s", (int, float))
    _entry(raw, "host", str)
    return HookSettings.from_dict(raw)


def _secrets(raw: Mapping[str, Any]) -> list[Secret]:
    pairs = [(name, value) for name, value in _entry(raw, "secrets", list) or ()]
    return [Secret(_text("a value", value), _text("a name", name)) for name, value in pairs]


def _entry(raw: Mapping[str, Any], key: str, kind: type[_Kind] | tuple[type[_Kind], ...]) -> _Kind | None:
    """Return a value of a document, None if there is none.

    Raises:
        TypeError: it is of another kind.
    """
    value = raw.get(key)
    if value is None or isinstance(value, kind):
        return value
    message = f"{key} is of type {type(value).__name__}"
    raise TypeError(message)


def _text(key: str, value: object) -> str:
    if isinstance(value, str):
        return value
    message = f"{key} is of type {type(value).__name__}"
    raise TypeError(message)


def _texts(raw: Mapping[str, Any], key: str) -> dict[str, str]:
    return {name: _text(name, value) for name, value in (_entry(raw, key, dict) or {}).items()}
