# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One attempt of a check of type command, on the host or in a container (I/O)."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

from ...core.command import command_environment
from ...engine.connection import EngineError
from .outcome import Outcome

if TYPE_CHECKING:
    from ...core.cancellation import Cancellation
    from ...engine.client import Engine
    from ...stack.check_types.command import CommandProbe
    from .outcome import Surroundings

MOST_OUTPUT_BYTES = 64 * 1024
_CHUNK_BYTES = 8192


class OutputTail:
    """Keeps the end of an output that may be endless."""

    def __init__(self) -> None:
        """Begin empty."""
        self._data = bytearray()
        self._torn = False

    def add(self, data: bytes) -> None:
        """Append, and drop what is too old."""
        self._data += data
        if len(self._data) > 2 * MOST_OUTPUT_BYTES:
            del self._data[:-MOST_OUTPUT_BYTES]
            self._torn = True

    def read(self) -> bytes:
        """Return what is kept, in whole lines."""
        # Half a line may be half a secret, which nothing would recognise.
        return bytes(self._data.partition(b"\n")[2] if self._torn else self._data)


def attempt_command(probe: CommandProbe, surroundings: Surroundings, timeout_s: float) -> Outcome:
    """Run the command once, in the first container of the service if the check names one."""
    service, engine = surroundings.service, surroundings.engine
    if service is None:
        return run_on_host(probe, timeout_s, surroundings.cancellation)
    if engine is None:
        return Outcome(passed=False, seen="there is no engine to run it through")
    replicas = engine.containers.running_replicas(surroundings.project, service)
    if not replicas:
        return Outcome(passed=False, seen=f"service {service} has no running container to run it in")
    return run_in_container(engine, replicas[0]["Id"], probe, timeout_s)


def run_on_host(probe: CommandProbe, timeout_s: float, cancellation: Cancellation) -> Outcome:
    """Run the command here, without a shell; nothing of its process group outlives the attempt."""
    try:
        # run_command belongs to a module, and knows neither time limits nor process groups.
        process = subprocess.Popen(  # pylint: disable=ansible-bad-function
            probe.argv,
            env=command_environment({}),
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


def run_in_container(engine: Engine, container_id: str, probe: CommandProbe, timeout_s: float) -> Outcome:
    """Run the command in a container; if it does not end in time it is killed where this user may do so."""
    ends_at = time.monotonic() + timeout_s
    tail, ended = OutputTail(), threading.Event()
    try:
        execution = engine.containers.execute(container_id, probe.argv)
        threading.Thread(target=_collect, args=(execution.output, tail, ended.set), daemon=True).start()
        in_time = ended.wait(max(ends_at - time.monotonic(), 0.0))
        state = execution.state()
        while in_time and state["Running"] and time.monotonic() < ends_at:
            # Its output has ended, so it is about to end itself; the engine has no event to wait for.
            ended.clear()
            ended.wait(0.05)
            state = execution.state()
    except EngineError as error:
        return Outcome(passed=False, seen=f"the engine cannot run it in the container: {error.said}")
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
