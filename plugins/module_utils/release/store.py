# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stack's folder on the host: releases, project folder, journal (I/O).

Every state change is a temporary file, fsynced and renamed; a journal line is fsynced before anything follows from it.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ..core.findings import Finding, SlipwayError
from ..core.identifiers import RELEASE_ID
from ..engine.compose_command import ComposeProject, env_files
from ..engine.image_pins import pinned_images
from ..stack.bundle import FileBundle, content_sha256
from . import journal
from .documents import ENVIRONMENT_FILE, GATE_FILE, RECORD_FILE
from .environment_script import environment_script
from .folder import ReleaseFolder, kept_releases
from .placing.activation import Activation, activate, astray
from .placing.project_folder import regular_sha256
from .placing.script import TEMPORARY
from .record import ReleaseFile, ReleaseRecord

ENVIRONMENT_SCRIPT, PINS_FILE, SCRIPT_FILE = "environment.sh", "images.lock.yaml", "rollback.sh"
PRIVATE_FOLDER = 0o700
PRIVATE_FILE = 0o600
_NO_NAME = (errno.ENAMETOOLONG, errno.EEXIST, errno.ENOTDIR, errno.EINVAL, errno.EILSEQ)


def now() -> str:
    """Return the present time, UTC, ISO 8601 in seconds."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class ReleaseStore:
    """The folder `<stack_root>/<stack>` of one host."""

    def __init__(self, root: str, stack: str, run: str = "", by: str = "") -> None:
        """Name the folder; nothing is made or read yet.

        Args:
            root: `stack_root`.
            stack: the stack's name.
            run: the run that journal lines are written for.
            by: who writes them, if it is not the run itself.
        """
        self.stack = stack
        self.folder = Path(root) / stack
        self.project = self.folder / "project"
        self.releases = self.folder / "releases"
        self._current = self.folder / "current"
        self._journal = self.folder / "journal.jsonl"
        self.run = run
        self.by = by

    def release_folder(self, release: str) -> Path:
        """Return the folder of a release."""
        return self.releases / release

    def files_folder(self, release: str) -> Path:
        """Return the folder with a release's files."""
        return self.release_folder(release) / "files"

    def pins_file(self, release: str) -> Path:
        """Return the path of a release's image lock."""
        return self.release_folder(release) / PINS_FILE

    def compose_project(self, record: ReleaseRecord, folder: Path) -> ComposeProject:
        """Return a release as Compose reads it: with its own settings, and its images pinned.

        Args:
            record: the release.
            folder: where its files lie.
        """
        files = [str(folder / name) for name in record.compose_files]
        settings = env_files(str(self.files_folder(record.id)), record.paths)
        return ComposeProject(record.stack, str(folder), (*files, str(self.pins_file(record.id))), settings)

    def make(self) -> None:
        """Make the stack's folders where they are missing.

        Raises:
            SlipwayError: this user may not.
        """
        try:
            for folder in (self.folder, self.releases, self.project):
                folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
            # Containers run as users of their own: below the private folder above, the project folder is open.
            with suppress(PermissionError):
                # One that a container has taken over is written as root.
                self.project.chmod(0o755)
            self.folder.chmod(PRIVATE_FOLDER)
        except OSError as error:
            finding = Finding(
                thing=f"folder {self.folder}",
                expected="a folder that the deploy user owns",
                seen=str(error),
                remedy="Run playbooks/bootstrap.yml on this host, or set stack_root.",
            )
            raise SlipwayError([finding]) from error

    def stage(
        self, building: Path, record: ReleaseRecord, bundle: FileBundle, gate: Mapping[str, Any], lock: str
    ) -> None:
        """Complete the folder of a release, whose files `unpack_files` wrote; it appears whole.

        Args:
            building: folder whose sub-folder `files` is written already, in the folder of releases.
            record: the release.
            bundle: its files and environment.
            gate: what the gate is to check, for the day when this release is gone back to.
            lock: text of the image lock.
        """
        _write(building / ENVIRONMENT_SCRIPT, _encoded(environment_script(bundle.env)), PRIVATE_FILE)
        _write(building / ENVIRONMENT_FILE, _json(dict(bundle.env)), PRIVATE_FILE)
        _write(building / GATE_FILE, _json(dict(gate)), PRIVATE_FILE)
        _write(building / PINS_FILE, lock.encode(), PRIVATE_FILE)
        _write(building / RECORD_FILE, record.to_json().encode(), PRIVATE_FILE)
        for folder in (building, *(path for path in building.rglob("*") if path.is_dir())):
            sync_folder(folder)
        target = self.release_folder(record.id)
        if target.exists():
            shutil.rmtree(target)
        building.rename(target)
        sync_folder(self.releases)

    def building_folder(self) -> Path:
        """Return a new private folder for a release that is being staged."""
        return Path(tempfile.mkdtemp(prefix=".staging-", dir=self.releases))

    def write(self, release: str, name: str, text: str, mode: int = PRIVATE_FILE) -> Path:
        """Write one file into a release's folder, atomically, and return its path."""
        path = self.release_folder(release) / name
        replace(path, _encoded(text), mode)
        return path

    def write_json(self, release: str, name: str, document: Mapping[str, Any]) -> None:
        """Write one JSON document into a release's folder, atomically."""
        replace(self.release_folder(release) / name, _json(dict(document)), PRIVATE_FILE)

    def remove(self, release: str) -> None:
        """Remove the folder of a release."""
        # Renamed first: a release's folder is there whole, or not at all.
        folder = self.release_folder(release)
        if folder.exists():
            doomed = self.releases / f".removing-{release}"
            folder.rename(doomed)
            shutil.rmtree(doomed, ignore_errors=True)

    def sweep(self) -> None:
        """Remove what an interrupted staging or removal left."""
        for left in [*self.releases.glob(".staging-*"), *self.releases.glob(".removing-*")]:
            shutil.rmtree(left, ignore_errors=True)
        for file in self.folder.glob(f"{TEMPORARY}*"):
            file.unlink(missing_ok=True)

    def activate(self, files: Sequence[ReleaseFile], release: str, replaced: Sequence[ReleaseFile]) -> Activation:
        """Put a release's files into the project folder, see `activation.activate`.

        Args:
            files: files of the release.
            release: its ID.
            replaced: files of the releases whose files lie there.

        Raises:
            SlipwayError: what could not be put into its place.
        """
        return activate(self.folder, release, files, replaced)

    def drift(self, files: Iterable[ReleaseFile]) -> list[str]:
        """Return the paths in the project folder where something else than these files is, as far as one may look."""
        return astray(self.folder, files)

    def damage(self, record: ReleaseRecord) -> list[str]:
        """Return the paths in a release's folder whose content is not what its record says.

        Raises:
            SlipwayError: its environment cannot be read.
        """
        folder = self.release_folder(record.id)
        wrong = [
            f"files/{one.path}" for one in record.files if regular_sha256(folder / "files" / one.path) != one.sha256
        ]
        environment = self.folder_of(record.id).environment
        if content_sha256(record.files, environment, record.compose_files) != record.content_sha256:
            wrong.append(ENVIRONMENT_FILE)
        pins = None
        with suppress(OSError):
            pins = pinned_images(self.pins_file(record.id).read_bytes())
        return wrong if pins == record.images else [*wrong, PINS_FILE]

    def sealed(self, record: ReleaseRecord) -> tuple[tuple[str, str], ...]:
        """Return what the way back to a release needs of its folder: (path in the stack's folder, SHA-256 in hex).

        The file for the shell is written anew if it does not say what the environment does.

        Raises:
            SlipwayError: its environment cannot be read.
        """
        folder = f"releases/{record.id}"
        script = environment_script(self.folder_of(record.id).environment)
        wanted = text_sha256(script)
        if regular_sha256(self.release_folder(record.id) / ENVIRONMENT_SCRIPT) != wanted:
            self.write(record.id, ENVIRONMENT_SCRIPT, script)
        return (
            (f"{folder}/{ENVIRONMENT_SCRIPT}", wanted),
            (f"{folder}/{PINS_FILE}", regular_sha256(self.pins_file(record.id))),
            *((f"{folder}/files/{file.path}", file.sha256) for file in record.files),
        )

    def current(self) -> str | None:
        """Return the ID of the last confirmed release, None before the first."""
        try:
            release = self._current.readlink().name
        except OSError:
            return None
        return release if RELEASE_ID.fits(release) else None

    def set_current(self, release: str) -> None:
        """Make a release the confirmed one, atomically; `rollback.sh` does the same on the way back."""
        link = self.folder / ".current-new"
        link.unlink(missing_ok=True)
        link.symlink_to(Path("releases") / release)
        link.replace(self._current)
        sync_folder(self.folder)

    def kept(self) -> list[str]:
        """Return the IDs of the releases whose folders are there, oldest first."""
        return kept_releases(self.releases)

    def folder_of(self, release: str) -> ReleaseFolder:
        """Return what lies in the folder of a release; nothing is read yet."""
        return ReleaseFolder(self.release_folder(release))

    def read_text(self, name: str) -> tuple[str, float] | None:
        """Return a file of the stack's folder and when it was last changed (epoch), None if it is not there."""
        path = self.folder / name
        try:
            return path.read_text(errors="replace"), path.stat().st_mtime
        except OSError:
            return None

    def write_file(self, name: str, document: Mapping[str, Any]) -> None:
        """Write one JSON document into the stack's folder, atomically."""
        replace(self.folder / name, _json(dict(document)), PRIVATE_FILE)

    def remove_file(self, name: str) -> None:
        """Remove a file of the stack's folder, if it is there."""
        (self.folder / name).unlink(missing_ok=True)

    def entries(self) -> tuple[journal.JournalEntry, ...]:
        """Return the journal's entries.

        Raises:
            SlipwayError: it cannot be read.
        """
        return journal.parse(self._journal_text())

    def journal_findings(self) -> list[Finding]:
        """Return a finding for each of the journal's lines that is damaged: nobody knows what it said.

        Raises:
            SlipwayError: it cannot be read.
        """
        expected, seen = "what happened to a release, as JSON", "something else"
        remedy = "Correct that line, or remove it if it does not count any more; scripts/status.sh shows the others."
        numbers = journal.damaged_lines(self._journal_text())
        return [Finding(f"line {one} of {self._journal}", expected, seen, remedy) for one in numbers]

    def _journal_text(self) -> str:
        try:
            return self._journal.read_text(errors="replace")
        except (FileNotFoundError, NotADirectoryError):
            return ""
        except OSError as error:
            seen = error.strerror or str(error)
            remedy = "Make it a file that the deploy user can read and write: it says what was done here."
            raise SlipwayError(
                [Finding(f"journal {self._journal}", "a file that can be read", seen, remedy)]
            ) from error

    def note(self, release: str, event: str, detail: str = "") -> None:
        """Append a line to the journal and see it on the disk.

        Raises:
            SlipwayError: it cannot be written; then nothing may follow from it.
        """
        line = journal.JournalEntry(now(), self.run, release, event, detail or self.by).line().encode()
        try:
            begun = self._journal.exists()
            _append(self._journal, line)
            if not begun:
                sync_folder(self.folder)
        except OSError as error:
            remedy = "Free disk space on this host; the next run, or scripts/recover.sh, settles what is open."
            raise SlipwayError([Finding(f"journal {self._journal}", "room for a line", str(error), remedy)]) from error


def unpack_files(bundle: FileBundle, folder: Path) -> None:
    """Write a bundle's files below a folder, for the eyes of this user only.

    Raises:
        SlipwayError: with every file that the host's file system cannot take.
    """
    findings: list[Finding] = []
    for file in bundle.files:
        path = folder / file.path
        try:
            path.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
            _write(path, file.content, 0o700 if file.executable else PRIVATE_FILE)
        except OSError as error:
            if error.errno not in _NO_NAME:
                raise
            remedy = "Rename it in the stack's folder, or name it in .slipwayignore."
            expected = "a name that this host's file system allows, and no folder of the same name"
            findings.append(Finding(f"file {file.path}", expected, error.strerror or str(error), remedy))
    if findings:
        raise SlipwayError(findings)


def text_sha256(text: str) -> str:
    """Return the SHA-256, in hex, of a text as it is written here."""
    return hashlib.sha256(_encoded(text)).hexdigest()


def replace(path: Path, content: bytes, mode: int) -> None:
    """Write a file so that readers see the old content or the new, whatever happens meanwhile."""
    handle, name = tempfile.mkstemp(prefix=".new-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def make_folder(folder: Path) -> None:
    """Make a private folder with those above it, and see them on the disk."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """See on the disk what was made, renamed or removed in a folder."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _append(path: Path, line: bytes) -> None:
    with os.fdopen(os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, PRIVATE_FILE), "r+b") as file:
        end = file.seek(0, os.SEEK_END)
        if end:
            file.seek(end - 1)
            # A crash can leave half a line; the next one must not be lost with it.
            line = line if file.read(1) == b"\n" else b"\n" + line
        file.write(line)
        file.flush()
        os.fsync(file.fileno())


def _write(path: Path, content: bytes, mode: int) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _encoded(text: str) -> bytes:
    # The name of a file may be no UTF-8; Python keeps its bytes like this.
    return text.encode("utf-8", "surrogateescape")


def _json(document: dict[str, Any]) -> bytes:
    return (json.dumps(document, indent=2, sort_keys=True) + "\n").encode()
