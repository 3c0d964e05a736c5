# SPDX-License-Identifier: GPL-3.0-or-later
"""A release's record for tests of what records go through."""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.compose.plugins.module_utils.release.record import ReleaseRecord

RECORD = ReleaseRecord(
    id="20261122T100000Z-1.0",
    stack="shop",
    version="1.0",
    created_at="2026-11-22T10:00:00Z",
    created_by="ada@desk",
    commit="a" * 40,
    plan_sha256="1" * 64,
    content_sha256="2" * 64,
    reversible=True,
    compose_files=(),
    images={},
    files=(),
    services=(),
)
#: What ran before it: nothing.
SNAPSHOT: dict[str, Any] = {
    "release": None,
    "to": None,
    "goal": "nothing",
    "containers": [],
}
