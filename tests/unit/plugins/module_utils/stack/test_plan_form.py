# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan that somebody changed and hashed anew is judged by each of its entries."""

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


def refused(raw: Any) -> list[str]:  # noqa: ANN401 - whatever JSON can say
    with pytest.raises(SlipwayError) as caught:
        Plan.from_dict(raw)
    return [finding.thing for finding in caught.value.findings]


def hashed_anew(**changes: Any) -> dict[str, Any]:
    return replace(PLAN, **changes).as_dict()


def test_a_plan_is_what_it_was() -> None:
    assert Plan.from_dict(PLAN.as_dict()) == PLAN


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
        ("created_at", "now"),
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
        ("hosts", {"host1": "2" * 64, "host2\n": "3" * 64}),
        ("batches", ((), ("host1", "host2"))),
        ("batches", (("host1",), ("host1", "host2"))),
        ("bake_time", -1),
        ("bake_time", True),
        ("pause_after", "everything"),
    ],
)
def test_an_entry_that_cannot_be_is_refused(entry: str, value: object) -> None:
    thing = "plan's batches" if entry == "hosts" and len(str(value)) < len(str(PLAN.hosts)) else f"plan's {entry}"
    assert refused(hashed_anew(**{entry: value})) == [thing]


def test_everything_is_said_at_once() -> None:
    raw = {**hashed_anew(stack="/", release="..", images={"web:1.1": ""}), "extra": 1}
    del raw["commit"]
    assert refused(raw) == ["plan's stack", "plan's release", "plan's commit", "plan's 'extra'", "plan's images"]


def test_a_plan_that_was_changed_and_not_hashed_is_refused() -> None:
    assert refused({**PLAN.as_dict(), "bake_time": 7}) == ["plan"]


def test_a_plan_of_another_schema_says_so() -> None:
    with pytest.raises(SlipwayError, match="another version of Slipway"):
        Plan.from_dict({**PLAN.as_dict(), "schema": 99, "more": 1})


@settings(derandomize=True, max_examples=200, deadline=None)
@given(raw=ANYTHING, entry=st.sampled_from(sorted(PLAN.as_dict())))
def test_anything_gives_a_plan_or_a_finding(raw: Any, entry: str) -> None:  # noqa: ANN401 - whatever JSON can say
    for given_plan in (raw, {**PLAN.as_dict(), entry: raw}):
        try:
            plan = Plan.from_dict(given_plan)
        except SlipwayError:
            continue
        assert plan.as_dict() == given_plan
