# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One attempt of each kind of check (I/O)."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable
from urllib.parse import urlsplit

from ..core.libraries import load_library
from ..stack.checks import CommandProbe, HttpProbe, TcpProbe, answer_faults, excerpt

if TYPE_CHECKING:
    import docker

    from ..core.cancellation import Cancellation

MOST_BODY_BYTES = 1024 * 1024
MOST_OUTPUT_BYTES = 64 * 1024
_CHUNK_BYTES = 8192
_DAY_S = 86400


@dataclass(frozen=True)
class Outcome:
    """How one attempt ended; not masked yet.

    Attributes:
        passed: whether everything was as it must be.
        seen: what the attempt met, in one line.
        output: what a command printed at the end.
    """

    passed: bool
    seen: str
    output: bytes = b""


class OutputTail:
    """Keeps the end of an output that may be endless."""

    def __init__(self) -> None:
        """Begin empty."""
        self._data = bytearray()

    def add(self, data: bytes) -> None:
        """Append, and drop what is too old."""
        self._data += data
        if len(self._data) > 2 * MOST_OUTPUT_BYTES:
            del self._data[:-MOST_OUTPUT_BYTES]

    def read(self) -> bytes:
        """Return what is kept."""
        return bytes(self._data)


def probe_tcp(probe: TcpProbe, timeout_s: float) -> Outcome:
    """Connect once."""
    try:
        with socket.create_connection((probe.host, probe.port), timeout=timeout_s):
            return Outcome(passed=True, seen="connected")
    except OSError as error:
        return Outcome(passed=False, seen=f"no connection to {probe.host}:{probe.port}: {error}")


def probe_http(probe: HttpProbe, timeout_s: float) -> Outcome:
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
        faults = answer_faults(probe, status, body)
        if probe.min_cert_days is not None:
            faults += _certificate_faults(probe, str(verify), ends_at - time.monotonic())
    except (requests.RequestException, OSError, ValueError) as error:
        return Outcome(passed=False, seen=_reason(error))
    if faults:
        return Outcome(passed=False, seen="; ".join(faults) + f"; body: {excerpt(body) or '(empty)'}")
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
        socket.create_connection((host, probe.port), timeout=max(timeout_s, 0.1)) as plain,
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


def run_on_host(probe: CommandProbe, timeout_s: float, cancellation: Cancellation) -> Outcome:
    """Run the command here, without a shell; nothing of its process group outlives the attempt."""
    try:
        # run_command belongs to a module, and knows neither time limits nor process groups.
        process = subprocess.Popen(  # pylint: disable=ansible-bad-function
            probe.argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        return Outcome(passed=False, seen=f"{probe.argv[0]} cannot be started: {error}")
    tail = OutputTail()
    reader = threading.Thread(target=_drain, args=(process, tail), daemon=True)
    reader.start()
    with cancellation.running(lambda: _kill_group(process.pid)):
        try:
            code: int | None = process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            code = None
        _kill_group(process.pid)
        process.wait()
    reader.join(1.0)
    return _command_outcome(probe, code, tail.read(), f"still running after {timeout_s:.1f} s, so it was killed")


def _drain(process: subprocess.Popen[bytes], tail: OutputTail) -> None:
    if process.stdout is None:
        return
    with process.stdout as stream:
        for chunk in iter(lambda: os.read(stream.fileno(), _CHUNK_BYTES), b""):
            tail.add(chunk)


def _kill_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def run_in_container(client: docker.DockerClient, container_id: str, probe: CommandProbe, timeout_s: float) -> Outcome:
    """Run the command in a container; if it does not end in time it is killed where this user may do so."""
    docker, requests = load_library("docker"), load_library("requests")
    ends_at = time.monotonic() + timeout_s
    tail, ended = OutputTail(), threading.Event()
    try:
        exec_id = client.api.exec_create(container_id, list(probe.argv))["Id"]
        output = client.api.exec_start(exec_id, stream=True)
        threading.Thread(target=_collect, args=(output, tail, ended.set), daemon=True).start()
        in_time = ended.wait(max(ends_at - time.monotonic(), 0.0))
        state = client.api.exec_inspect(exec_id)
        while in_time and state["Running"] and time.monotonic() < ends_at:
            # Its output has ended, so it is about to end itself; the engine has no event to wait for.
            ended.clear()
            ended.wait(0.05)
            state = client.api.exec_inspect(exec_id)
    except (docker.errors.DockerException, requests.RequestException, OSError) as error:
        return Outcome(passed=False, seen=f"the engine cannot run it in the container: {error}")
    late = f"still running after {timeout_s:.1f} s, " + (
        "" if not state["Running"] else _stop_exec(state, container_id)
    )
    return _command_outcome(probe, None if state["Running"] else state["ExitCode"], tail.read(), late)


def _collect(output: Any, tail: OutputTail, ended: Callable[[], None]) -> None:  # noqa: ANN401
    try:
        for chunk in output:
            tail.add(chunk)
    except Exception as error:  # noqa: BLE001 - the connection may break in as many ways as the libraries know
        tail.add(f"\n(its output broke off: {error})".encode())
    finally:
        ended()


def _stop_exec(state: dict[str, Any], container_id: str) -> str:
    """Kill an exec's process if it is a process of this machine that belongs to the container."""
    try:
        if container_id in Path(f"/proc/{int(state['Pid'])}/cgroup").read_text(encoding="utf-8"):
            os.kill(state["Pid"], signal.SIGKILL)
            return "so it was killed"
    except (OSError, ValueError):
        pass
    return "and it may go on: only root on the engine's host can kill it"


def _command_outcome(probe: CommandProbe, code: int | None, output: bytes, late: str) -> Outcome:
    if code is None:
        return Outcome(passed=False, seen=late, output=output)
    ending = f"ended by signal {-code}" if code < 0 else f"exit code {code}"
    return Outcome(passed=code in probe.exit_codes, seen=ending, output=output)
