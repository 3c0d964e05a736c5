# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that become parts of paths, tags and scripts: what each may look like, and how they are made."""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timezone

from .findings import Finding, SlipwayError

#: What can be part of an image tag, a file name and a shell word at once.
VERSION = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")
RELEASE_ID = re.compile(r"^\d{8}T\d{6}Z-[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")
#: Compose's own rule for project names.
STACK_NAME = re.compile(r"^[a-z0-9][a-z0-9_-]{0,62}\Z")
RUN_ID = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}\Z")
_TIME, _TIME_LENGTH = "%Y%m%dT%H%M%SZ", 16


def release_id(version: str, at: datetime) -> str:
    """Return the ID of a release of this version that was planned at this UTC time."""
    return f"{at.strftime(_TIME)}-{version}"


def new_run_id(verb: str, now: datetime) -> str:
    """Return an ID for a run, which sorts after those of the runs that began in earlier seconds.

    The order is a protocol: of two runs that begin together, the one whose ID sorts first goes ahead (see `lease`). The
    end is random, so that two runs of the same second differ.

    Args:
        verb: what the run does.
        now: UTC.
    """
    return f"{now.strftime(_TIME)}-{verb}-{secrets.token_hex(3)}"


def run_began(run: str) -> datetime | None:
    """Return the UTC time with which a run's ID begins, None if it begins otherwise."""
    try:
        return datetime.strptime(run[:_TIME_LENGTH], _TIME).replace(tzinfo=timezone.utc)
    except ValueError:
        return None


def check_names(stack: str, release: str | None, run: str) -> None:
    """See that names which become parts of paths and scripts are what they claim to be.

    Args:
        stack: the stack's name.
        release: a release ID, "previous", or None.
        run: a run's ID.

    Raises:
        SlipwayError: with every name that is not.
    """
    names = [
        ("stack", stack, STACK_NAME, "lower-case letters, digits, - and _"),
        ("run", run, RUN_ID, "letters and digits"),
    ]
    if release not in (None, "previous"):
        names.append(("release", str(release), RELEASE_ID, "an ID like 20261122T214500Z-1.4.2"))
    remedy = "Correct it; scripts/status.sh lists the releases."
    findings = [
        Finding(what, expected, repr(name), remedy)
        for what, name, pattern, expected in names
        if not pattern.match(name)
    ]
    if findings:
        raise SlipwayError(findings)
