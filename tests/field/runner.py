# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a trial's steps on one host and says what did not hold (I/O)."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import requests

from ansible_collections.slipway.compose.plugins.plugin_utils.fleet.outcomes import EXIT_CODES
from tests.field.trial import Expectation, Step, Trial
from tests.fleet import Fleet, Host
from tests.fleet.command import attempt
from tests.support.observed import ROOT
from tests.support.project import Project, Run

STACK = "trial"
LIMITS = {"stack_start_timeout": 90, "stack_gate_timeout": 45, "stack_guard_timeout": 200}
ANSWER_TIMEOUT_S = 8.0
#: What a trial's commands on the host can use.
WORDS = (Path(__file__).parent / "words.sh").read_text(encoding="utf-8")


class TrialRun:
    """A trial on a host, from its first step to its last."""

    def __init__(self, trial: Trial, fleet: Fleet, root: Path) -> None:
        """Lay the project out; the fleet's first host is emptied, but for its images."""
        self._trial = trial
        self._host: Host = fleet.hosts[0]
        self._host.wipe()
        self._project = Project(root / "project", fleet, STACK)
        self._files: dict[str, str] = dict(trial.files)
        self._variables: dict[str, Any] = dict(LIMITS)

    def faults(self) -> list[str]:
        """Run all steps, and return what did not hold, with the step's number."""
        return [
            f"step {number} ({step.verb} {step.version}): {fault}"
            for number, step in enumerate(self._trial.steps, start=1)
            for fault in self._step(step)
        ]

    def _step(self, step: Step) -> Iterator[str]:
        self._change(step.files, step.variables)
        if step.on_host:
            self._shell(step.on_host, check=True)
        began = time.monotonic()
        run = self._project.run(*self._words(step)) if step.verb else None
        seconds = time.monotonic() - began
        if run is not None:
            print(f"{'=' * 20} {self._trial.name}: {step.verb} {step.version}: {seconds:.0f} s\n{run.output}")
        told = _told(run) if run else ""
        yield from self._fallen(step.expect, run, told, seconds)
        choices = [list(self._fallen(choice, run, told, seconds)) for choice in step.either]
        if choices and all(choices):
            yield "none of: " + " | ".join("; ".join(fallen) for fallen in choices)
        if "Traceback (most recent call last)" in told:
            yield "a traceback was shown"
        if run is not None and run.verdict and run.exit_code != EXIT_CODES[run.word]:
            yield f"exit code {run.exit_code} with verdict {run.word}"

    def _change(self, files: Mapping[str, str | None], variables: Mapping[str, Any]) -> None:
        for path, content in files.items():
            if content is None:
                del self._files[path]
            else:
                self._files[path] = content
        self._project.stack(self._files)
        for path in self._trial.executable:
            (self._project.source / path).chmod(0o755)
        self._variables.update(variables)
        self._project.environment(self._project.fleet.hosts[:1], **self._variables)
        typed = self._project.inventory / "group_vars" / "all" / "typed.yml"
        typed.parent.mkdir(parents=True, exist_ok=True)
        # What a step sets comes after what was typed.
        typed.write_text("" if variables.keys() & {"stack_env"} else self._trial.inventory, encoding="utf-8")

    def _words(self, step: Step) -> list[str]:
        return [step.verb, *(["--version", step.version] if step.version else [])]

    def _fallen(self, wanted: Expectation, run: Run | None, told: str, seconds: float) -> Iterator[str]:
        """Return what of an expectation does not hold."""
        if wanted.verdict and (run is None or run.word not in wanted.verdict):
            yield f"verdict: expected {' or '.join(wanted.verdict)}, seen {run.word if run else 'no run'}"
        yield from (f"says nowhere: {text}" for text in wanted.says if not re.search(text, told))
        yield from (f"says: {text}" for text in wanted.never_says if re.search(text, told))
        if wanted.within_s is not None and seconds > wanted.within_s:
            yield f"expected within {wanted.within_s:.0f} s, took {seconds:.0f} s"
        front = {} if wanted.page is None else {"8080/": wanted.page}
        for page, content in {**front, **wanted.pages}.items():
            if (seen := self._answer(page)) != content:
                yield f"{page}: expected {content!r}, seen {seen!r}"
        for command, printed in wanted.host.items():
            if (seen := self._shell(command)) != printed.strip():
                yield f"`{command}`: expected {printed.strip()!r}, seen {seen!r}"

    def _answer(self, page: str) -> str:
        port, _slash, path = page.partition("/")
        try:
            return requests.get(self._host.url(int(port), f"/{path}"), timeout=ANSWER_TIMEOUT_S).text.strip()
        except requests.RequestException as error:
            return f"no answer: {error}"

    def _shell(self, command: str, *, check: bool = False) -> str:
        """Return what root's command prints on the host; with what it complains of where it fails."""
        shell = self._host.ssh_argv(f"sh -s {STACK} {ROOT}/{STACK}", user="root")
        ended = attempt(shell, stdin=f"{WORDS}\n{command}\n".encode(), timeout=120)
        said = ended.stdout.decode(errors="replace").strip()
        complaint = ended.stderr.decode(errors="replace").strip()
        if check and ended.returncode != 0:
            raise AssertionError(f"{command}: ended with {ended.returncode}: {said} {complaint}")
        return said if ended.returncode == 0 or not complaint else f"{said} [{ended.returncode}: {complaint}]".strip()


def _told(run: Run) -> str:
    """Return all that a run said: its output, and every file of its folder."""
    kept = sorted(path for path in run.folder.rglob("*") if path.is_file()) if run.folder else []
    return "\n".join([run.output, *(path.read_text(encoding="utf-8", errors="replace") for path in kept)])
