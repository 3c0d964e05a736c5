# SPDX-License-Identifier: GPL-3.0-or-later
"""What Compose's labels mean."""

from __future__ import annotations

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.engine.compose_labels import (
    CONFIG_HASH_LABEL,
    DEPENDS_ON_LABEL,
    ONE_OFF_LABEL,
    PROJECT_LABEL,
    SERVICE_LABEL,
    dependencies,
    is_one_off,
    is_replica,
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


MADE = {PROJECT_LABEL: "shop", SERVICE_LABEL: "web", CONFIG_HASH_LABEL: "0", ONE_OFF_LABEL: "False"}


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (MADE, True),
        ({**MADE, ONE_OFF_LABEL: "True"}, False),
        # A program that starts containers beside its own.
        ({PROJECT_LABEL: "shop"}, False),
        ({PROJECT_LABEL: "shop", SERVICE_LABEL: "web"}, False),
        ({PROJECT_LABEL: "shop", CONFIG_HASH_LABEL: "0"}, False),
        ({}, False),
    ],
)
def test_a_replica_is_what_compose_made_for_a_service(labels: dict[str, str], *, expected: bool) -> None:
    assert is_replica(labels) is expected


def test_a_container_may_have_no_labels() -> None:
    assert labels_of({"Config": {"Labels": None}}) == {}
