# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files put into a container before it starts."""

from __future__ import annotations

import io
import tarfile
from dataclasses import dataclass

from tests.fleet.command import run


@dataclass(frozen=True)
class PlacedFile:
    """One file, owned by root, to be put into a container.

    Attributes:
        path: where, absolute.
        content: its bytes.
        mode: its rights.
        link_to: what it is a symbolic link to, if it is one.
    """

    path: str
    content: bytes = b""
    mode: int = 0o644
    link_to: str = ""


def put_files(container: str, files: list[PlacedFile]) -> None:
    """Put the files into a container, which may be stopped."""
    run(["docker", "cp", "-", f"{container}:/"], stdin=pack(files))


def pack(files: list[PlacedFile]) -> bytes:
    """Return the files, with the folders that hold them, as a tar archive."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for file in files:
            entry = tarfile.TarInfo(file.path.lstrip("/"))
            entry.size = len(file.content)
            entry.mode = file.mode
            if file.link_to:
                entry.type, entry.linkname = tarfile.SYMTYPE, file.link_to
            archive.addfile(entry, io.BytesIO(file.content))
    return buffer.getvalue()
