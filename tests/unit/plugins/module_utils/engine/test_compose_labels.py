# SPDX-License-Identifier: GPL-3.0-or-later
"""What Compose's labels mean."""

from __future__ import annotations

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.engine.compose_labels import (
    DEPENDS_ON_LABEL,
    ONE_OFF_LABEL,
    dependencies,
    is_one_off,
    labels_of,
)


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("", {}),
        ("db:service_healthy:false", {"db": "service_healthy"}),
        ("db:service_healthy:false,cache:service_started:true", {"db": "service_healthy", "cache": "service_started"}),
    ],
)
def test_what_a_service_depends_on(label: str, expected: dict[str, str]) -> None:
    assert dependencies({DEPENDS_ON_LABEL: label}) == expected


@pytest.mark.parametrize(("value", "expected"), [("True", True), ("true", True), ("False", False), (None, False)])
def test_containers_of_compose_run_are_one_off(value: str | None, *, expected: bool) -> None:
    assert is_one_off({} if value is None else {ONE_OFF_LABEL: value}) is expected


def test_a_container_may_have_no_labels() -> None:
    assert labels_of({"Config": {"Labels": None}}) == {}
