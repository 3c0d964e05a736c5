# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests that take root, since they are about files of several users; nothing else in the suite needs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_S = 170.0


def passes_as_root(tests: Path) -> None:
    """See that a file of tests passes when root runs it; who is not root needs sudo without a password.

    Args:
        tests: the file. Its name does not begin with `test_`, so that nobody runs it otherwise.
    """
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n", "--"]
    program = [sys.executable, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", str(tests)]
    known = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    ended = subprocess.run(
        [*sudo, *program], cwd=ROOT, env=known, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    assert ended.returncode == 0, f"{ended.stdout}{ended.stderr}"
