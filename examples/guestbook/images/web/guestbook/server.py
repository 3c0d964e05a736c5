# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests and answers."""

from __future__ import annotations

import json
import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from guestbook import faults, pages
from guestbook.container_log import log
from guestbook.database import COLOURS, Database, DatabaseAwayError, DatabaseError
from guestbook.settings import SettingError

if TYPE_CHECKING:
    from collections.abc import Callable

    from guestbook.settings import Settings

LARGEST_FORM = 16 * 1024
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class OpenRequests:
    """Counts the requests that are being answered."""

    def __init__(self) -> None:
        """Begin with none."""
        self._count = 0
        self._changed = threading.Condition()

    def __enter__(self) -> None:
        """Count one more."""
        with self._changed:
            self._count += 1

    def __exit__(self, *_: object) -> None:
        """Count one less."""
        with self._changed:
            self._count -= 1
            self._changed.notify_all()

    def wait_until_none(self, seconds: float) -> bool:
        """Return whether the last request ended in time."""
        with self._changed:
            return self._changed.wait_for(lambda: self._count == 0, timeout=seconds)


def _field(form: dict[str, list[str]], name: str) -> str:
    """Return a field's text; PostgreSQL takes no NUL."""
    return form.get(name, [""])[0].replace("\x00", "").strip()


class GuestbookServer(ThreadingHTTPServer):
    """Holds what every request needs."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], settings: Settings, database: Database) -> None:
        """Listen."""
        super().__init__(address, Handler)
        self.settings = settings
        self.database = database
        self.open_requests = OpenRequests()
        self._health_reason = ""

    def note_health(self, reason: str) -> None:
        """Log why the service is unhealthy when that changes, not at every probe."""
        if reason == self._health_reason:
            return
        self._health_reason = reason
        if reason:
            log("ERROR", f"unhealthy: {reason}")
        else:
            log("INFO", "healthy again")

    def handle_error(self, request: object, client_address: tuple[str, int]) -> None:  # noqa: ARG002
        """Log an error that no request expects in one line; that a client leaves early is none."""
        error = sys.exception()
        if not isinstance(error, (ConnectionError, TimeoutError)):
            log("ERROR", f"cannot answer {client_address[0]}: {error!r}")


class Handler(BaseHTTPRequestHandler):
    """Answers one connection's requests."""

    server: GuestbookServer
    protocol_version = "HTTP/1.1"
    server_version = "guestbook"
    sys_version = ""
    timeout = 10

    def do_GET(self) -> None:
        """Answer GET."""
        self._route(self._pages)

    def do_HEAD(self) -> None:
        """Answer HEAD as GET, without the body."""
        self._route(self._pages)

    def do_POST(self) -> None:
        """Answer POST."""
        self._route({"/entries": Handler._write_entry})

    def _route(self, routes: dict[str, Callable[[Handler], None]]) -> None:
        path = urlsplit(self.path).path
        with self.server.open_requests:
            try:
                routes.get(path, Handler._not_found)(self)
            except DatabaseError as error:
                log("ERROR", f"cannot answer {self.command} {path}: {error}")
                away = isinstance(error, DatabaseAwayError)
                status = HTTPStatus.SERVICE_UNAVAILABLE if away else HTTPStatus.INTERNAL_SERVER_ERROR
                self._page(status, "The guestbook cannot be read just now. Please try again soon.")

    def _show_book(self) -> None:
        book = pages.book(self.server.settings, self.server.database.entries())
        self._answer(HTTPStatus.OK, "text/html; charset=utf-8", book)

    def _show_style(self) -> None:
        self._answer(HTTPStatus.OK, "text/css; charset=utf-8", pages.style(self.server.settings))

    def _show_entries(self) -> None:
        entries = [
            {
                "id": entry.number,
                "author": entry.author,
                "message": entry.message,
                "written_at": entry.written_at.isoformat(),
                "colour": entry.colour,
            }
            for entry in self.server.database.entries()
        ]
        self._json(HTTPStatus.OK, entries)

    def _show_health(self) -> None:
        health = {"status": "ok", "version": self.server.settings.version, "database": "up"}
        try:
            faults.check_theme(self.server.settings.fault)
            self.server.database.check()
        except SettingError as error:
            health |= {"status": "failing", "reason": str(error)}
        except DatabaseError as error:
            health |= {"status": "failing", "database": "down", "reason": str(error)}
        self.server.note_health(health.get("reason", ""))
        self._json(HTTPStatus.OK if health["status"] == "ok" else HTTPStatus.SERVICE_UNAVAILABLE, health)

    def _write_entry(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > LARGEST_FORM:
            self.close_connection = True
            self._page(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A form of at most {LARGEST_FORM} bytes is expected.")
            return
        form = parse_qs(self.rfile.read(int(length)).decode("utf-8", "replace"))
        author, message, colour = (_field(form, name) for name in ("author", "message", "colour"))
        if not (0 < len(author) <= pages.LONGEST_AUTHOR and 0 < len(message) <= pages.LONGEST_MESSAGE):
            limits = f"a name of 1 to {pages.LONGEST_AUTHOR} characters and a message of 1 to {pages.LONGEST_MESSAGE}"
            self._page(HTTPStatus.BAD_REQUEST, f"An entry needs {limits}.")
            return
        self.server.database.add(author, message, colour if colour in COLOURS else COLOURS[0])
        self._answer(HTTPStatus.SEE_OTHER, "text/plain; charset=utf-8", "", {"Location": "/"})

    def _not_found(self) -> None:
        self.close_connection = True
        self._page(HTTPStatus.NOT_FOUND, "There is no such page in this guestbook.")

    def _page(self, status: HTTPStatus, message: str) -> None:
        self._answer(status, "text/html; charset=utf-8", pages.notice(self.server.settings, status.phrase, message))

    def _json(self, status: HTTPStatus, value: object) -> None:
        self._answer(status, "application/json", json.dumps(value, ensure_ascii=False) + "\n")

    def _answer(self, status: HTTPStatus, content_type: str, body: str, headers: dict[str, str] | None = None) -> None:
        content = body.encode()
        self.send_response(status)
        for name, value in (SECURITY_HEADERS | (headers or {})).items():
            self.send_header(name, value)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:  # noqa: ARG002
        """Log a request; the engine's health probe and the proxy's every second would drown the others."""
        if urlsplit(self.path).path != "/healthz":
            log("INFO", f"{self.command} {self.path} {int(code)}")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Log what the base class has to say."""
        log("WARNING", format % args)

    _pages: ClassVar[dict[str, Callable[[Handler], None]]] = {
        "/": _show_book,
        "/style.css": _show_style,
        "/entries.json": _show_entries,
        "/healthz": _show_health,
    }
