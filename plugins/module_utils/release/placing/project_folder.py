# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts a release's files into the project folder, whatever stands there (I/O).

Containers write there, too. So no link is followed, nothing but a regular file is read, and what may be data is kept.
`script.py` is the same for a shell.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from pathlib import Path, PurePosixPath

from ..record import ReleaseFile
from .script import BESIDE, DISPLACED_FOLDER, KEPT, PUT_BACK, TEMPORARY

_FOLDER_FLAGS = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Who opens a FIFO for reading waits for somebody who writes, but for this flag.
_READ_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_NEW_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_CHUNK_BYTES = 1 << 20
#: No release has a file as large as this; a container may have made one that nobody reads to its end.
_LARGEST_BYTES = 1 << 26


class ProjectFolder:
    """The folder `project` of a stack.

    Attributes:
        said: what was kept or put back, in words.
    """

    def __init__(self, stack_folder: Path, *, dry: bool = False) -> None:
        """Touch nothing yet.

        Args:
            stack_folder: the stack's folder.
            dry: whether to touch nothing at all, and only raise what would be raised.
        """
        self.said: list[str] = []
        self._stack = stack_folder
        self._dry = dry

    def in_place(self, file: ReleaseFile) -> bool | None:
        """Tell whether a file stands in its place; None if this user may not look.

        Raises:
            OSError: the file can be in no place.
        """
        try:
            with self._folder_of(file.path, make=False) as (folder, name):
                return folder is not None and self._is(folder, name, file)
        except PermissionError:
            return None

    def place(self, file: ReleaseFile, source: Path) -> bool:
        """Put a file into its place, and return whether it was not there yet.

        Raises:
            PermissionError: this user may not look or write there.
            OSError: it cannot be put there.
        """
        with self._folder_of(file.path, make=True) as (folder, name):
            if folder is None:
                return True
            with suppress(PermissionError):
                if self._is(folder, name, file):
                    return False
            _assert_writable(folder)
            found = _lstat(folder, name)
            if found is not None and stat.S_ISDIR(found.st_mode):
                self._make_room(folder, name, file.path)
            if not self._dry:
                self._write(folder, name, source.read_bytes(), file.mode)
        return True

    def gone(self, path: str) -> bool:
        """Remove a file that no release wants any more, and return whether there was one.

        A folder of that name is somebody's data, and stays.

        Raises:
            PermissionError: this user may not look or write there.
        """
        with self._folder_of(path, make=False) as (folder, name):
            found = _lstat(folder, name) if folder is not None else None
            if folder is None or found is None or stat.S_ISDIR(found.st_mode):
                return False
            _assert_writable(folder)
            if not self._dry:
                os.unlink(name, dir_fd=folder)
                _sync(folder)
        return True

    def bring_back(self) -> None:
        """Put back what was kept, the latest first, where nothing stands in its place any more.

        Raises:
            PermissionError: this user may not put all of it back.
        """
        displaced = self._stack / DISPLACED_FOLDER
        for kept in sorted(displaced.iterdir(), reverse=True) if displaced.is_dir() else ():
            with suppress(FileNotFoundError):
                self._bring_back(kept)

    def _bring_back(self, kept: Path) -> None:
        path = os.fsdecode((kept / "path").read_bytes())
        with self._folder_of(path, make=False) as (folder, name):
            if folder is None or _lstat(folder, name) is not None:
                return
            if (kept / "thing").exists():
                os.rename(kept / "thing", name, dst_dir_fd=folder)
            elif (kept / "beside").exists():
                with suppress(FileNotFoundError):
                    os.rename((kept / "beside").read_text(), name, src_dir_fd=folder, dst_dir_fd=folder)
            if _lstat(folder, name) is not None:
                self.said.append(f"{PUT_BACK}{path}.")
            _sync(folder)
        for left in kept.iterdir():
            left.unlink()
        kept.rmdir()

    @contextmanager
    def _folder_of(self, path: str, *, make: bool) -> Iterator[tuple[int | None, str]]:
        """Hold the folder of a file open; None if it is not there, and was not made."""
        *folders, name = PurePosixPath(path).parts
        top = self._stack / "project"
        if make and not self._dry and not top.exists():
            top.mkdir()
            top.chmod(0o755)
        try:
            here = os.open(top, _FOLDER_FLAGS)
        except FileNotFoundError:
            yield None, name
            return
        try:
            for depth, part in enumerate(folders):
                below = self._enter(here, part, "/".join(folders[: depth + 1]), make=make)
                if below is None:
                    yield None, name
                    return
                os.close(here)
                here = below
            yield here, name
        finally:
            os.close(here)

    def _enter(self, here: int, part: str, path: str, *, make: bool) -> int | None:
        found = _lstat(here, part)
        if found is None or not stat.S_ISDIR(found.st_mode):
            if not make:
                return None
            _assert_writable(here)
            if found is not None:
                self._make_room(here, part, path)
            if self._dry:
                return None
            os.mkdir(part, 0o700, dir_fd=here)
            folder = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=here)
            try:
                self._own(folder)
                os.fchmod(folder, 0o755)
                os.fsync(folder)
            finally:
                os.close(folder)
            _sync(here)
        return os.open(part, _FOLDER_FLAGS, dir_fd=here)

    def _is(self, folder: int, name: str, file: ReleaseFile) -> bool:
        found = _lstat(folder, name)
        if found is None or not stat.S_ISREG(found.st_mode):
            return False
        if found.st_uid == self._stack.stat().st_uid:
            if stat.S_IMODE(found.st_mode) != file.mode:
                return False
        elif bool(found.st_mode & stat.S_IXUSR) != file.executable:
            # Who took it over decides who reads it. That leaves whether it can be executed.
            return False
        return _sha256(name, folder) == file.sha256

    def _make_room(self, folder: int, name: str, path: str) -> None:
        """Let what holds nothing go; keep all else, which may be somebody's data."""
        found = os.lstat(name, dir_fd=folder)
        if found.st_dev != os.fstat(folder).st_dev:
            raise OSError(errno.EBUSY, "a file system is mounted there")
        if self._dry:
            return
        if stat.S_ISDIR(found.st_mode):
            if not _removed_empty(folder, name):
                self._keep(folder, name, path)
        elif stat.S_ISREG(found.st_mode) and found.st_size:
            self._keep(folder, name, path)
        else:
            os.unlink(name, dir_fd=folder)

    def _keep(self, folder: int, name: str, path: str) -> None:
        displaced = self._stack / DISPLACED_FOLDER
        displaced.mkdir(mode=0o700, exist_ok=True)
        word = secrets.token_hex(3)
        kept = displaced / f"{datetime.now(timezone.utc):%Y%m%dT%H%M%SZ}-{word}"
        kept.mkdir(mode=0o700)
        (kept / "path").write_bytes(os.fsencode(path))
        where = kept / "thing"
        try:
            os.rename(name, where, src_dir_fd=folder)
            said = str(where.relative_to(self._stack))
        except OSError:
            # Another user's folder cannot leave the folder that it is in, and nothing its file system.
            (kept / "beside").write_text(f"{BESIDE}{word}")
            os.rename(name, f"{BESIDE}{word}", src_dir_fd=folder, dst_dir_fd=folder)
            said = str(PurePosixPath("project", path).parent / f"{BESIDE}{word}")
        self.said.append(f"{KEPT}{path}: {said}")
        _sync(folder)

    def _write(self, folder: int, name: str, content: bytes, mode: int) -> None:
        try:
            # Where no container sees it, and what a crash leaves is swept away.
            self._write_from(os.open(self._stack, _FOLDER_FLAGS), folder, name, content, mode)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            self._write_from(os.dup(folder), folder, name, content, mode)
        _sync(folder)

    def _write_from(self, writing: int, folder: int, name: str, content: bytes, mode: int) -> None:
        temporary = f"{TEMPORARY}{secrets.token_hex(4)}"
        try:
            with os.fdopen(os.open(temporary, _NEW_FLAGS, 0o600, dir_fd=writing), "wb") as file:
                file.write(content)
                file.flush()
                self._own(file.fileno())
                os.fchmod(file.fileno(), mode)
                os.fsync(file.fileno())
            os.rename(temporary, name, src_dir_fd=writing, dst_dir_fd=folder)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary, dir_fd=writing)
            raise
        finally:
            os.close(writing)

    def _own(self, descriptor: int) -> None:
        # What root makes belongs to the deploy user, whose folder this is.
        if os.geteuid() == 0:
            owner = self._stack.stat()
            os.fchown(descriptor, owner.st_uid, owner.st_gid)


def regular_sha256(path: Path) -> str:
    """Return the SHA-256 of a regular file in hex, "" for anything else and for what this user may not read."""
    try:
        return _sha256(str(path), None)
    except OSError:
        return ""


def _sha256(name: str, folder: int | None) -> str:
    """Return the SHA-256 of a regular file in hex, "" for anything else.

    Raises:
        PermissionError: this user may not read it.
    """
    digest = hashlib.sha256()
    try:
        descriptor = os.open(name, _READ_FLAGS, dir_fd=folder)
    except PermissionError:
        raise
    except OSError:
        return ""
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode) or found.st_size > _LARGEST_BYTES:
            return ""
        for chunk in iter(lambda: file.read(_CHUNK_BYTES), b""):
            digest.update(chunk)
    return digest.hexdigest()


def _lstat(folder: int, name: str) -> os.stat_result | None:
    try:
        return os.lstat(name, dir_fd=folder)
    except FileNotFoundError:
        return None


def _assert_writable(folder: int) -> None:
    if not os.access(".", os.W_OK | os.X_OK, dir_fd=folder, effective_ids=True):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def _removed_empty(folder: int, name: str) -> bool:
    """Remove a folder with no file in it, and return whether it is gone."""

    def forbidden(error: OSError) -> None:
        raise error

    try:
        for _root, _folders, files, _descriptor in os.fwalk(name, dir_fd=folder, onerror=forbidden):
            if files:
                return False
        for _root, below, _files, descriptor in os.fwalk(name, topdown=False, dir_fd=folder, onerror=forbidden):
            for one in below:
                os.rmdir(one, dir_fd=descriptor)
        os.rmdir(name, dir_fd=folder)
    except OSError:
        return False
    return True


def _sync(folder: int) -> None:
    # A folder that may be written and not be read cannot be opened for this.
    with suppress(PermissionError):
        descriptor = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=folder)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
