# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file `verdict.json` in a run's folder: what it holds, and how it is written and read (I/O)."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .fleet.outcomes import EXIT_CODES
from .fleet.verdict import HostVerdict, Verdict
from .plain_values import plain

NAME = "verdict.json"


def as_file(verdict: Verdict, run: str) -> dict[str, Any]:
    """Return what `verdict.json` says, as plain data.

    The playbook's says how the hooks ended, the scripts' own what cut the run off.

    Args:
        verdict: the verdict.
        run: ID of the run.
    """
    document: dict[str, Any] = {
        "verdict": verdict.word,
        "exit_code": verdict.exit_code,
        "message": verdict.message,
        "hosts": {name: asdict(host) for name, host in verdict.hosts.items()},
        "release": verdict.release,
        "plan_sha256": verdict.plan_sha256,
        "duration_s": None if verdict.duration_s is None else round(verdict.duration_s, 1),
        "run": run,
    }
    if verdict.hooks is not None:
        document["hooks"] = verdict.hooks
    if verdict.by_scripts:
        document["cut_off_by"] = verdict.cut_off_by
    stated: dict[str, Any] = plain(document)
    return stated


def parse_verdict(content: str) -> Verdict:
    """Return the verdict that `verdict.json` states.

    Args:
        content: the file's text.

    Raises:
        ValueError: it is no verdict, or contradicts itself.
    """
    data = json.loads(content)
    if not isinstance(data, dict):
        raise ValueError(f"a JSON object was expected, seen: {type(data).__name__}")  # noqa: TRY004 - as json.loads
    word, hosts, duration, hooks = (data.get(key) for key in ("verdict", "hosts", "duration_s", "hooks"))
    if not isinstance(word, str) or word not in EXIT_CODES:
        raise ValueError(f"'verdict' must be one of {', '.join(EXIT_CODES)}, seen: {word!r}")
    if data.get("exit_code") != EXIT_CODES[word]:
        raise ValueError(f"'exit_code' must be {EXIT_CODES[word]} for {word}, seen: {data.get('exit_code')!r}")
    return Verdict(
        word=word,
        message=str(data.get("message") or ""),
        hosts={name: _host(told) for name, told in hosts.items()} if isinstance(hosts, dict) else {},
        release=_text(data.get("release")),
        plan_sha256=_text(data.get("plan_sha256")),
        duration_s=float(duration) if isinstance(duration, (int, float)) else None,
        hooks=hooks if isinstance(hooks, list) else None,
        by_scripts="cut_off_by" in data,
        cut_off_by=_text(data.get("cut_off_by")),
    )


def read_verdict(folder: Path) -> Verdict:
    """Return the verdict in a run's folder.

    Raises:
        OSError: there is none, or it cannot be read.
        ValueError: it is no verdict, or contradicts itself.
    """
    return parse_verdict((folder / NAME).read_text(encoding="utf-8"))


def write_verdict(folder: Path, verdict: Verdict) -> dict[str, Any]:
    """Put `verdict.json` into a run's folder in one step, readable by its owner only, and return what it says.

    Args:
        folder: the run's folder; its name is the run's ID.
        verdict: the verdict.

    Raises:
        OSError: it cannot be written.
    """
    document = as_file(verdict, folder.name)
    # The scripts may write while the playbook does.
    temporary = folder / f"{NAME}.{os.getpid()}.tmp"
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as stream:
        json.dump(document, stream, indent=2, sort_keys=True)
        stream.write("\n")
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(folder / NAME)
    return document


def _host(told: object) -> HostVerdict:
    fields: Mapping[str, Any] = told if isinstance(told, dict) else {}
    state, error, outlook = (str(fields.get(key) or "") for key in ("state", "error", "outlook"))
    return HostVerdict(state, _text(fields.get("release")), error, outlook)


def _text(value: object) -> str | None:
    return str(value) if value else None
