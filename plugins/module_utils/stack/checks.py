# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks that a stack declares, and what their answers must look like."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Union
from urllib.parse import urlsplit, urlunsplit

from ..core.findings import Finding, SlipwayError
from ..core.libraries import load_library
from .fields import Fields

TARGET, CONTROLLER = "target", "controller"
_EXCERPT_LENGTH = 200
_COMMON = frozenset({"name", "type", "from", "timeout", "interval", "retries", "service"})
_HTTP = frozenset(
    {"url", "method", "headers", "body", "status", "body_regex", "jmespath", "follow_redirects", "validate_certs"}
    | {"ca_path", "min_cert_days"},
)
_KEYS = {
    "http": _COMMON | _HTTP,
    "tcp": _COMMON | {"host", "port"},
    "command": _COMMON | {"argv", "exit_codes"},
}


@dataclass(frozen=True)
class HttpProbe:
    """One HTTP request and what must be true of the answer."""

    url: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: str | None = field(default=None, repr=False)
    status: tuple[tuple[int, int], ...] = ((200, 299),)
    body_regex: str | None = None
    jmespath: str | None = None
    follow_redirects: bool = False
    validate_certs: bool = True
    ca_path: str | None = None
    min_cert_days: int | None = None

    @property
    def port(self) -> int:
        """The port that the request goes to."""
        parts = urlsplit(self.url)
        return parts.port or (443 if parts.scheme == "https" else 80)

    def expectation(self) -> str:
        """Say in one line what must be true."""
        parts = [f"status {status_text(self.status)}"]
        if self.body_regex is not None:
            parts.append(f"a body that matches /{self.body_regex}/")
        if self.jmespath is not None:
            parts.append(f"JSON for which {self.jmespath} is true")
        if self.min_cert_days is not None:
            parts.append(f"a certificate valid for at least {self.min_cert_days} days")
        return f"{self.method} {url_without_password(self.url)} answers with " + ", ".join(parts)


@dataclass(frozen=True)
class TcpProbe:
    """One connection that must be accepted."""

    host: str
    port: int

    def expectation(self) -> str:
        """Say in one line what must be true."""
        return f"{self.host}:{self.port} accepts a connection"


@dataclass(frozen=True)
class CommandProbe:
    """One command, on the host or in a service's first container, and the exit codes that mean success."""

    argv: tuple[str, ...]
    exit_codes: frozenset[int] = frozenset({0})

    def expectation(self) -> str:
        """Say in one line what must be true."""
        return f"{' '.join(self.argv)} ends with exit code {' or '.join(map(str, sorted(self.exit_codes)))}"


Probe = Union[HttpProbe, TcpProbe, CommandProbe]


@dataclass(frozen=True)
class Check:
    """A declared check: a probe, and how often and how long to try it.

    Attributes:
        name: what the user calls it.
        probe: what one attempt does.
        origin: where it runs, `target` or `controller`.
        service: the service whose container runs the command, or whose logs tell why the check failed.
        timeout_s: bound of one attempt.
        interval_s: pause between two attempts.
        retries: how many attempts it has; until the deadline if None.
    """

    name: str
    probe: Probe
    origin: str = TARGET
    service: str | None = None
    timeout_s: float = 5.0
    interval_s: float = 1.0
    retries: int | None = None


def parse_checks(raw: Iterable[Any]) -> list[Check]:
    """Turn declared checks into values.

    Raises:
        SlipwayError: with everything that is wrong in all of them.
    """
    findings: list[Finding] = []
    checks = [_parse_check(entry, number, findings) for number, entry in enumerate(raw, start=1)]
    seen: set[str] = set()
    for check in checks:
        if check is not None and check.name in seen:
            remedy = "Rename one of them."
            findings.append(Finding(f"check '{check.name}'", "a name of its own", "two checks with that name", remedy))
        if check is not None:
            seen.add(check.name)
    if findings:
        raise SlipwayError(findings)
    return [check for check in checks if check is not None]


def split_checks(checks: Iterable[Check]) -> tuple[list[Check], list[Check]]:
    """Return the checks that run on the target and those that run on the controller."""
    known = list(checks)
    return (
        [check for check in known if check.origin == TARGET],
        [check for check in known if check.origin == CONTROLLER],
    )


def url_without_password(url: str) -> str:
    """Return the URL without user name and password, fit to be printed."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def status_text(status: Iterable[tuple[int, int]]) -> str:
    """Return the accepted statuses as the user writes them."""
    return " or ".join(str(low) if low == high else f"{low}-{high}" for low, high in status)


def answer_faults(probe: HttpProbe, status: int, body: str) -> list[str]:
    """Return what is wrong with an HTTP answer; nothing if it is as it must be."""
    faults = []
    if not any(low <= status <= high for low, high in probe.status):
        faults.append(f"status {status}")
    if probe.body_regex is not None and re.search(probe.body_regex, body) is None:
        faults.append(f"a body that does not match /{probe.body_regex}/")
    if probe.jmespath is not None:
        faults.extend(_json_faults(probe.jmespath, body))
    return faults


def excerpt(text: str, length: int = _EXCERPT_LENGTH) -> str:
    """Return the beginning of a text as one line."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1] + "…"


def _json_faults(expression: str, body: str) -> list[str]:
    try:
        document = json.loads(body)
    except ValueError as error:
        return [f"a body that is no JSON ({error})"]
    jmespath = load_library("jmespath")
    try:
        result = jmespath.search(expression, document)
    except jmespath.exceptions.JMESPathError as error:
        return [f"JSON on which {expression} fails ({excerpt(str(error))})"]
    return [] if result else [f"JSON for which {expression} is {excerpt(json.dumps(result))}"]


def _parse_check(entry: object, number: int, findings: list[Finding]) -> Check | None:
    if not isinstance(entry, dict):
        seen = f"{type(entry).__name__} {entry!r}"
        findings.append(Finding(f"check number {number}", "a dictionary", seen, "Write it as a dictionary."))
        return None
    fields = Fields(entry, f"check '{entry['name']}'" if entry.get("name") else f"check number {number}")
    kind = fields.text("type", required=True, choices=tuple(_KEYS))
    fields.refuse_unknown(_KEYS.get(kind or "", frozenset(entry)))
    name = fields.text("name", required=True)
    probe = _parse_probe(kind, fields) if kind in _KEYS else None
    check = Check(
        name=name or f"number {number}",
        probe=probe or TcpProbe("", 0),
        origin=fields.text("from", choices=(TARGET, CONTROLLER)) or TARGET,
        service=fields.text("service"),
        timeout_s=fields.number("timeout", at_least=0.1, default=5.0),
        interval_s=fields.number("interval", at_least=0.05, default=1.0),
        retries=fields.integer("retries", at_least=1),
    )
    if kind == "command" and check.service and check.origin == CONTROLLER:
        fields.fault("service", "no service when it runs from the controller", repr(check.service))
    findings.extend(fields.findings)
    return None if fields.findings else check


def _parse_probe(kind: str | None, fields: Fields) -> Probe:
    if kind == "http":
        return _parse_http(fields)
    if kind == "tcp":
        port = fields.integer("port", at_least=1, at_most=65535, required=True)
        return TcpProbe(host=fields.text("host") or "127.0.0.1", port=port or 0)
    exit_codes = fields.integers("exit_codes", at_most=255)
    return CommandProbe(
        argv=tuple(fields.texts("argv", required=True)),
        exit_codes=frozenset(exit_codes) or frozenset({0}),
    )


def _parse_http(fields: Fields) -> HttpProbe:
    body, is_json = fields.body("body")
    headers = fields.text_pairs("headers")
    if is_json and "content-type" not in {key.lower() for key, _value in headers}:
        headers = (*headers, ("Content-Type", "application/json"))
    probe = HttpProbe(
        url=fields.url("url"),
        method=(fields.text("method") or "GET").upper(),
        headers=headers,
        body=body,
        status=fields.ranges("status", lowest=100, highest=599) or ((200, 299),),
        body_regex=fields.text("body_regex"),
        jmespath=fields.text("jmespath"),
        follow_redirects=fields.flag("follow_redirects", default=False),
        validate_certs=fields.flag("validate_certs", default=True),
        ca_path=fields.text("ca_path"),
        min_cert_days=fields.integer("min_cert_days", at_least=0),
    )
    _check_http(probe, fields)
    return probe


def _check_http(probe: HttpProbe, fields: Fields) -> None:
    if probe.body_regex is not None:
        try:
            re.compile(probe.body_regex)
        except re.error as error:
            fields.fault("body_regex", "a Python regular expression", f"{probe.body_regex!r} ({error})")
    if probe.jmespath is not None:
        jmespath = load_library("jmespath")
        try:
            jmespath.compile(probe.jmespath)
        except jmespath.exceptions.JMESPathError as error:
            fields.fault("jmespath", "a JMESPath expression", f"{probe.jmespath!r} ({excerpt(str(error))})")
    if probe.min_cert_days is not None and not (probe.url.startswith("https:") and probe.validate_certs):
        fields.fault("min_cert_days", "an https URL with validate_certs on", f"{probe.min_cert_days} without that")
