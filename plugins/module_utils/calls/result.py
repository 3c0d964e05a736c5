# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module `release` answers: preparations, gates and failures in the words of its RETURN section."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..core.findings import SlipwayError
from ..core.wording import counted
from ..gate.report import DownError, GateReport, StartFailedError

if TYPE_CHECKING:
    from ..host.preparation import Prepared


#: What became of a release, by whether Compose itself failed.
_WORDS = {True: "could not be started", False: "failed its health check"}


def prepared_result(prepared: Prepared, before: Sequence[str]) -> dict[str, Any]:
    """Return the result of a preparation.

    Args:
        prepared: how it ended.
        before: what had to be done first, in words.
    """
    return {
        "changed": not prepared.unchanged,
        "release": prepared.release,
        "unchanged": prepared.unchanged,
        "current": prepared.snapshot.release,
        "way_back": prepared.goal,
        "pulled": list(prepared.pulled),
        "summary": [*before, _prepared_summary(prepared)],
        "diff": _prepared_diff(prepared),
    }


def gate_result(release: str, report: GateReport, *, changed: bool) -> dict[str, Any]:
    """Return the result of a gate that passed."""
    return {"changed": changed, "release": release, "gate": report.as_dict(), "summary": report.summary()}


def start_failed(release: str | None, error: StartFailedError) -> dict[str, Any]:
    """Return the result of a start, or a way back, after which not everything stands."""
    said = ""
    if error.said:
        said = f"Docker Compose could not start it:\n  {error.said.replace(chr(10), chr(10) + '  ')}\n"
    return {
        "failed": True,
        "changed": True,
        "release": release,
        "msg": f"{error.subject} {_WORDS[bool(error.said)]}.\n{said}{error.report.message()}",
        "gate": error.report.as_dict(),
        "failures": [failure.as_dict() for failure in error.report.failures],
        "summary": error.report.summary(),
        **({"said": error.said} if error.said else {}),
    }


def stopped(release: str | None, error: SlipwayError) -> dict[str, Any]:
    """Return the result of a deployment that cannot go on, for what was found."""
    findings = [finding.as_dict() for finding in error.findings]
    return {"failed": True, "changed": True, "release": release, "msg": str(error), "findings": findings}


def down(release: str | None, error: DownError) -> dict[str, Any]:
    """Return the result where what ran has ended although nothing of it was touched, and does not stand again."""
    result = {**stopped(release, error), "down": True}
    if error.report is None:
        return result
    failures = [failure.as_dict() for failure in error.report.failures]
    message = f"{error}\n{error.report.message()}"
    return {**result, "msg": message, "gate": error.report.as_dict(), "failures": failures}


def _prepared_summary(prepared: Prepared) -> str:
    if prepared.unchanged:
        return f"runs release {prepared.release} already"
    pulled = f"{counted(len(prepared.pulled), 'image')} to pull" if prepared.pulled else "every image is here"
    return f"ready for release {prepared.release}: {pulled}; rollback target: {prepared.goal}"


def _prepared_diff(prepared: Prepared) -> dict[str, str]:
    before = [f"release {prepared.snapshot.release or 'none'}"]
    before += [f"{one.service}: {one.image}" for one in prepared.snapshot.containers]
    after = [f"release {prepared.release}"]
    after += [f"{service}: {image}" for service, image in sorted(prepared.images.items())]
    after += [f"file {path}: changed" for path in prepared.files_changed]
    return {"before": "\n".join(before) + "\n", "after": "\n".join(before if prepared.unchanged else after) + "\n"}
