# SPDX-License-Identifier: GPL-3.0-or-later
"""What Compose 2.26 and 5.6 really said of one project (captured_compose.json)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.engine.compose_model import (
    PublishedPort,
    Service,
    files_hash,
    parse_services,
    secret_files,
    unset_variables,
)

CAPTURED = json.loads(Path(__file__).with_name("captured_compose.json").read_text(encoding="utf-8"))
ROOT = "/srv/shop"


@pytest.fixture(params=sorted(CAPTURED))
def captured(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What one version of Compose said."""
    found: dict[str, Any] = CAPTURED[request.param]
    return found


@pytest.fixture
def services(captured: dict[str, Any]) -> dict[str, Service]:
    """The services by name."""
    return {service.name: service for service in parse_services(json.dumps(captured["config"]), ROOT)}


def test_services_come_sorted_with_their_images(services: dict[str, Service]) -> None:
    assert {name: service.image for name, service in services.items()} == {
        "db": "postgres",
        "migrate": "registry.example.com/migrate:1.0",
        "report": "report:1",
        "tool": None,
        "web": "registry.example.com:5000/web:1.0",
    }
    assert list(services) == sorted(services)


def test_replicas_come_from_scale_or_deploy(services: dict[str, Service]) -> None:
    assert {name: service.replicas for name, service in services.items()} == {
        "db": 3, "migrate": 1, "report": 1, "tool": 1, "web": 2,
    }  # fmt: skip


def test_a_job_is_awaited_by_another_service_or_labelled(services: dict[str, Service]) -> None:
    assert [name for name, service in services.items() if service.one_shot] == ["migrate", "report"]


def test_only_of_those_of_which_nothing_is_said_it_is_not_known_whether_they_end(services: dict[str, Service]) -> None:
    assert [name for name, service in services.items() if service.may_end] == ["db", "tool"]


def test_who_waits_for_whom_is_known() -> None:
    waits = {"db": "service_healthy", "job": "service_completed_successfully", "gone": "service_healthy"}
    needs = {name: {"condition": condition} for name, condition in waits.items()}
    project = {"services": {"web": {"depends_on": needs}, "db": {"healthcheck": {"interval": "1m0s"}}, "job": {}}}
    services = {one.name: one for one in parse_services(json.dumps(project), ROOT)}
    assert (services["web"].awaits_health, services["web"].starts_after) == (("db",), ("job",))
    assert services["db"].health_check.interval_s == 60


def test_ports_that_the_engine_chooses_are_left_to_it(services: dict[str, Service]) -> None:
    assert set(services["web"].ports) == {
        PublishedPort("", 8080, "tcp"),
        PublishedPort("127.0.0.1", 9000, "tcp"),
        PublishedPort("", 5353, "udp"),
        PublishedPort("", 9090, "tcp"),
        PublishedPort("", 9091, "tcp"),
    }


@pytest.mark.parametrize(
    ("port", "text"),
    [
        (PublishedPort("", 80, "tcp"), "80/tcp"),
        (PublishedPort("127.0.0.1", 53, "udp"), "127.0.0.1:53/udp"),
    ],
)
def test_a_port_is_spelled_as_docker_does(port: PublishedPort, text: str) -> None:
    assert str(port) == text


def test_inputs_are_what_the_project_gives_a_service(services: dict[str, Service]) -> None:
    kinds = sorted(item.partition(":")[0] for item in services["web"].inputs)
    assert kinds == ["content", "env", "env", "path", "path", "path"]
    assert {item for item in services["web"].inputs if not item.startswith("content:")} == {
        "env:MOTD", "env:TOKEN", "path:conf", "path:conf/a.conf", "path:password",
    }  # fmt: skip
    assert services["db"].inputs == ()


def test_files_of_secrets_are_known(captured: dict[str, Any]) -> None:
    assert secret_files(json.dumps(captured["config"]), ROOT) == ("password",)


def test_warnings_name_the_variables_that_nothing_sets(captured: dict[str, Any]) -> None:
    assert unset_variables(captured["messages"]) == ["COLOUR", "SHAPE"]
    assert unset_variables(captured["refusal"]) == []
    assert unset_variables("") == []


def test_the_hash_changes_with_what_the_service_takes_and_with_nothing_else(services: dict[str, Service]) -> None:
    hashes = {"conf/a.conf": "1", "password": "2", "other/file": "3"}
    env = {"MOTD": "hi", "TOKEN": "t", "OTHER": "o"}
    base = files_hash(services["web"], hashes, env)
    assert base is not None
    assert files_hash(services["web"], {**hashes, "other/file": "9"}, {**env, "OTHER": "9"}) == base
    for changed in ({"conf/a.conf": "9"}, {"password": "9"}, {"conf/new.conf": "9"}):
        assert files_hash(services["web"], {**hashes, **changed}, env) != base
    assert files_hash(services["web"], hashes, {**env, "TOKEN": "9"}) != base
    assert files_hash(services["db"], hashes, env) is None


@pytest.mark.parametrize("config", ["{}", '{"services": null}', '{"services": {}}'])
def test_a_project_without_services_has_none(config: str) -> None:
    assert parse_services(config, ROOT) == ()
