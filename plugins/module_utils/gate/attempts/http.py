# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One attempt of a check of type http (I/O)."""

from __future__ import annotations

import socket
import ssl
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ...core.libraries import load_library
from ...stack.check_types.http import answer_faults, excerpt
from .outcome import Outcome

if TYPE_CHECKING:
    from ...stack.check_types.http import HttpProbe
    from .outcome import Surroundings

MOST_BODY_BYTES = 1024 * 1024
_CHUNK_BYTES = 8192
_DAY_S = 86400


def attempt_http(probe: HttpProbe, surroundings: Surroundings, timeout_s: float) -> Outcome:
    """Send the request once and judge the answer.

    Neither proxies nor passwords of the environment (`*_PROXY`, `.netrc`) are used: the check asks whom it names.
    """
    requests = load_library("requests")
    if not probe.validate_certs:
        # Who turned verification off need not be warned of it at every attempt.
        urllib3 = load_library("urllib3")
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    ends_at = time.monotonic() + timeout_s
    verify = (probe.ca_path or requests.certs.where()) if probe.validate_certs else False
    try:
        with requests.Session() as session:
            session.trust_env = False
            status, body = _ask(session, probe, verify, ends_at)
        faults = answer_faults(probe, status, body, surroundings.masker)
        if probe.min_cert_days is not None:
            faults += _certificate_faults(probe, str(verify), ends_at - time.monotonic())
    except (requests.RequestException, OSError, ValueError) as error:
        return Outcome(passed=False, seen=_reason(error))
    if faults:
        shown = excerpt(surroundings.masker.mask(body))
        return Outcome(passed=False, seen="; ".join(faults) + f"; body: {shown or '(empty)'}")
    return Outcome(passed=True, seen=f"status {status}")


def _ask(session: Any, probe: HttpProbe, verify: object, ends_at: float) -> tuple[int, str]:  # noqa: ANN401
    body = bytearray()
    with session.request(
        probe.method,
        probe.url,
        headers=dict(probe.headers),
        data=None if probe.body is None else probe.body.encode(),
        allow_redirects=probe.follow_redirects,
        verify=verify,
        timeout=max(ends_at - time.monotonic(), 0.1),
        stream=True,
    ) as response:
        for chunk in response.iter_content(_CHUNK_BYTES):
            body += chunk
            if time.monotonic() > ends_at:
                raise TimeoutError(f"status {response.status_code}, but the body did not end in time")
            if len(body) > MOST_BODY_BYTES:
                break
        encoding = response.encoding or "utf-8"
        status = int(response.status_code)
    try:
        return status, bytes(body[:MOST_BODY_BYTES]).decode(encoding, errors="replace")
    except LookupError:
        return status, bytes(body[:MOST_BODY_BYTES]).decode("utf-8", errors="replace")


def _certificate_faults(probe: HttpProbe, ca_path: str, timeout_s: float) -> list[str]:
    ca_is_folder = Path(ca_path).is_dir()
    context = ssl.create_default_context(
        cafile=None if ca_is_folder else ca_path, capath=ca_path if ca_is_folder else None
    )
    host = urlsplit(probe.url).hostname or ""
    with (
        socket.create_connection((host, probe.asked_port), timeout=max(timeout_s, 0.1)) as plain,
        context.wrap_socket(plain, server_hostname=host) as connection,
    ):
        certificate = connection.getpeercert() or {}
    days = (ssl.cert_time_to_seconds(str(certificate["notAfter"])) - time.time()) / _DAY_S
    if probe.min_cert_days is not None and days < probe.min_cert_days:
        return [f"a certificate that expires in {days:.1f} days, on {certificate['notAfter']}"]
    return []


def _reason(error: BaseException) -> str:
    """Return the innermost cause of a failed request; the layers around it only repeat it."""
    cause: Any = error
    for _layer in range(8):
        inner = getattr(cause, "reason", None) or next((arg for arg in cause.args if isinstance(arg, Exception)), None)
        if not isinstance(inner, Exception):
            break
        cause = inner
    # urllib3 puts the object before its sentence: "<...object at 0x7f...>: Failed to ..."
    text = str(cause).rpartition("object at 0x")[2].partition(">: ")
    return f"no answer: {text[2] or str(cause) or type(cause).__name__}"
