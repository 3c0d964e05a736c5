# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one-shot job: brings the database to the tables that this version needs, and does nothing when they are there."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg2

from guestbook.container_log import log
from guestbook.database import connect, first_line
from guestbook.settings import SettingError, Settings, drop_privileges, read_settings

if TYPE_CHECKING:
    from psycopg2.extensions import connection

FOLDER = Path("/opt/guestbook/migrations")
LOCK = 7361
HISTORY = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    name       text PRIMARY KEY,
    sha256     text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""


class MigrationError(Exception):
    """A migration failed, or is not the one that was applied before."""


def main() -> int:
    """Apply what is missing, each migration in its own transaction."""
    try:
        settings = read_settings()
        drop_privileges()
        _migrate(settings)
    except (SettingError, MigrationError) as error:
        log("ERROR", str(error))
        return 1
    except psycopg2.Error as error:
        log("ERROR", f"cannot migrate the database: {first_line(error)}")
        return 1
    return 0


def _migrate(settings: Settings) -> None:
    wanted = _migrations(settings)
    link = connect(settings)
    try:
        with link, link.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
            cursor.execute(HISTORY)
            cursor.execute("SELECT name, sha256 FROM schema_migrations")
            applied = dict(cursor.fetchall())
        for path in wanted:
            _apply(link, path, applied.get(path.stem))
    finally:
        link.close()
    for name in sorted(set(applied) - {path.stem for path in wanted}):
        log("INFO", f"{name} belongs to a newer version; version {settings.version} works with it")
    log("INFO", f"the database is ready for version {settings.version}")


def _migrations(settings: Settings) -> list[Path]:
    """Return the migrations of this version, in order."""
    paths = sorted(FOLDER.glob("*.sql"))
    if not settings.has_colours:
        paths = [path for path in paths if path.stem != "0002_entry_colour"]
    if settings.fault == "migration-fails":
        paths += sorted((FOLDER / "faulty").glob("*.sql"))
    return paths


def _apply(link: connection, path: Path, applied_sha256: str | None) -> None:
    statements = path.read_text(encoding="utf-8")
    sha256 = hashlib.sha256(statements.encode()).hexdigest()
    if applied_sha256 == sha256:
        return
    if applied_sha256 is not None:
        message = f"migration {path.stem} was changed after it had been applied: write a new migration instead"
        raise MigrationError(message)
    try:
        with link, link.cursor() as cursor:
            cursor.execute(statements)
            cursor.execute("INSERT INTO schema_migrations (name, sha256) VALUES (%s, %s)", (path.stem, sha256))
    except psycopg2.Error as error:
        message = f"migration {path.stem} failed and was undone: {first_line(error)}"
        raise MigrationError(message) from error
    log("INFO", f"applied migration {path.stem}")
