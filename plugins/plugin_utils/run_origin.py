# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who started a run, and where it can be looked at."""

from __future__ import annotations

import getpass
import socket
from collections.abc import Mapping

#: Where a pipeline keeps the address of the job at hand: GitLab, Jenkins.
_JOB_URLS = ("CI_JOB_URL", "BUILD_URL")
_GITHUB = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")


def run_owner() -> str:
    """Return user and machine of this process (I/O)."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container whose user has no name
        user = "somebody"
    return f"{user}@{socket.gethostname()}"


def run_url(environment: Mapping[str, str]) -> str:
    """Return the page of the pipeline's job that this process belongs to, "" outside of one.

    Args:
        environment: the process's environment variables.
    """
    server, repository, run = (environment.get(name, "") for name in _GITHUB)
    if server and repository and run:
        return f"{server}/{repository}/actions/runs/{run}"
    return next((environment[name] for name in _JOB_URLS if environment.get(name)), "")
