# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guestbook's entries in PostgreSQL."""

from __future__ import annotations

import queue
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg2

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from psycopg2.extensions import connection, cursor

    from guestbook.settings import Settings

COLOURS = ("sea", "leaf", "sun", "rose", "plum")
POOL_SIZE = 8
WAIT_SECONDS = 2


class DatabaseError(Exception):
    """The database refused a statement."""


class DatabaseAwayError(DatabaseError):
    """The database cannot be reached, or is busy; it may well answer soon."""


@dataclass(frozen=True)
class Entry:
    """One line in the book."""

    number: int
    author: str
    message: str
    written_at: datetime
    colour: str | None


def connect(settings: Settings) -> connection:
    """Open one connection, giving up soon when the database is away."""
    return psycopg2.connect(
        host=settings.database_host,
        dbname=settings.database_name,
        user=settings.database_user,
        password=settings.database_password,
        connect_timeout=WAIT_SECONDS,
        application_name=f"guestbook {settings.version}",
        options="-c statement_timeout=5000",
    )


def first_line(error: psycopg2.Error) -> str:
    """Return what went wrong without the statement that follows it."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


class Database:
    """Entries, over a bounded set of connections that are replaced when they break."""

    def __init__(self, settings: Settings) -> None:
        """Open nothing yet: the first request does."""
        self._settings = settings
        self._slots: queue.LifoQueue[connection | None] = queue.LifoQueue()
        for _number in range(POOL_SIZE):
            self._slots.put(None)

    def check(self) -> None:
        """Raise unless the database answers."""
        with self._cursor() as cursor:
            cursor.execute("SELECT 1")

    def entries(self, limit: int = 200) -> list[Entry]:
        """Return the newest entries, newest first."""
        colour = "colour" if self._settings.has_colours else "NULL"
        if self._settings.fault == "http-500":
            colour = "mood"
        statement = f"SELECT id, author, message, written_at, {colour} FROM entries ORDER BY id DESC LIMIT %s"  # noqa: S608
        with self._cursor() as cursor:
            cursor.execute(statement, (limit,))
            return [Entry(*row) for row in cursor.fetchall()]

    def add(self, author: str, message: str, colour: str) -> None:
        """Write one entry."""
        with self._cursor() as cursor:
            if self._settings.has_colours:
                statement = "INSERT INTO entries (author, message, colour) VALUES (%s, %s, %s)"
                cursor.execute(statement, (author, message, colour))
            else:
                cursor.execute("INSERT INTO entries (author, message) VALUES (%s, %s)", (author, message))

    @contextmanager
    def _cursor(self) -> Iterator[cursor]:
        """Lend a cursor inside a transaction; a connection that failed is not used again."""
        try:
            link = self._slots.get(timeout=WAIT_SECONDS)
        except queue.Empty:
            message = f"all {POOL_SIZE} database connections are busy"
            raise DatabaseAwayError(message) from None
        usable = None
        try:
            if link is None or link.closed:
                link = connect(self._settings)
            with link, link.cursor() as lent:
                yield lent
            usable = link
        except psycopg2.Error as error:
            if link is not None:
                link.close()
            away = isinstance(error, (psycopg2.OperationalError, psycopg2.InterfaceError))
            if away:
                self._close_idle()
            raise (DatabaseAwayError if away else DatabaseError)(first_line(error)) from error
        finally:
            self._slots.put(usable)

    def _close_idle(self) -> None:
        """Close the connections that nobody uses: what broke one has broken them all, and each would fail a request."""
        idle = 0
        for _number in range(POOL_SIZE):
            try:
                link = self._slots.get_nowait()
            except queue.Empty:
                break
            if link is not None:
                link.close()
            idle += 1
        for _number in range(idle):
            self._slots.put(None)
