# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files and environment of a release on their way from the controller to a host."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ..core.findings import Finding, SlipwayError
from ..core.identifiers import PATH_INSIDE, VARIABLE_NAME
from ..engine.compose_command import ENV_FILE
from .interpolation import dotenv


class HashedFile(Protocol):
    """What has to be known of a file, whether it is on its way or in its release's folder."""

    @property
    def path(self) -> str:
        """Return the path relative to the stack's folder."""

    @property
    def executable(self) -> bool:
        """Return whether its owner may execute it."""

    @property
    def sha256(self) -> str:
        """Return the hash of the content, in hex."""


@dataclass(frozen=True)
class BundledFile:
    """One file of the stack as it is to lie on the host.

    Attributes:
        path: relative to the stack's folder, with forward slashes.
        executable: whether its owner may execute it.
        content: the bytes, already rendered.
    """

    path: str
    executable: bool
    content: bytes

    @property
    def sha256(self) -> str:
        """Return the hash of the content, in hex."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True)
class FileBundle:
    """Everything of a release that differs from host to host.

    Attributes:
        files: sorted by path.
        env: what Compose interpolates, by name.
        compose_files: the paths among `files` that Compose reads, in its order.
    """

    files: tuple[BundledFile, ...]
    env: Mapping[str, str]
    compose_files: tuple[str, ...]

    @property
    def content_sha256(self) -> str:
        """Return one hash over every file and variable; equal hashes mean equal releases but for the images."""
        return content_sha256(self.files, self.env, self.compose_files)

    @property
    def settings(self) -> dict[str, str]:
        """Return what Compose puts in for variables: what its `.env` sets, and the environment, which wins."""
        return {**dotenv(self.text(ENV_FILE), self.env), **self.env}

    def text(self, path: str) -> str:
        """Return the text of a file, "" if there is none of that path."""
        return next((file.content.decode(errors="replace") for file in self.files if file.path == path), "")

    def as_dict(self) -> dict[str, Any]:
        """Return the bundle as plain data."""
        files = [[file.path, file.executable, base64.b64encode(file.content).decode()] for file in self.files]
        return {"files": files, "env": dict(self.env), "compose_files": list(self.compose_files)}

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> FileBundle:
        """Return the bundle that `as_dict` gave.

        Raises:
            SlipwayError: it is no bundle, or names a path outside the stack's folder.
        """
        try:
            files = tuple(
                BundledFile(str(path), bool(executable), base64.b64decode(content, validate=True))
                for path, executable, content in raw["files"]
            )
            bundle = cls(files, dict(raw["env"]), tuple(raw["compose_files"]))
        except (ValueError, TypeError, KeyError) as error:
            raise SlipwayError([_broken(f"{type(error).__name__}: {error}")]) from error
        paths = {file.path for file in files}
        wrong = [
            f"the path {file.path!r}, which leads out of the stack's folder" for file in files if not _inside(file)
        ]
        wrong += [
            f"the Compose file {name!r}, which is none of the files"
            for name in bundle.compose_files
            if name not in paths
        ]
        # They are exported by a shell on the way back.
        wrong += [f"the variable {name!r}" for name, value in bundle.env.items() if not _is_variable(name, value)]
        if wrong:
            raise SlipwayError(_broken(seen) for seen in wrong)
        return bundle


def content_sha256(files: Iterable[HashedFile], env: Mapping[str, str], compose_files: Sequence[str]) -> str:
    """Return one hash over the files of a release and what Compose interpolates.

    Args:
        files: the files, sorted by path.
        env: the variables.
        compose_files: the paths that Compose reads, in its order.
    """
    manifest = [[file.path, file.executable, file.sha256] for file in files]
    text = json.dumps([manifest, sorted(env.items()), compose_files], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _inside(file: BundledFile) -> bool:
    return PATH_INSIDE.fits(file.path)


def _is_variable(name: object, value: object) -> bool:
    return VARIABLE_NAME.fits(name) and isinstance(value, str) and "\0" not in value


def _broken(seen: str) -> Finding:
    return Finding("bundle of the stack's files", "what the controller packed", seen, "Run the deployment again.")
