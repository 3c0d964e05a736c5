# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the service is told by its image, its environment and its secret file."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass, field
from pathlib import Path

SERVICE_USER = "guestbook"


class SettingError(Exception):
    """A setting is missing or cannot be read."""


@dataclass(frozen=True)
class Settings:
    """Everything that a start of the service depends on."""

    version: str
    fault: str
    title: str
    database_host: str
    database_name: str
    database_user: str
    database_password: str = field(repr=False)

    @property
    def has_colours(self) -> bool:
        """Entries have a colour and show their time since version 1.1."""
        return _release_number(self.version) >= (1, 1)


def read_settings() -> Settings:
    """Read the environment and the secret file."""
    return Settings(
        version=_required("GUESTBOOK_VERSION"),
        fault=os.environ.get("GUESTBOOK_FAULT", ""),
        title=os.environ.get("GUESTBOOK_TITLE") or "Guestbook",
        database_host=_required("DATABASE_HOST"),
        database_name=_required("DATABASE_NAME"),
        database_user=_required("DATABASE_USER"),
        database_password=_read_secret(Path(_required("DATABASE_PASSWORD_FILE"))),
    )


def drop_privileges() -> None:
    """Become the service's own user; root was only needed to read the secret."""
    if os.geteuid() != 0:
        return
    account = pwd.getpwnam(SERVICE_USER)
    os.setgroups([])
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)


def _required(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        message = f"cannot read setting {name}: the environment variable is not set"
        raise SettingError(message)
    return value


def _read_secret(path: Path) -> str:
    try:
        secret = path.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        message = f"cannot read secret {path}: {error.strerror}"
        raise SettingError(message) from error
    if not secret:
        message = f"cannot use secret {path}: the file is empty"
        raise SettingError(message)
    return secret


def _release_number(version: str) -> tuple[int, ...]:
    release = version.split("-", 1)[0]
    return tuple(int(part) for part in release.split(".") if part.isdigit())
