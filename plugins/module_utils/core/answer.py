# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns work that may fail into the one clear answer that a call gives; no traceback reaches a user."""

from __future__ import annotations

import errno
import sys
from pathlib import Path
from traceback import extract_tb
from typing import Any, Callable

from .findings import Finding, SlipwayError

Result = dict[str, Any]
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
#: From this HTTP status on it is the engine that fails.
_BROKEN = 500


def known(error: Exception) -> SlipwayError | None:
    """Return an error as what was found; None if it is none that a user can do anything about."""
    return error if isinstance(error, SlipwayError) else _no_room(error) or _engine_lost(error)


def answer(work: Callable[[], Result]) -> Result:
    """Do the work and return its result, or with `failed` and `msg` why there is none."""
    try:
        return work()
    except Exception as error:  # noqa: BLE001 - no traceback reaches a user
        found = known(error)
        if found is None:
            return {"failed": True, "msg": _unexpected(error)}
        findings = [finding.as_dict() for finding in found.findings]
        return {**found.told, "failed": True, "msg": str(found), "findings": findings}


def _no_room(error: Exception) -> SlipwayError | None:
    """Say that the disk is full; None if it is not that."""
    if not isinstance(error, OSError) or error.errno not in _NO_ROOM:
        return None
    thing = f"disk of {error.filename}" if error.filename else "disk"
    return SlipwayError([Finding(thing, "room to write", str(error.strerror), "Free disk space on this host.")])


def _engine_lost(error: Exception) -> SlipwayError | None:
    """Say that the engine went away while it was asked something; None if it is not that."""
    # Whoever has not loaded the libraries has asked the engine for nothing.
    requests, urllib3 = sys.modules.get("requests"), sys.modules.get("urllib3")
    if requests is None or urllib3 is None:
        return None
    if not isinstance(error, (requests.RequestException, urllib3.exceptions.HTTPError)):
        return None
    answered = getattr(getattr(error, "response", None), "status_code", _BROKEN)
    if answered < _BROKEN:
        # It is there, and was asked something that it cannot do.
        return None
    said = " ".join(str(getattr(error, "explanation", None) or error).split())
    remedy = "See on this host what became of it (journalctl -u docker), then do this again."
    return SlipwayError([Finding("Docker engine", "to do what it is asked", said, remedy)])


def _unexpected(error: Exception) -> str:
    place = extract_tb(error.__traceback__)[-1]
    where = f"{Path(place.filename).name}, line {place.lineno}, in {place.name}"
    said = " ".join(str(error).split()) or "no message"
    return f"Slipway met an error that it does not know, {type(error).__name__}: {said} ({where}). Please report it."
