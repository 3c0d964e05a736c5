# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a test host reaches Debian's packages: the way this machine does."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from tests.fleet.command import attempt
from tests.fleet.file_tree import PlacedFile

SOURCES = Path("/etc/apt")
AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
_MIRROR = re.compile(r"^(?:URIs:|deb(?:\s+\[[^]]*\])?)\s+(\S+/debian)/?(?:\s|$)", re.MULTILINE)
_OPTION = re.compile(r"^Acquire::(?:https?::|Check-|Retries|ForceIPv).*;$", re.MULTILINE)


@cache
def package_source(suite: str) -> tuple[PlacedFile, ...]:
    """Return the files that let apt work in a host of this Debian suite."""
    options = attempt(["apt-config", "dump"]).stdout.decode(errors="replace")
    files = [PlacedFile("/etc/apt/apt.conf.d/99fleet", ("\n".join(_OPTION.findall(options)) + "\n").encode())]
    mirror = _mirror()
    if mirror is not None:
        files.append(PlacedFile("/etc/apt/sources.list", f"deb {mirror} {suite} main\n".encode()))
    if AUTHORITIES.exists():
        files.append(PlacedFile(str(AUTHORITIES), AUTHORITIES.read_bytes()))
    return tuple(files)


def _mirror() -> str | None:
    """Return the Debian mirror of this machine; without one the host keeps the source that debootstrap gave it."""
    candidates = [SOURCES / "sources.list", *sorted((SOURCES / "sources.list.d").glob("*"))]
    for path in candidates:
        if path.is_file() and (found := _MIRROR.search(path.read_text(errors="replace"))):
            return found.group(1)
    return None
