# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan that was made before: what it is compared with before anything is deployed."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.slipway.compose.plugins.action.release_plan import raise_differences
from ansible_collections.slipway.compose.plugins.module_utils.core.findings import SlipwayError
from tests.support.plans import ONE_HOST

SOURCES: dict[str, dict[str, Any]] = {"host1": {"content_sha256": "2" * 64}}
FILES = {"compose.yaml": "1" * 64}
VARIABLES: dict[str, Any] = {
    "stack_name": "shop",
    "stack_version": "1.1",
    "stack_rollback_scope": "fleet",
    "stack_bake_time": 0,
    "stack_pause_after": "nothing",
    "stack_reversible": True,
    "stack_serial": ["100%"],
    "stack_plan_sha256": "",
}


@pytest.mark.parametrize("approved", ["", ONE_HOST.sha256])
def test_a_plan_that_fits_is_taken(approved: str) -> None:
    raise_differences(ONE_HOST, SOURCES, FILES, {**VARIABLES, "stack_plan_sha256": approved})


def test_a_plan_that_was_not_approved_is_refused_with_all_else() -> None:
    with pytest.raises(SlipwayError) as caught:
        raise_differences(
            ONE_HOST, SOURCES, FILES, {**VARIABLES, "stack_plan_sha256": "a" * 64, "stack_version": "1.2"}
        )
    assert [finding.sentence() for finding in caught.value.findings] == [
        (
            f"plan: expected the one with SHA-256 {'a' * 64}, seen SHA-256 {ONE_HOST.sha256}."
            " Deploy the plan that was approved, or have this one approved."
        ),
        "plan's stack_version: expected 1.2, seen 1.1. Make a new plan, have it approved, and deploy that one.",
    ]
