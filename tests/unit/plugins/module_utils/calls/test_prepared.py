# SPDX-License-Identifier: GPL-3.0-or-later
"""The host checks the plan that it is given, whoever has checked it before, and before it touches anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.calls.dispatch import bring_about
from ansible_collections.slipway.compose.plugins.module_utils.core.findings import SlipwayError
from ansible_collections.slipway.compose.plugins.module_utils.stack.bundle import FileBundle
from ansible_collections.slipway.compose.plugins.module_utils.stack.gate_settings import GateSettings
from ansible_collections.slipway.compose.plugins.module_utils.stack.payload import Payload
from tests.support.plans import forged


def prepare(root: Path, plan: dict[str, Any]) -> None:
    payload = Payload(FileBundle((), {}, ()), GateSettings(), ()).pack()
    options = {
        "state": "prepared", "stack": "shop", "root": str(root), "run": "run", "owner": "", "run_url": "",
        "guard_timeout": 900, "rollback_timeout": 300, "release": None, "plan": plan, "payload": payload,
        "host": "host1", "first_host": True, "min_free_mb": 1, "pull_timeout": 1, "force": False,
        "confirm_images": False,
    }  # fmt: skip
    bring_about(options, check_mode=False)


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
