# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever stands in a plan, it is the plan that it says, or it is refused with findings."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.slipway.compose.plugins.module_utils.core.findings import SlipwayError
from ansible_collections.slipway.compose.plugins.module_utils.stack.plan import Plan
from tests.support.plans import PLAN

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
