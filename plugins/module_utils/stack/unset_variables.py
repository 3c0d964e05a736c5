# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a release needs a variable that nothing sets.

Compose warns of every name that it read and did not find: of those that only a service without a turn uses, too, and
without saying in which file.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from ..core.findings import Finding
from .interpolation import Interpolation, assignments
from .variables import is_refused

_SECTIONS = ("services", "networks", "volumes", "secrets", "configs")
_REQUIRED = re.compile(r"interpolating services\.([^.\s]+)\..*required variable ([A-Za-z_][A-Za-z0-9_]*) is missing")


def active_services(model: Mapping[str, Any], profiles: str) -> set[str]:
    """Return the services that a project would start.

    Args:
        model: the project before anything is put in.
        profiles: value of COMPOSE_PROFILES.
    """
    enabled = {profile.strip() for profile in profiles.split(",")}
    services: Mapping[str, Any] = model.get("services") or {}
    wanted = {name: set(service.get("profiles") or ()) for name, service in services.items()}
    return {name for name, own in wanted.items() if not own or own & enabled or "*" in enabled}


def is_required(said: str) -> bool:
    """Tell whether Compose refuses a project for a variable that a service asks for, by what it printed."""
    return _REQUIRED.search(said) is not None


class UnsetVariables:
    """The names that Compose did not find, and where the part of a project that is started needs them."""

    def __init__(self, names: Collection[str], values: Mapping[str, str], files: tuple[str, ...]) -> None:
        """Look at nothing yet.

        Args:
            names: what Compose did not find.
            values: the variables that are set.
            files: the Compose files, as a finding calls them.
        """
        self._names = frozenset(names)
        self._values = {name: value for name, value in values.items() if name not in self._names}
        self._files = ", ".join(files)
        self._needed: set[str] = set()
        self._mentioned: set[str] = set()
        self._found: dict[Finding, None] = {}

    def look_at(self, model: Mapping[str, Any], active: Mapping[str, Collection[str]]) -> None:
        """Look at a project before anything is put in.

        Args:
            model: the project.
            active: by section ("services", "volumes", …) what of it the release has.
        """
        for extension in (value for key, value in model.items() if key.startswith("x-")):
            # What of it is used stands, merged, where it is used.
            self._mentioned.update(*map(self._names_in, _texts(extension)))
        for section in _SECTIONS:
            for name, entry in (model.get(section) or {}).items():
                for text in _texts(entry):
                    self._mentioned |= self._names_in(text)
                    if name in active.get(section, ()):
                        self._needed |= self._missing(text, self._values)

    def look_into(self, file: str, text: str) -> None:
        """Look into a file of `NAME=value` lines that Compose reads.

        Args:
            file: its path, as a finding calls it.
            text: its content.
        """
        before = dict(self._values)
        for one in assignments(text):
            if not one.literal:
                self._mentioned |= self._names_in(one.text)
                if self._missing(one.text, before):
                    self._found[_cut(file, one.line, one.name)] = None
            before[one.name] = one.text

    def findings(self) -> list[Finding]:
        """Return a finding for each name that the release needs, or that nobody knows the place of."""
        names = sorted(name for name in self._names if name in self._needed or name not in self._mentioned)
        return [*self._found, *(unset(name, self._files) for name in names)]

    def _names_in(self, text: str) -> set[str]:
        return {name for name in self._names if re.search(rf"\$\{{?{name}(?![A-Za-z0-9_])", text)}

    def _missing(self, text: str, values: Mapping[str, str]) -> set[str]:
        interpolation = Interpolation(values)
        interpolation.of(text)
        return interpolation.missing & self._names


def env_file_paths(
    model: Mapping[str, Any], active: Collection[str], values: Mapping[str, str], folder: str
) -> dict[str, str]:
    """Return the files of `NAME=value` lines that the services read and that something is put into.

    Args:
        model: the project before anything is put in.
        active: the services that are started.
        values: the variables that are set.
        folder: where the project lies.

    Returns:
        Absolute paths, by what a finding calls them.
    """
    paths = {}
    for name in active:
        service = (model.get("services") or {}).get(name) or {}
        for key in ("env_file", "label_file"):
            entries = service.get(key) or []
            for entry in [entries] if isinstance(entries, (str, dict)) else entries:
                settings = entry if isinstance(entry, dict) else {"path": entry}
                if settings.get("format") != "raw":
                    path = PurePosixPath(folder) / Interpolation(values).of(str(settings.get("path")))
                    label = path.relative_to(folder) if path.is_relative_to(folder) else path
                    paths[str(label)] = str(path)
    return paths


def required_by_idle(said: str, model: Mapping[str, Any], active: Collection[str], files: str) -> Finding | None:
    """Return why Compose refuses a project, if it asks for a variable of a service that is not started."""
    match = _REQUIRED.search(said)
    if match is None or match[1] in active:
        return None
    profiles = ((model.get("services") or {}).get(match[1]) or {}).get("profiles") or []
    return Finding(
        thing=f"variable {match[2]} in {files}",
        expected="a value, since Compose reads services that it does not start as well",
        seen=f"none; service {match[1]} wants it, which only profile {' or '.join(map(str, profiles))} starts",
        remedy=f"Write ${{{match[2]}:-}} in service {match[1]}, or set {match[2]} in stack_env, to whatever you like.",
    )


def unset(name: str, files: str) -> Finding:
    """Say that a Compose file needs a variable that nothing sets."""
    remedy = f"give it a default in the file: ${{{name}:-value}}."
    remedy = f"Write the value itself, or {remedy}" if is_refused(name) else f"Set it in stack_env, or {remedy}"
    seen = "none, and Compose would silently make it empty"
    return Finding(f"variable {name} in {files}", "a value", seen, remedy)


def _cut(file: str, line: int, name: str) -> Finding:
    return Finding(
        # Not what follows the `$`: it may be half of a password.
        thing=f"value of {name} in {file}, line {line}",
        expected="a value that arrives as it is written",
        seen="a $ with a name behind it that nothing sets, in place of which Compose would silently put nothing",
        remedy=(
            "If the $ belongs to the value, write $$ or put the value into single quotes; an env_file may have "
            "`format: raw` instead (Compose 2.30 and newer). If a variable is meant, set it in stack_env."
        ),
    )


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401 - any part of a project
    if isinstance(value, str):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(item)
