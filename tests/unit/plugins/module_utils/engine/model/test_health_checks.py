# SPDX-License-Identifier: GPL-3.0-or-later
"""When a container is looked at first."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.engine.model.health_checks import (
    HealthCheck,
    compose_health_check,
    image_health_check,
    seconds,
)

OLD, NEW = (1, 43), (1, 44)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1m30s", 90.0), ("2h0m0s", 7200.0), ("1.5s", 1.5), ("500ms", 0.5), ("10us", 1e-5), (".5s", 0.5),
        (None, 0.0), ("", 0.0), ("0s", 0.0), ("soon", 0.0), ("10", 0.0),
    ],
)  # fmt: skip
def test_durations_are_read_as_compose_prints_them(text: str | None, expected: float) -> None:
    assert seconds(text) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("said", "api", "first"),
    [
        ({}, NEW, (30.0, "interval, by default")),
        ({"interval": "1m30s", "retries": 3}, NEW, (90.0, "interval")),
        # The short interval holds within the start period only, and no engine before 25 knows it.
        ({"interval": "1m30s", "start_period": "1s"}, NEW, (5.0, "start_interval, by default")),
        ({"interval": "1m30s", "start_period": "1s", "start_interval": "2s"}, NEW, (2.0, "start_interval")),
        (
            {"interval": "1m30s", "start_period": "1s", "start_interval": "2s"},
            OLD,
            (90.0, "interval; an engine before 25 knows no start_interval"),
        ),
        ({"interval": "1m30s", "start_interval": "2s"}, NEW, (90.0, "interval")),
        ({"interval": "1s", "start_period": "30s"}, NEW, (5.0, "start_interval, by default")),
    ],
)
def test_the_first_probe_comes_after_the_interval_of_that_time(
    said: dict[str, Any], api: tuple[int, int], first: tuple[float, str]
) -> None:
    assert compose_health_check({"healthcheck": {"test": ["CMD", "true"], **said}}).first_probe(api) == first


IMAGE = image_health_check({"Config": {"Healthcheck": {"Test": ["CMD", "look"], "Interval": 300_000_000_000}}})


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        ({}, IMAGE),
        ({"healthcheck": {"interval": "5s"}}, HealthCheck(("CMD", "look"), 5.0)),
        ({"healthcheck": {"retries": 2}}, IMAGE),
        ({"healthcheck": {"test": ["CMD", "true"]}}, HealthCheck(("CMD", "true"))),
        ({"healthcheck": {"disable": True}}, HealthCheck(("NONE",))),
        ({"healthcheck": {"test": ["NONE"]}}, HealthCheck(("NONE",))),
        ({"healthcheck": {"test": "NONE"}}, HealthCheck(("NONE",))),
    ],
)
def test_what_the_project_leaves_out_comes_from_the_image(service: dict[str, Any], expected: HealthCheck) -> None:
    effective = compose_health_check(service).over(IMAGE)
    assert effective == expected
    assert effective.is_given is (expected.test != ("NONE",))


@pytest.mark.parametrize("image", [None, {}, {"Config": None}, {"Config": {"Healthcheck": None}}])
def test_an_image_may_say_nothing(image: dict[str, Any] | None) -> None:
    assert not image_health_check(image).is_given
