# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever stands in a plan, it is the plan that it says, or it is refused with findings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.slipway.compose.plugins.module_utils.core.findings import SlipwayError
from ansible_collections.slipway.compose.plugins.module_utils.stack.plan import Plan
from tests.unit.plugins.module_utils.stack.test_plan import PLAN

DIGEST = "sha256:" + "0" * 64
#: Whatever JSON can say.
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda below: st.lists(below) | st.dictionaries(st.text(), below),
    max_leaves=6,
)


@settings(derandomize=True, max_examples=200, deadline=None)
@given(raw=ANYTHING, entry=st.sampled_from(sorted(PLAN.as_dict())))
def test_anything_gives_a_plan_or_findings(raw: Any, entry: str) -> None:  # noqa: ANN401 - whatever JSON can say
    for document in (raw, {**PLAN.as_dict(), entry: raw}):
        try:
            plan = Plan.from_dict(document)
        except SlipwayError:
            continue
        assert plan.as_dict() == document


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        ("stack", "../victim"),
        ("stack", "shop\n"),
        ("version", "1.1; reboot"),
        ("release", "../../victim"),
        ("release", "20261122T214500Z-1.1'; touch /srv/owned; '"),
        ("release", "20261122T214500Z-1.1\n"),
        ("release", "20261122T214500Z-1.2"),
        ("created_by", "ada\x1b[31m"),
        ("created_by", "ada\n::error::forged"),
        ("commit", "HEAD"),
        ("reversible", "yes"),
        ("rollback_scope", "galaxy"),
        ("images", {"web:1.1": "latest"}),
        ("images", {"web:1.1": f"{DIGEST}\n"}),
        ("images", {"Not An Image": DIGEST}),
        ("files", {"../compose.yaml": "1" * 64}),
        ("files", {"compose.yaml": "1"}),
        ("hosts", {"host1": "2" * 64}),
        ("batches", (("host1",), ("host1", "host2"))),
        ("bake_time", -1),
        ("bake_time", True),
        ("pause_after", "everything"),
    ],
)
def test_a_plan_that_was_changed_and_hashed_anew_is_refused(entry: str, value: Any) -> None:  # noqa: ANN401 - likewise
    with pytest.raises(SlipwayError):
        Plan.from_dict(replace(PLAN, **{entry: value}).as_dict())
