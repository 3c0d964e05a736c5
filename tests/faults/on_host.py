# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs Slipway's own code on a host, outside of any module: for what would take too many deployments."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

from tests.support.console import console
from tests.support.standing import Standing

TIMEOUT_S = 500.0
PROGRAMS = Path(__file__).parent / "programs"


def run_on_host(standing: Standing, program: str, *arguments: str) -> dict[str, Any]:
    """Run a program of this folder as the deploy user, and return the JSON object that it prints last.

    It finds the code of the modules in the archive that the last release keeps.
    """
    host = standing.hosts[0]
    archive = f"{standing.folder}/current/module.zip"
    words = shlex.join(["python3", "-", standing.folder.rpartition("/")[0], *arguments])
    text = (PROGRAMS / program).read_text(encoding="utf-8")
    said = console(
        host, f"HOME=/home/deploy PYTHONPATH={archive} {words}", user="deploy", stdin=text, timeout=TIMEOUT_S
    )
    result: dict[str, Any] = json.loads(said.splitlines()[-1])
    return result
