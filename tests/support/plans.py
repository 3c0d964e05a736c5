# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan for tests of what plans go through."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from ansible_collections.slipway.compose.plugins.module_utils.stack.plan import Plan, plan_hash

PLAN = Plan(
    stack="shop",
    version="1.1",
    release="20261122T214500Z-1.1",
    created_at="2026-11-22T21:45:00Z",
    created_by="ada@desk",
    commit="a" * 40,
    reversible=True,
    rollback_scope="fleet",
    images={"web:1.1": "sha256:" + "0" * 64},
    files={"compose.yaml": "1" * 64},
    hosts={"host1": "2" * 64, "host2": "3" * 64},
    batches=(("host1",), ("host2",)),
)
ONE_HOST = replace(PLAN, hosts={"host1": PLAN.hosts["host1"]}, batches=(("host1",),))


def forged(**changes: Any) -> dict[str, Any]:
    """Return a plan as somebody writes it who also recomputes its hash."""
    raw = {**json.loads(PLAN.to_json()), **changes}
    decided = {key: value for key, value in raw.items() if key not in ("schema", "sha256", "attention")}
    return {**raw, "sha256": plan_hash(decided)}
