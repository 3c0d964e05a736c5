# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Python libraries that a target may lack: loaded when they are needed, missed with a clear finding."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from .findings import Finding, SlipwayError

#: Import name to Debian and Ubuntu package.
PACKAGES = {"docker": "python3-docker", "requests": "python3-requests", "jmespath": "python3-jmespath"}


def missing_library(name: str, reason: str = "it is not installed") -> SlipwayError:
    """Return the error that says which library is missing and what brings it."""
    package = PACKAGES.get(name, f"python3-{name}")
    remedy = f"Install the package {package} on this host, or run playbooks/bootstrap.yml, which does."
    return SlipwayError(
        [Finding(f"Python library {name}", "a library that Python can import on this host", reason, remedy)]
    )


def load_library(name: str) -> Any:  # noqa: ANN401 - the libraries come without types on some targets
    """Import a library on first use.

    Raises:
        SlipwayError: it cannot be imported.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise missing_library(name, str(error)) from error
