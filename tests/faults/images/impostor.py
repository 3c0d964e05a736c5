# SPDX-License-Identifier: GPL-3.0-or-later
"""Passes requests on to a registry, but spoils what its argument names: blobs, manifests, second-pull or stalls."""

from __future__ import annotations

import base64
import http.client
import ssl
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ADDRESS, USER, PASSWORD = Path("/upstream").read_text(encoding="utf-8").split()
TRUST = ssl.create_default_context(cafile="/ca.crt")
# The fleet's authority has not all that the newest Pythons ask for.
TRUST.verify_flags &= ~ssl.VERIFY_X509_STRICT
SPOILS = sys.argv[1] if len(sys.argv) > 1 else ""
KEPT = {"content-type", "docker-content-digest", "docker-distribution-api-version", "etag"}
LONG_S = 3600.0
#: What is smaller is no layer of an image with a payload: the plan asks for such blobs as well.
LAYER_BYTES = 100_000
#: Repositories in the order in which something of them was pulled.
PULLED: list[str] = []


class Impostor(BaseHTTPRequestHandler):
    """Answers one request after the other of a connection."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Ask the registry, and answer."""
        upstream = http.client.HTTPSConnection(ADDRESS, context=TRUST, timeout=30)
        secret = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        accepts = ", ".join(self.headers.get_all("Accept") or ["*/*"])
        upstream.request(self.command, self.path, headers={"Authorization": f"Basic {secret}", "Accept": accepts})
        reply = upstream.getresponse()
        headers = {name: value for name, value in reply.getheaders() if name.lower() in KEPT}
        length, body = reply.headers.get("Content-Length", "0"), reply.read()
        self._answer(*(self._spoiled(headers, body) or (reply.status, headers, body)), length)

    def do_HEAD(self) -> None:
        """Do the same without a body."""
        self.do_GET()

    def _spoiled(self, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes] | None:
        kind, repository = _about(self.path)
        if SPOILS == "manifests" and kind == "manifests":
            return 200, {"Content-Type": "text/html"}, b"<html>Welcome to the wireless network of this hotel</html>"
        if kind != "blobs" or len(body) < LAYER_BYTES:
            return None
        if SPOILS == "blobs":
            return 200, headers, bytes(len(body))
        if SPOILS == "second-pull":
            if repository not in PULLED:
                PULLED.append(repository)
            if repository != PULLED[0]:
                denied = b'{"errors": [{"code": "DENIED", "message": "requested access to the resource is denied"}]}'
                return 403, {"Content-Type": "application/json"}, denied
        return None

    def _answer(self, status: int, headers: dict[str, str], body: bytes, length: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", length if self.command == "HEAD" else str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        if SPOILS == "stalls" and len(body) >= LAYER_BYTES:
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            time.sleep(LONG_S)
            return
        self.wfile.write(body)


def _about(path: str) -> tuple[str, str]:
    """Return what a request is for, and of which repository."""
    for kind in ("manifests", "blobs"):
        repository, found, _reference = path.partition(f"/{kind}/")
        if found:
            return kind, repository
    return "", ""


def main() -> None:
    """Serve until the container is removed."""
    server = ThreadingHTTPServer(("", 5000), Impostor)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain("/tls.crt", "/tls.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
