# SPDX-License-Identifier: GPL-3.0-or-later
"""A call of one of the scripts while it runs: what it says, where it is, and how to end it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

POLL_S = 0.1
TIMEOUT_S = 600.0
MOMENT_TIMEOUT_S = 120.0
_RUN_FOLDER = re.compile(r"var/runs/(\S+)")


@dataclass(frozen=True)
class Run:
    """How one call of a script ended.

    Attributes:
        exit_code: its exit status.
        output: what it printed.
        verdict: the run's verdict.json; empty where the script refused before there was a run, or was killed.
        folder: the run's folder on the controller.
    """

    exit_code: int
    output: str
    verdict: Mapping[str, Any]
    folder: Path | None

    @property
    def word(self) -> str:
        """Return the verdict's word."""
        return str(self.verdict.get("verdict"))

    @property
    def release(self) -> str:
        """Return the release that the run was about."""
        return str(self.verdict.get("release"))

    @property
    def ended(self) -> tuple[int, str]:
        """Return exit status and verdict."""
        return self.exit_code, self.word

    def expect(self, exit_code: int, word: str) -> None:
        """See that it ended with this exit status and verdict; else show all that it said."""
        if (self.exit_code, self.word) != (exit_code, word):
            raise AssertionError(f"expected exit {exit_code} and verdict {word}, seen:\n{self}")

    def host(self, name: str) -> tuple[str, str | None]:
        """Return the state of one host and the release on it, as the verdict says."""
        told = self.verdict["hosts"][name]
        return told["state"], told["release"]

    def __str__(self) -> str:
        """Return all that a failed assertion should show."""
        return f"exit {self.exit_code}\n{self.output}\n{json.dumps(self.verdict, indent=2)}"

    __repr__ = __str__


class Attempt:
    """A script that runs. Whatever happens in the block, nothing of it is left afterwards."""

    def __init__(self, command: Sequence[str], project: Path, environment: Mapping[str, str] | None = None) -> None:
        """Start it.

        Args:
            command: the script and its arguments.
            project: the user's project folder.
            environment: variables on top of this process's own.
        """
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        self._project = project
        self._log = project / f"output-{os.urandom(4).hex()}.txt"
        self._known: dict[Path, dict[str, Any]] = {}
        with self._log.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                cwd="/",  # nothing may depend on the current folder
                env={**inherited, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        """Go on while it runs."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave nothing behind."""
        if self._process.poll() is None:
            self.kill()

    @property
    def said(self) -> str:
        """Return what it has printed so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    @property
    def folder(self) -> Path | None:
        """Return the run's folder, which the first line names."""
        named = _RUN_FOLDER.search(self.said)
        return self._project / named[0] if named and (self._project / named[0]).is_dir() else None

    @property
    def running(self) -> bool:
        """Tell whether it has not ended yet."""
        return self._process.poll() is None

    @property
    def tasks(self) -> list[str]:
        """Return the names of the tasks that Ansible has begun, as ansible-runner keeps them."""
        return [str(event["event_data"]["task"]) for event in self._events("playbook_on_task_start")]

    def results(self, task: str) -> set[str]:
        """Return the hosts that have answered to a task."""
        answers = [*self._events("runner_on_ok"), *self._events("runner_on_failed")]
        return {str(one["event_data"]["host"]) for one in answers if one["event_data"].get("task") == task}

    def until(self, what: str, seen: Callable[[], object], timeout: float = MOMENT_TIMEOUT_S) -> None:
        """Wait until something is seen while it runs.

        Args:
            what: what is waited for, for the message.
            seen: tells whether it is there.
            timeout: seconds.

        Raises:
            AssertionError: the script ended before, or it took too long.
        """
        deadline = time.monotonic() + timeout
        while not seen():
            if not self.running:
                assert seen(), f"the run ended before this was seen: {what}\n{self.said}"
                return
            assert time.monotonic() < deadline, f"not seen within {timeout:.0f} s: {what}\n{self.said}"
            time.sleep(POLL_S)

    def until_verdict(self, timeout: float) -> None:
        """Wait until its verdict.json stands; see `until`."""
        self.until("the verdict", lambda: self.folder and (self.folder / "verdict.json").exists(), timeout)

    def until_ended(self, timeout: float) -> bool:
        """Wait for its end, but no longer than this; tell whether it has ended."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(max(timeout, 0.0))
        return not self.running

    def until_task(self, name: str) -> None:
        """Wait until Ansible has begun a task."""
        self.until(f"task {name!r}", lambda: name in self.tasks)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the script's process, as a pipeline does that cancels a step."""
        self._process.send_signal(number)

    def kill(self) -> Run:
        """End the script and all that it started at once, with SIGKILL, as if the controller's power were cut."""
        end_tree(self._process.pid)
        _end_connections(self._project)
        return self.end(timeout=30.0)

    def end(self, timeout: float = TIMEOUT_S) -> Run:
        """Wait for its end, and return how it ended.

        Raises:
            AssertionError: it did not end in time.
        """
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            end_tree(self._process.pid)
            self._process.wait()
            raise AssertionError(f"not ended after {timeout:.0f} s:\n{self.said}") from None
        folder = self.folder
        verdict: dict[str, Any] = {}
        if folder is not None and (folder / "verdict.json").exists():
            verdict = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
        return Run(self._process.returncode, self.said, verdict, folder)

    def _events(self, kind: str) -> list[dict[str, Any]]:
        folder = self.folder
        for path in folder.glob("artifacts/job_events/*.json") if folder else ():
            if path not in self._known:
                # An event is there under a temporary name first; one that is not whole yet is seen the next time.
                with suppress(OSError, ValueError):
                    self._known[path] = json.loads(path.read_text(encoding="utf-8"))
        return [event for _path, event in sorted(self._known.items()) if event.get("event") == kind]


def end_tree(pid: int) -> None:
    """Kill a process and everything below it; each is stopped first, so that it starts nothing more meanwhile."""
    found = [pid]
    for one in found:
        with suppress(ProcessLookupError):
            os.kill(one, signal.SIGSTOP)
        found += [child for child in _children(one) if child not in found]
    for one in found:
        with suppress(ProcessLookupError):
            os.kill(one, signal.SIGKILL)


def _end_connections(project: Path) -> None:
    """Kill the SSH connections that a project keeps open for the next command; they name their socket there."""
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (entry / "cmdline").read_bytes().startswith(b"ssh: " + os.fsencode(project)):
                os.kill(int(entry.name), signal.SIGKILL)


def _children(pid: int) -> list[int]:
    children = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            # The name, in parentheses, may hold anything; the parent comes second after it.
            if int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == pid:
                children.append(int(entry.name))
    return children
