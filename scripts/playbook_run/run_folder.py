# SPDX-License-Identifier: GPL-3.0-or-later
"""A run's folder on the controller, and the verdict in it."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ansible_collections.slipway.compose.plugins.module_utils.core.findings import Finding, SlipwayError
from ansible_collections.slipway.compose.plugins.plugin_utils.fleet.verdict import EXIT_CODES

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

#: What the folder of one run may come to need, many times over.
ENOUGH_BYTES = 50 * 1024**2


@dataclass(frozen=True)
class Verdict:
    """How a run ended, as verdict.json says it."""

    word: str
    message: str = ""
    release: str | None = None
    plan_sha256: str | None = None
    duration_s: float = 0.0
    hosts: dict[str, Any] = field(default_factory=dict)
    cut_off_by: str | None = None

    @property
    def exit_code(self) -> int:
        """Return the exit code that belongs to the word."""
        return EXIT_CODES[self.word]

    def line(self, where: str) -> str:
        """Write the last line of a run."""
        parts = [f"verdict: {self.word}"]
        if self.release:
            parts.append(f"release {self.release}")
        left_out = sum(1 for host in self.hosts.values() if isinstance(host, dict) and host.get("state") == "skipped")
        reached = len(self.hosts) - left_out
        if reached:
            parts.append(f"{reached} host{'' if reached == 1 else 's'}")
        if left_out:
            parts.append(f"{left_out} LEFT OUT")
        return " · ".join([*parts, f"{self.duration_s:.1f} s", where])

    def as_file(self) -> dict[str, object]:
        """Return what verdict.json holds when a run ended without writing its own."""
        return {
            "verdict": self.word,
            "exit_code": self.exit_code,
            "release": self.release,
            "plan_sha256": self.plan_sha256,
            "duration_s": round(self.duration_s, 1),
            "message": self.message,
            "hosts": self.hosts,
            "cut_off_by": self.cut_off_by,
        }


@dataclass(frozen=True)
class Ending:
    """What is known of how Ansible ended."""

    exit_status: int
    targets_touched: bool
    duration_s: float = 0.0


def new_run_id(verb: str, now: datetime) -> str:
    """Name a run: when, what, and something to tell two of the same second apart."""
    return f"{now:%Y%m%dT%H%M%SZ}-{verb}-{os.urandom(3).hex()}"


def create_run_folder(runs: Path, run_id: str, free_bytes: int = ENOUGH_BYTES) -> Path:
    """Make the folder of a run, for its owner only; raise `SlipwayError` where that is not possible.

    A disk that runs full in the middle would cut a deployment off, so there must be room before it begins.
    """
    try:
        return _create(runs, run_id, free_bytes)
    except OSError as error:
        seen, remedy = error.strerror or str(error), "Make it a folder that you may write to."
        raise SlipwayError([Finding(str(runs), "a folder to keep the run in", seen, remedy)]) from error


def _create(runs: Path, run_id: str, free_bytes: int) -> Path:
    runs.mkdir(mode=0o700, parents=True, exist_ok=True)
    free = shutil.disk_usage(runs).free
    if free < free_bytes:
        expected, seen = (f"{size // 1024**2} MB" for size in (free_bytes, free))
        remedy = "Make room: the folders of runs that are over may be deleted."
        raise SlipwayError([Finding(f"disk of {runs}", f"{expected} free", seen, remedy)])
    folder = runs / run_id
    folder.mkdir(mode=0o700)
    return folder


def read_verdict(content: str) -> Verdict:
    """Read verdict.json; raise `ValueError` with the reason when it is not one."""
    data = json.loads(content)
    if not isinstance(data, dict):
        raise ValueError(f"a JSON object was expected, seen: {type(data).__name__}")  # noqa: TRY004
    word, hosts, duration = data.get("verdict"), data.get("hosts"), data.get("duration_s")
    if not isinstance(word, str) or word not in EXIT_CODES:
        raise ValueError(f"'verdict' must be one of {', '.join(EXIT_CODES)}, seen: {word!r}")
    if data.get("exit_code") != EXIT_CODES[word]:
        raise ValueError(f"'exit_code' must be {EXIT_CODES[word]} for {word}, seen: {data.get('exit_code')!r}")
    return Verdict(
        word=word,
        message=str(data.get("message") or ""),
        release=_text(data.get("release")),
        plan_sha256=_text(data.get("plan_sha256")),
        duration_s=float(duration) if isinstance(duration, (int, float)) else 0.0,
        hosts=hosts if isinstance(hosts, dict) else {},
        cut_off_by=_text(data.get("cut_off_by")),
    )


def _text(value: object) -> str | None:
    return str(value) if value else None


def conclude(verb: str, environment: str, ending: Ending, *, check: bool = False) -> Verdict:
    """Say how a run ended whose playbook did not say so itself."""
    look = f"Run scripts/status.sh {environment} to see what runs."
    if ending.exit_status == 0 and (verb == "plan" or check):
        return Verdict("planned", duration_s=ending.duration_s)
    if ending.exit_status == 0 and verb == "status":
        return Verdict("unchanged", duration_s=ending.duration_s)
    if ending.exit_status != 0 and not ending.targets_touched:
        message = (
            f"Ansible ended with exit status {ending.exit_status} before any task ran on a target, so nothing was "
            "touched. The reason stands above."
        )
        return Verdict("refused", message, duration_s=ending.duration_s)
    message = f"Ansible ended with exit status {ending.exit_status} and left no verdict. {look}"
    return Verdict("unknown", message, duration_s=ending.duration_s)


def write_verdict(path: Path, verdict: Verdict) -> None:
    """Put verdict.json into its place in one step, readable by its owner."""
    temporary = path.with_name(path.name + ".tmp")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as stream:
        json.dump({**verdict.as_file(), "run": path.parent.name}, stream, indent=2)
        stream.write("\n")
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)
