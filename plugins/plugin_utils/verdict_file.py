# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file `verdict.json` in a run's folder: what it holds, and how it is written and read (I/O)."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .fleet.causes import Cause
from .fleet.ending import FINDINGS_FILE
from .fleet.ending_lines import findings
from .fleet.outcomes import EXIT_CODES
from .fleet.verdict import HostVerdict, Verdict
from .plain_values import plain

NAME = "verdict.json"
#: So many earlier runs are asked what they knew of a host.
_EARLIER_RUNS = 50


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
        "stack": verdict.stack,
        "reason": verdict.reason,
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
        stack=str(data.get("stack") or ""),
        reason=str(data.get("reason") or ""),
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
    _write(folder / NAME, json.dumps(document, indent=2, sort_keys=True) + "\n")
    return document


def write_findings(folder: Path, verdict: Verdict) -> None:
    """Put everything that went wrong on every host into a file of a run's folder, if anything did.

    Args:
        folder: the run's folder.
        verdict: the verdict.

    Raises:
        OSError: it cannot be written.
    """
    text = findings(verdict)
    if text:
        _write(folder / FINDINGS_FILE, text)


def last_known(folder: Path, stack: str, hosts: Iterable[str]) -> dict[str, str]:
    """Return the releases of a stack that earlier runs saw on hosts, by host, as far as the last of them know.

    Args:
        folder: the folder of the run that asks, beside which those of the others lie.
        stack: the stack's name.
        hosts: the hosts.
    """
    found: dict[str, str] = {}
    missing = set(hosts)
    with suppress(OSError):
        earlier = sorted((one for one in folder.parent.iterdir() if one.name < folder.name), reverse=True)
        for one in earlier[:_EARLIER_RUNS] if missing else ():
            with suppress(OSError, ValueError):
                verdict = read_verdict(one)
                if verdict.stack == stack:
                    seen = {name: host.release for name, host in verdict.hosts.items() if name in missing}
                    found |= {name: release for name, release in seen.items() if release}
                    missing -= set(found)
    return found


def _write(path: Path, text: str) -> None:
    """Write a file in one step, readable by its owner only."""
    # The scripts may write while the playbook does.
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)


def _host(told: object) -> HostVerdict:
    fields: Mapping[str, Any] = told if isinstance(told, dict) else {}
    state, error, outlook, known = (str(fields.get(key) or "") for key in ("state", "error", "outlook", "known"))
    causes = tuple(_cause(one) for one in fields.get("causes") or [] if isinstance(one, dict))
    last = _text(fields.get("last_known"))
    return HostVerdict(state, _text(fields.get("release")), error, outlook, known, last, causes)


def _cause(told: Mapping[str, Any]) -> Cause:
    texts = {key: str(told.get(key) or "") for key in ("phase", "kind", "thing", "expected", "seen", "remedy")}
    logs = told.get("logs")
    lines = tuple(str(line) for line in logs) if isinstance(logs, list) else ()
    return Cause(**texts, logs=lines, for_all=told.get("for_all") is True)


def _text(value: object) -> str | None:
    return str(value) if value else None
