# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a host can take a release, found out without touching anything (I/O)."""

from __future__ import annotations

import os
import pwd
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from ...core.command import command_environment, run_command
from ...core.findings import Finding, SlipwayError

OLDEST_COMPOSE = (2, 24)
#: These lose the second network of a container on engines that speak an older API than this one.
_BROKEN_COMPOSE = ((5, 1, 0), (5, 1, 1))
_BROKEN_BELOW_API = (1, 44)
_BOOTSTRAP = "Run playbooks/bootstrap.yml on this host."
_VERSION_TIMEOUT_S = 20.0


def compose_findings(version_output: str | None, engine_api: str | None) -> list[Finding]:
    """Judge what `docker compose version --short` printed.

    Args:
        version_output: what it printed; None: the plugin is missing.
        engine_api: version of the engine's API; None: there is no engine to ask.
    """
    wanted = f"Docker Compose {OLDEST_COMPOSE[0]}.{OLDEST_COMPOSE[1]} or newer"
    version = version_numbers(version_output or "")
    if not version:
        return [Finding("Docker Compose plugin", wanted, "none", _BOOTSTRAP)]
    if version < OLDEST_COMPOSE:
        return [Finding("Docker Compose plugin", wanted, str(version_output).strip(), _BOOTSTRAP)]
    if version[:3] in _BROKEN_COMPOSE and engine_api and version_numbers(engine_api) < _BROKEN_BELOW_API:
        seen = f"{str(version_output).strip()}, which breaks stacks with several networks on this engine"
        return [Finding("Docker Compose plugin", "5.1.2 or newer, or older than 5.1.0", seen, _BOOTSTRAP)]
    return []


def compose_version() -> str | None:
    """Return what the Compose plugin says of itself, None where there is none."""
    argv = ["docker", "compose", "version", "--short"]
    answer = run_command(argv, command_environment({}), _VERSION_TIMEOUT_S)
    return answer.output if answer.exit_code == 0 else None


def disk_findings(folders: Mapping[str, str], min_free_mb: int) -> list[Finding]:
    """Look for room on the file systems of these folders.

    Args:
        folders: what each folder is for, by path.
        min_free_mb: megabytes (10^6 bytes) that have to be free.
    """
    findings = []
    for folder, purpose in folders.items():
        there = _existing(Path(folder))
        stat = os.statvfs(there)
        free_mb = stat.f_bavail * stat.f_frsize // 1_000_000
        if free_mb < min_free_mb:
            remedy = "Free disk space on this host, or lower stack_min_free_mb."
            findings.append(
                Finding(f"disk for {purpose} ({folder})", f"{min_free_mb} MB free", f"{free_mb} MB", remedy)
            )
    return findings


def folder_findings(folder: Path) -> list[Finding]:
    """See whether this user may make or use a folder."""
    there = _existing(folder)
    if there.is_dir() and os.access(there, os.R_OK | os.W_OK | os.X_OK):
        return []
    user = pwd.getpwuid(os.geteuid()).pw_name
    seen = f"{there}, which {user} may not write" if there.is_dir() else f"{there}, which is no folder"
    remedy = "Run playbooks/bootstrap.yml on this host, or set stack_root."
    return [Finding(f"folder {folder}", "a folder that the deploy user may make and write", seen, remedy)]


def raise_all(findings: Sequence[Finding]) -> None:
    """Raise the findings if there are any.

    Raises:
        SlipwayError: with all of them.
    """
    if findings:
        raise SlipwayError(findings)


def _existing(path: Path) -> Path:
    # Not Path.exists, which raises where this user may not look.
    while not os.path.exists(path) and path != path.parent:  # noqa: PTH110
        path = path.parent
    return path


def version_numbers(version: str) -> tuple[int, ...]:
    """Return the numbers of a version like "v2.26.1-4"; none if there are none."""
    match = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", version)
    return tuple(int(number) for number in match.groups() if number is not None) if match else ()
