# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that become parts of paths, tags and scripts: what each may look like, and how they are made."""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timezone

from .findings import Finding, SlipwayError

#: Of a set of characters: those that a terminal or a log would obey instead of show, and halves of characters.
CONTROLS = r"\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff"


class Form:
    """What a text that comes from elsewhere may look like, from its first character to its last.

    Attributes:
        pattern: the regular expression.
        words: the form in words, for findings.
    """

    def __init__(self, pattern: str, words: str) -> None:
        """Take the regular expression and the words for it."""
        self.pattern = pattern
        # ASCII, or `\d` and `\w` are the digits and letters of every script.
        self._pattern = re.compile(pattern, re.ASCII)
        self.words = words

    def match(self, value: object) -> re.Match[str] | None:
        """Return how the whole of a value fits, None if it is no text or does not."""
        # Not `match`: its `$` lets a line end pass.
        return self._pattern.fullmatch(value) if isinstance(value, str) else None

    def fits(self, value: object) -> bool:
        """Tell whether a value is a text of this form, whole."""
        return self.match(value) is not None


_VERSION = "[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
#: What can be part of an image tag, a file name and a shell word at once.
VERSION = Form(_VERSION, "1 to 64 letters, digits and . _ -, beginning with a letter or digit")
RELEASE_ID = Form(f"[0-9]{{8}}T[0-9]{{6}}Z-{_VERSION}", "an ID like 20261122T214500Z-1.4.2")
#: Compose's own rule for project names.
STACK_NAME = Form("[a-z0-9][a-z0-9_-]{0,62}", "lower-case letters, digits, - and _, beginning with a letter or digit")
RUN_ID = Form("[A-Za-z0-9][A-Za-z0-9._-]{0,127}", "a run's ID: letters, digits and . _ -")
#: Names that a POSIX shell can export, which is what the way back does with them.
VARIABLE_NAME = Form("[A-Za-z_][A-Za-z0-9_]*", "a name that a shell can export: letters, digits and _")
SHA256 = Form("[0-9a-f]{64}", "a SHA-256: 64 of 0-9 and a-f")
DIGEST = Form("sha256:[0-9a-f]{64}", "a digest: sha256: and 64 of 0-9 and a-f")
#: What Git calls a commit; "+" marks uncommitted changes.
COMMIT = Form(r"(?:[0-9a-f]{40,64}\+?)?", "a Git commit, or nothing")
MOMENT = Form("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", "a time like 2026-11-22T21:45:00Z")
#: What a person wrote, or the name of a host in the inventory.
LINE = Form(f"[^{CONTROLS}]{{0,256}}", "one line of at most 256 characters, none of them a control character")
HOST = Form(f"[^{CONTROLS}]{{1,255}}", "a host's name")
SERVICE = Form("[A-Za-z0-9._-]{1,255}", "a service's name: letters, digits and . _ -")
CONTAINER_ID = Form("[0-9a-f]{64}", "a container's ID: 64 of 0-9 and a-f")
#: Relative, with forward slashes, and in one spelling, so that two paths are two files.
_PART = r"(?!\.{1,2}(?:/|\Z))[^/\0\n]+"
PATH_INSIDE = Form(f"{_PART}(?:/{_PART})*", "a path inside the stack's folder")
_TIME, _TIME_LENGTH = "%Y%m%dT%H%M%SZ", 16


def release_id(version: str, at: datetime) -> str:
    """Return the ID of a release of this version that was planned at this UTC time."""
    return f"{at.strftime(_TIME)}-{version}"


def version_of(release: str) -> str:
    """Return the version in a release's ID."""
    return release.partition("-")[2] or release


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
    names = [("stack", stack, STACK_NAME), ("run", run, RUN_ID)]
    if release not in (None, "previous"):
        names.append(("release", str(release), RELEASE_ID))
    remedy = "Correct it; scripts/status.sh lists the releases."
    findings = [Finding(what, form.words, repr(name), remedy) for what, name, form in names if not form.fits(name)]
    if findings:
        raise SlipwayError(findings)
