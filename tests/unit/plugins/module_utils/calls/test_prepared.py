# SPDX-License-Identifier: GPL-3.0-or-later
"""The host checks the plan that it is given, whoever has checked it before, and before it touches anything."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.calls.dispatch import bring_about
from ansible_collections.slipway.compose.plugins.module_utils.core.findings import SlipwayError
from ansible_collections.slipway.compose.plugins.module_utils.stack.bundle import FileBundle
from ansible_collections.slipway.compose.plugins.module_utils.stack.gate_settings import GateSettings
from ansible_collections.slipway.compose.plugins.module_utils.stack.payload import Payload
from ansible_collections.slipway.compose.plugins.module_utils.stack.plan import Plan

PLAN = Plan(
    stack="shop",
    version="1.1",
    release="20261122T214500Z-1.1",
    created_at="2026-11-22T21:45:00Z",
    created_by="ada@desk",
    commit="",
    reversible=True,
    rollback_scope="fleet",
    images={"web:1.1": "sha256:" + "0" * 64},
    files={"compose.yaml": "1" * 64},
    hosts={"host1": "2" * 64},
    batches=(("host1",),),
)


def prepare(root: Path, plan: dict[str, Any]) -> None:
    payload = Payload(FileBundle((), {}, ()), GateSettings(), ()).pack()
    options = {
        "state": "prepared", "stack": "shop", "root": str(root), "run": "run", "owner": "", "run_url": "",
        "guard_timeout": 900, "rollback_timeout": 300, "release": None, "plan": plan, "payload": payload,
        "host": "host1", "first_host": True, "min_free_mb": 1, "pull_timeout": 1, "force": False,
    }  # fmt: skip
    bring_about(options, check_mode=False)


def forged(**changes: object) -> dict[str, Any]:
    """Return a plan as somebody writes it who also recomputes its hash."""
    raw = {**PLAN.as_dict(), **changes}
    decided = {key: value for key, value in raw.items() if key not in ("schema", "sha256", "attention")}
    text = json.dumps(decided, sort_keys=True, separators=(",", ":"))
    return {**raw, "sha256": hashlib.sha256(text.encode()).hexdigest()}


@pytest.mark.parametrize(
    ("plan", "thing"),
    [
        (forged(release="../../victim"), "plan, key release"),
        (forged(release="20261122T214500Z-1.1'; touch pwned; '"), "plan, key release"),
        (forged(images={"web:1.1": "latest"}), "plan, key images.web:1.1"),
        (forged(stack="other"), "plan"),
        (forged(approved=True), "plan"),
    ],
    ids=["path", "command", "digest", "another stack", "unknown key"],
)
def test_a_crafted_plan_touches_nothing(plan: dict[str, Any], thing: str, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.mkdir()
    with pytest.raises(SlipwayError) as caught:
        prepare(tmp_path / "stacks", plan)
    assert thing in [finding.thing for finding in caught.value.findings]
    assert list(tmp_path.iterdir()) == [victim]
