# SPDX-License-Identifier: GPL-3.0-or-later
"""The guestbook as a visitor sees it, and the registry as an engine sees it: over HTTP, past any proxy settings."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING, Self
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

from scripts.demonstration.engine import DemoError

if TYPE_CHECKING:
    from types import TracebackType

OPENER = build_opener(ProxyHandler({}))
ANSWER_SECONDS = 5
MANIFESTS = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
)


class Guestbook:
    """One guestbook."""

    def __init__(self, port: int) -> None:
        """Know where it answers."""
        self.url = f"http://127.0.0.1:{port}/"

    def version(self) -> str:
        """Return the version that serves."""
        return str(json.loads(_get(self.url + "healthz")).get("version"))

    def messages(self) -> list[str]:
        """Return the messages of all entries."""
        return [str(entry["message"]) for entry in json.loads(_get(self.url + "entries.json"))]

    def write(self, message: str) -> None:
        """Write an entry as the page's form does."""
        form = urlencode({"author": "Slipway demo", "message": message, "colour": "sea"}).encode()
        _get(self.url + "entries", form)


def registry_digest(registry: str, repository: str, tag: str) -> str:
    """Return the digest that a tag has in the registry."""
    url = f"http://{registry}/v2/{repository}/manifests/{tag}"
    request = Request(url, method="HEAD", headers={"Accept": ", ".join(MANIFESTS)})
    try:
        with OPENER.open(request, timeout=ANSWER_SECONDS) as answer:
            return str(answer.headers["Docker-Content-Digest"])
    except OSError as error:
        raise DemoError(f"{url}: expected an answer, seen: {error}") from error


def _get(url: str, form: bytes | None = None) -> bytes:
    try:
        with OPENER.open(url, data=form, timeout=ANSWER_SECONDS) as answer:
            return bytes(answer.read())
    except HTTPError as error:
        raise DemoError(f"{url}: expected an answer with status 200, seen: {error.code} {error.reason}") from error
    except OSError as error:
        raise DemoError(f"{url}: expected an answer, seen: {error}") from error


class Visitor:
    """Asks for the page again and again, and knows for how long it was away."""

    INTERVAL_SECONDS = 0.25

    def __init__(self, url: str) -> None:
        """Know the page."""
        self.longest_away = 0.0
        self._url = url
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)

    def _ask(self) -> None:
        answered = time.monotonic()
        while not self._over.wait(self.INTERVAL_SECONDS):
            try:
                _get(self._url)
            except DemoError:
                continue
            now = time.monotonic()
            self.longest_away = max(self.longest_away, now - answered - self.INTERVAL_SECONDS)
            answered = now

    def __enter__(self) -> Self:
        """Begin to ask."""
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Ask no more."""
        self._over.set()
        self._thread.join(timeout=2 * ANSWER_SECONDS)
