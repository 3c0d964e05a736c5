# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One attempt of a check of type http (I/O)."""

from __future__ import annotations

import re
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
_LATE = "an answer whose body did not end in time"
_INNER = re.compile(
    r"<?[\w.]+(\([^)]*\))?( object at 0x[0-9a-f]+>)?: (?=Failed)"
    r"|Failed to establish a new connection: |\[Errno -?\d+\] "
)


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
        return Outcome(passed=False, seen=_reason(error, timeout_s))
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
                raise TimeoutError(_LATE)
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


def _reason(error: BaseException, timeout_s: float) -> str:
    """Return why a request failed: its innermost cause, since the layers around it only repeat it."""
    layers: list[Any] = [error]
    for _layer in range(8):
        cause = layers[-1]
        inner = getattr(cause, "reason", None) or next((arg for arg in cause.args if isinstance(arg, Exception)), None)
        if not isinstance(inner, Exception):
            break
        layers.append(inner)
    late = (load_library("requests").Timeout, socket.timeout, TimeoutError)
    if any(isinstance(one, late) for one in layers):
        return _LATE if str(error) == _LATE else f"no answer within {timeout_s:.3g} s"
    # The libraries put their objects and the numbers of errors before their sentences.
    text = _INNER.sub("", str(layers[-1]) or type(layers[-1]).__name__)
    return f"no answer: {text}"
