"""Run a program so that nothing of it outlives the test run."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "gates"
BIN = Path(sys.prefix) / "bin"
#: What a program gets to end by itself before it is killed.
GRACE_SECONDS = 20.0
_running: set[subprocess.Popen[bytes]] = set()


@dataclass(frozen=True)
class Completed:
    """How a program ended, and what it said (empty when its output was streamed)."""

    exit_code: int
    output: str
    seconds: float


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return this process's environment with the virtual environment first and colours off."""
    path = os.pathsep.join((str(BIN), os.environ.get("PATH", os.defpath)))
    return {**os.environ, "PATH": path, "NO_COLOR": "1", "PY_COLORS": "0", **(extra or {})}


def run(
    argv: Sequence[str],
    *,
    timeout: float,
    env: Mapping[str, str] | None = None,
    cwd: Path = ROOT,
    stream: bool = False,
) -> Completed:
    """Run a program to its end, or end it with everything it started when its time is up."""
    began = time.monotonic()
    with tempfile.TemporaryFile() as sink:
        output = None if stream else sink
        process = subprocess.Popen(
            argv,
            cwd=cwd,
            env=environment() if env is None else env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=None if stream else subprocess.STDOUT,
            start_new_session=True,
        )
        _running.add(process)
        try:
            exit_code = process.wait(timeout)
            remark = ""
        except subprocess.TimeoutExpired:
            exit_code = _end(process)
            remark = f"\nended after {timeout:.0f} s: it should have been done by then\n"
        except BaseException:
            _end(process)
            raise
        finally:
            _running.discard(process)
        sink.seek(0)
        said = sink.read().decode(errors="replace") + remark
    if stream and remark:
        print(remark, flush=True)
    return Completed(exit_code, said, time.monotonic() - began)


def end_all() -> None:
    """Tell every program that runs, in whichever thread, to end now."""
    for process in tuple(_running):
        _signal(process.pid, signal.SIGTERM)


def _end(process: subprocess.Popen[bytes]) -> int:
    """End a process group, gently first."""
    _signal(process.pid, signal.SIGTERM)
    try:
        return process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        _signal(process.pid, signal.SIGKILL)
        return process.wait()
    finally:
        _signal(process.pid, signal.SIGKILL)


def _signal(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)


def project_files(*suffixes: str) -> list[str]:
    """Return the project's files with one of these suffixes, committed or about to be, relative to its root."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    names = sorted(filter(None, listed.split("\0")))
    return [name for name in names if name.endswith(suffixes or ("",)) and os.path.lexists(ROOT / name)]
