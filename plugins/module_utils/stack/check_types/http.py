# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks that send an HTTP request: what is declared, and how an answer is judged."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

from ...core.libraries import load_library
from ...core.masking import Masker
from ..fields import Fields
from .probe import CheckType, Probe

_EXCERPT_LENGTH = 200


@dataclass(frozen=True)
class HttpProbe(Probe):
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
    def asked_port(self) -> int:
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


def url_without_password(url: str) -> str:
    """Return the URL without user name and password, fit to be printed."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def status_text(status: Iterable[tuple[int, int]]) -> str:
    """Return the accepted statuses as the user writes them."""
    return " or ".join(str(low) if low == high else f"{low}-{high}" for low, high in status)


def answer_faults(probe: HttpProbe, status: int, body: str, masker: Masker) -> list[str]:
    """Return what is wrong with an HTTP answer; nothing if it is as it must be."""
    faults = []
    if not any(low <= status <= high for low, high in probe.status):
        faults.append(f"status {status}")
    if probe.body_regex is not None and re.search(probe.body_regex, body) is None:
        faults.append(f"a body that does not match /{probe.body_regex}/")
    if probe.jmespath is not None:
        faults.extend(_json_faults(probe.jmespath, body, masker))
    return faults


def excerpt(text: str, length: int = _EXCERPT_LENGTH) -> str:
    """Return the beginning of a text as one line."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1] + "…"


def _json_faults(expression: str, body: str, masker: Masker) -> list[str]:
    try:
        document = json.loads(body)
    except ValueError as error:
        return [f"a body that is no JSON ({error})"]
    jmespath = load_library("jmespath")
    try:
        result = jmespath.search(expression, document)
    except jmespath.exceptions.JMESPathError as error:
        return [f"JSON on which {expression} fails ({excerpt(masker.mask(str(error)))})"]
    return [] if result else [f"JSON for which {expression} is {excerpt(masker.mask(json.dumps(result)))}"]


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


HTTP = CheckType(
    {"url", "method", "headers", "body", "status", "body_regex", "jmespath", "follow_redirects", "validate_certs"}
    | {"ca_path", "min_cert_days"},
    _parse_http,
)
