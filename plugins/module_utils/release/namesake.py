# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two releases with one ID: an ID has the second in which its plan was made, and two plans may share it (I/O)."""

from __future__ import annotations

from ..core.findings import Finding, SlipwayError
from .record import ReleaseRecord
from .store import ReleaseStore


def namesake_findings(store: ReleaseStore, record: ReleaseRecord) -> list[Finding]:
    """Find whether the host keeps another release under the ID of a new one.

    Args:
        store: the stack's folder.
        record: the release that is to be made, or to be gone to if it is there.
    """
    if record.id not in store.kept():
        return []
    try:
        kept = store.folder_of(record.id).record
    except SlipwayError:
        # One that was confirmed is gone to, and says then that it is damaged; any other is staged anew.
        return []
    remedy = "Make a new plan, whose release has an ID of its own, and deploy that one."
    compared = (
        ("the plan", kept.plan_sha256, record.plan_sha256),
        ("the content", kept.content_sha256, record.content_sha256),
    )
    return [
        Finding(f"release {record.id}", f"{what} that made it here, SHA-256 {before}", f"SHA-256 {now}", remedy)
        for what, before, now in compared
        if before != now
    ]
