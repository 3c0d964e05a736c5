"""Each kind of attempt, against real local servers and processes."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.core.cancellation import Cancellation
from ansible_collections.slipway.compose.plugins.module_utils.core.masking import Masker
from ansible_collections.slipway.compose.plugins.module_utils.gate.attempts.command import (
    MOST_OUTPUT_BYTES,
    OutputTail,
    run_on_host,
)
from ansible_collections.slipway.compose.plugins.module_utils.gate.attempts.http import MOST_BODY_BYTES, attempt_http
from ansible_collections.slipway.compose.plugins.module_utils.gate.attempts.outcome import Surroundings
from ansible_collections.slipway.compose.plugins.module_utils.gate.attempts.tcp import attempt_tcp
from ansible_collections.slipway.compose.plugins.module_utils.stack.check_types.command import CommandProbe
from ansible_collections.slipway.compose.plugins.module_utils.stack.check_types.http import HttpProbe
from ansible_collections.slipway.compose.plugins.module_utils.stack.check_types.tcp import TcpProbe

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NO_CANCELLATION = Cancellation()
HERE = Surroundings(None, "", None, NO_CANCELLATION)


class Answers(BaseHTTPRequestHandler):
    """Answers by path."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/slow":
            time.sleep(1.0)
        body = b'{"database": "up"}'
        if self.path == "/huge":
            body = b"a" * (MOST_BODY_BYTES + 10_000) + b"needle"
        self.send_response({"/500": 500, "/moved": 302}.get(self.path, 200))
        if self.path == "/moved":
            self.send_header("Location", "/")
        if self.path == "/odd":
            self.send_header("Content-Type", "text/plain; charset=no-such-charset")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers["Content-Length"]))
        body = f"{self.headers['X-Token']} {sent.decode()} {self.headers.get('Authorization')}".encode()
        self.send_response(201)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Keep the test's output clean."""


class Server(ThreadingHTTPServer):
    """Serves until the test ends; clients that hang up are what some tests are about."""

    daemon_threads = True

    def handle_error(self, *_args: object) -> None:
        """Keep the test's output clean."""


def serve(context: ssl.SSLContext | None = None) -> Server:
    server = Server(("127.0.0.1", 0), Answers)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    return server


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = serve()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Make a certificate for 127.0.0.1 that is valid for five days."""
    folder = tmp_path_factory.mktemp("tls")
    argv = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "5", "-subj", "/CN=localhost"]
    argv += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "cert.pem"]
    subprocess.run(argv, cwd=folder, check=True, capture_output=True)
    return folder / "cert.pem", folder / "key.pem"


@pytest.fixture(scope="module")
def tls_url(certificate: tuple[Path, Path]) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    server = serve(context)
    yield f"https://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("path", "rules", "passed", "seen"),
    [
        ("/", {}, True, "status 200"),
        ("/", {"jmespath": "database == 'up'"}, True, "status 200"),
        ("/500", {}, False, 'status 500; body: {"database": "up"}'),
        ("/500", {"status": ((500, 599),)}, True, "status 500"),
        ("/moved", {}, False, "status 302; body:"),
        ("/moved", {"follow_redirects": True}, True, "status 200"),
        ("/odd", {"body_regex": "database"}, True, "status 200"),
        ("/huge", {"body_regex": "^a+$"}, True, "status 200"),
        ("/huge", {"body_regex": "needle"}, False, "a body that does not match /needle/"),
        ("/slow", {}, False, "no answer within 0.5 s"),
    ],
)
def test_http_answers(url: str, path: str, rules: dict[str, Any], passed: bool, seen: str) -> None:  # noqa: FBT001
    began_at = time.monotonic()
    outcome = attempt_http(HttpProbe(url + path, **rules), HERE, 0.5)
    assert outcome.passed is passed
    assert outcome.seen.startswith(seen)
    assert time.monotonic() - began_at < 0.9


def test_http_sends_what_it_is_told_and_nothing_of_the_environment(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password hidden\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    probe = HttpProbe(url, "POST", (("X-Token", "abc"),), "ping", body_regex="^abc ping None$", status=((201, 201),))
    assert attempt_http(probe, HERE, 2.0).seen == "status 201"


def test_http_without_a_server_says_why() -> None:
    assert attempt_http(HttpProbe("http://127.0.0.1:1/"), HERE, 1.0).seen == "no answer: Connection refused"


def test_http_without_a_name_says_so_in_one_sentence() -> None:
    seen = attempt_http(HttpProbe("http://nobody.invalid:1/"), HERE, 1.0).seen
    assert seen.startswith("no answer: Failed to resolve 'nobody.invalid'")
    assert "0x" not in seen


def test_https_is_verified(tls_url: str, certificate: tuple[Path, Path]) -> None:
    refused = attempt_http(HttpProbe(tls_url), HERE, 2.0)
    assert not refused.passed
    assert "certificate verify failed" in refused.seen
    assert attempt_http(HttpProbe(tls_url, validate_certs=False), HERE, 2.0).passed
    assert attempt_http(HttpProbe(tls_url, ca_path=str(certificate[0])), HERE, 2.0).passed


def test_a_certificate_that_expires_too_soon_fails(tls_url: str, certificate: tuple[Path, Path]) -> None:
    assert attempt_http(HttpProbe(tls_url, ca_path=str(certificate[0]), min_cert_days=4), HERE, 2.0).passed
    outcome = attempt_http(HttpProbe(tls_url, ca_path=str(certificate[0]), min_cert_days=6), HERE, 2.0)
    assert not outcome.passed
    assert outcome.seen.startswith("a certificate that expires in 5.0 days, on ")


def test_a_missing_ca_file_is_named(tls_url: str) -> None:
    assert "/no/such/ca.pem" in attempt_http(HttpProbe(tls_url, ca_path="/no/such/ca.pem"), HERE, 2.0).seen


def test_tcp(url: str) -> None:
    assert attempt_tcp(TcpProbe("127.0.0.1", int(url.rpartition(":")[2])), HERE, 1.0).passed
    outcome = attempt_tcp(TcpProbe("127.0.0.1", 1), HERE, 1.0)
    assert outcome.seen == "no connection to 127.0.0.1:1: Connection refused"


@pytest.mark.parametrize(
    ("argv", "exit_codes", "passed", "seen", "output"),
    [
        (["sh", "-c", "echo fine"], {0}, True, "exit code 0", b"fine\n"),
        (["sh", "-c", "echo bad >&2; exit 3"], {0}, False, "exit code 3", b"bad\n"),
        (["sh", "-c", "exit 3"], {0, 3}, True, "exit code 3", b""),
        (["sh", "-c", "kill -9 $$"], {0}, False, "ended by signal 9", b""),
        (["echo", "$HOME; ls"], {0}, True, "exit code 0", b"$HOME; ls\n"),
        (["cat"], {0}, True, "exit code 0", b""),
    ],
)
def test_commands_on_the_host(argv: list[str], exit_codes: set[int], passed: bool, seen: str, output: bytes) -> None:  # noqa: FBT001
    outcome = run_on_host(CommandProbe(tuple(argv), frozenset(exit_codes)), 5.0, NO_CANCELLATION)
    assert (outcome.passed, outcome.seen, outcome.output) == (passed, seen, output)


def test_a_command_that_is_not_there() -> None:
    outcome = run_on_host(CommandProbe(("/no/such/command",)), 1.0, NO_CANCELLATION)
    assert outcome.seen.startswith("/no/such/command cannot be started: ")


def test_a_command_and_its_children_are_killed_in_time(tmp_path: Path) -> None:
    child = tmp_path / "child"
    script = f"sleep 60 & echo $! > {child}; echo waiting; sleep 60"
    outcome = run_on_host(CommandProbe(("sh", "-c", script)), 0.5, NO_CANCELLATION)
    assert outcome.seen == "still running after 0.5 s, so it was killed"
    assert outcome.output == b"waiting\n"
    assert_gone(int(child.read_text(encoding="utf-8")))


def test_a_command_that_leaves_a_child_behind_does_not_hang(tmp_path: Path) -> None:
    child = tmp_path / "child"
    outcome = run_on_host(CommandProbe(("sh", "-c", f"sleep 60 & echo $! > {child}")), 5.0, NO_CANCELLATION)
    assert outcome.passed
    assert_gone(int(child.read_text(encoding="utf-8")))


def test_a_cancelled_command_is_killed() -> None:
    cancellation = Cancellation()
    threading.Timer(0.2, cancellation.cancel).start()
    outcome = run_on_host(CommandProbe(("sleep", "60")), 30.0, cancellation)
    assert outcome.seen == "ended by signal 9"
    assert run_on_host(CommandProbe(("sleep", "60")), 30.0, cancellation).seen == "ended by signal 9"


def test_endless_output_is_bounded() -> None:
    probe = CommandProbe((sys.executable, "-c", "while True: print('y' * 999)"))
    outcome = run_on_host(probe, 0.5, NO_CANCELLATION)
    assert len(outcome.output) <= 2 * MOST_OUTPUT_BYTES
    tail = OutputTail()
    for number in range(MOST_OUTPUT_BYTES):
        tail.add(b"%07d\n" % number)
    assert tail.read().endswith(b"%07d\n" % (MOST_OUTPUT_BYTES - 1))
    assert len(tail.read()) <= 2 * MOST_OUTPUT_BYTES


def assert_gone(pid: int) -> None:
    for _look in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:  # noqa: PTH123
            if stat.read().rpartition(")")[2].split()[0] == "Z":
                return
        time.sleep(0.02)
    pytest.fail(f"process {pid} lives")


def test_a_command_gets_nothing_of_the_environment_that_it_does_not_need(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI_JOB_TOKEN", "hunter22")
    outcome = run_on_host(CommandProbe(("env",)), 5.0, NO_CANCELLATION)
    assert outcome.passed
    assert b"PATH=" in outcome.output
    assert b"CI_JOB_TOKEN" not in outcome.output


def test_a_body_is_masked_before_it_is_cut(url: str) -> None:
    secret = "a" * 300
    outcome = attempt_http(
        HttpProbe(f"{url}/huge", body_regex="needle"),
        Surroundings(None, "", None, NO_CANCELLATION, Masker([secret])),
        5.0,
    )
    assert "aaa" not in outcome.seen.partition("body: ")[2]


def test_an_output_that_is_cut_does_not_begin_with_half_a_line() -> None:
    tail = OutputTail()
    tail.add(b"first half of a secret " * MOST_OUTPUT_BYTES)
    tail.add(b"second half\nwhole\n")
    assert tail.read() == b"whole\n"
