# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the commands that a user types, and says them first."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from scripts.demonstration.engine import DemoError

if TYPE_CHECKING:
    from types import FrameType

ROOT = Path(__file__).resolve().parents[2]
RUNS = ROOT / "var" / "runs"
END_SECONDS = 120


class InterruptedDemoError(Exception):
    """Someone ended the demo."""


@dataclass(frozen=True)
class Run:
    """What a deployment left: its exit code and its verdict.json."""

    exit_code: int
    folder: Path | None
    verdict: dict[str, Any]

    @property
    def word(self) -> str:
        """Return the verdict's word."""
        return str(self.verdict.get("verdict", "none"))

    @property
    def errors(self) -> str:
        """Return what went wrong on all hosts."""
        return "\n".join(str(host.get("error") or "") for host in self.verdict.get("hosts", {}).values())


def end_on_signals() -> None:
    """Make SIGTERM and SIGHUP end the demo as Ctrl-C does."""

    def leave(number: int, _frame: FrameType | None) -> NoReturn:
        raise InterruptedDemoError(signal.Signals(number).name)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)


def show(*command: str) -> int:
    """Say a command, run it before the reader's eyes, return its exit code."""
    print(f"$ {shlex.join(command)}", flush=True)
    with subprocess.Popen([str(ROOT / command[0]), *command[1:]], cwd=ROOT, stdin=subprocess.DEVNULL) as child:
        try:
            return child.wait()
        except InterruptedDemoError:
            # A deployment that is told to end goes back first: it gets its time.
            child.terminate()
            try:
                child.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
            raise


def deploy(version: str, extra: list[str]) -> Run:
    """Deploy a version with the command that a user types."""
    before = _folders()
    exit_code = show("scripts/deploy.sh", "local", "--version", version, *extra)
    sys.stdout.flush()
    for folder in sorted(_folders() - before, reverse=True):
        verdict = _verdict(folder)
        if str(verdict.get("release") or "").endswith(f"-{version}") and verdict.get("exit_code") == exit_code:
            return Run(exit_code, folder, verdict)
    return Run(exit_code, None, {})


def output_of(script: str, *arguments: str) -> str:
    """Run a script whose last line of output is its answer; what it says meanwhile is shown."""
    print(f"$ {shlex.join([script, *arguments])}", flush=True)
    done = subprocess.run(
        [str(ROOT / script), *arguments],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise DemoError(f"{script} ended with {done.returncode}: what it said is above")
    return done.stdout.strip()


def _folders() -> set[Path]:
    return set(RUNS.glob("*-deploy-*")) if RUNS.is_dir() else set()


def _verdict(folder: Path) -> dict[str, Any]:
    try:
        verdict = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return verdict if isinstance(verdict, dict) else {}
