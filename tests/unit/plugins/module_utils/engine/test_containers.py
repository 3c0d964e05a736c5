# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs, as the engine tells it (captured_containers.json)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.engine.containers import (
    ComposeOrigin,
    compose_origin,
    container_snapshot,
    ended,
)

CAPTURED: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("captured_containers.json").read_text(encoding="utf-8")
)
LABEL = "com.docker.compose."


def inspected(labels: dict[str, str] | None, **state: Any) -> dict[str, Any]:
    return {
        "Id": "c1",
        "Name": "/shop-web-2",
        "Image": "sha256:1",
        "RestartCount": 3,
        "Config": {"Image": "web:1", "Labels": labels},
        "State": {"Status": "running", "StartedAt": "2026-11-22T21:45:00Z", "ExitCode": 0, **state},
    }


@pytest.mark.parametrize("name", sorted(CAPTURED))
def test_real_containers_are_understood(name: str) -> None:
    found = container_snapshot(CAPTURED[name])
    assert found.id == CAPTURED[name]["Id"]
    assert found.state == CAPTURED[name]["State"]["Status"]
    assert not found.name.startswith("/")
    assert found.health != "none"


def test_service_number_and_configuration_come_from_the_labels() -> None:
    labels = {f"{LABEL}service": "web", f"{LABEL}container-number": "2", f"{LABEL}config-hash": "abc"}
    found = container_snapshot(inspected(labels, Health={"Status": "healthy"}))
    assert (found.service, found.number, found.config_hash) == ("web", 2, "abc")
    assert (found.name, found.health, found.restarts) == ("shop-web-2", "healthy", 3)


@pytest.mark.parametrize(
    ("before", "now", "policy", "code", "jobs", "expected"),
    [
        ("running", "running", "always", 0, None, []),
        ("running", "restarting", "always", 1, None, []),
        ("running", "paused", "always", 0, None, []),
        ("running", "exited", "unless-stopped", 0, None, ["shop-web-2"]),
        ("running", "exited", "no", 137, None, ["shop-web-2"]),
        ("exited", "exited", "always", 1, None, []),
        # Where nobody knows the jobs, this was one.
        ("running", "exited", "no", 0, None, []),
        ("running", "exited", "on-failure", 0, None, []),
        # An engine that comes back stops what still lives, and services end well then.
        ("running", "exited", "no", 0, set(), ["shop-web-2"]),
        ("running", "exited", "no", 1, {"web"}, []),
        # Somebody has replaced it.
        ("running", None, "always", 0, None, []),
    ],
)
def test_what_ran_and_was_to_run_on_has_ended(  # noqa: PLR0913, PLR0917 - a table
    before: str, now: str | None, policy: str, code: int, jobs: set[str] | None, expected: list[str]
) -> None:
    labels = {f"{LABEL}service": "web"}
    host = {"HostConfig": {"RestartPolicy": {"Name": policy}}}
    there = [inspected(labels, Status=now, ExitCode=code) | host] if now else []
    found = ended([container_snapshot(inspected(labels, Status=before))], there, jobs)
    assert [one.name for one in found] == expected


def test_a_container_without_labels_or_health_check_has_neither() -> None:
    found = container_snapshot(inspected(None))
    assert (found.service, found.number, found.health) == ("", 1, "")
    assert container_snapshot(inspected(None, Health={"Status": "none"})).health == ""


def test_the_origin_is_where_compose_was_run() -> None:
    labels = {
        f"{LABEL}project.working_dir": "/srv/shop",
        f"{LABEL}project.config_files": "/srv/shop/compose.yaml,/srv/shop/more.yaml",
        f"{LABEL}project.environment_file": "",
    }
    files = ("/srv/shop/compose.yaml", "/srv/shop/more.yaml")
    assert compose_origin(inspected(labels)) == ComposeOrigin("/srv/shop", files, ())
