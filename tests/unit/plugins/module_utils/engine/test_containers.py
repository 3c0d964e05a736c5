# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs, as the engine tells it (captured_containers.json)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.engine.compose_labels import is_one_off
from ansible_collections.slipway.compose.plugins.module_utils.engine.containers import (
    ComposeOrigin,
    Container,
    ContainerSnapshot,
    ListedContainer,
    Snapshot,
    ended,
    parse_engine_time,
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
    found = Container.from_inspect(CAPTURED[name])
    assert found.id == CAPTURED[name]["Id"]
    assert found.state == CAPTURED[name]["State"]["Status"]
    assert not found.name.startswith("/")
    assert found.health != "none"


def test_service_number_and_configuration_come_from_the_labels() -> None:
    labels = {f"{LABEL}service": "web", f"{LABEL}container-number": "2", f"{LABEL}config-hash": "abc"}
    found = Container.from_inspect(inspected(labels, Health={"Status": "healthy"}))
    assert (found.service, found.number, found.config_hash) == ("web", 2, "abc")
    assert (found.name, found.health, found.restarts) == ("shop-web-2", "healthy", 3)


@pytest.mark.parametrize(
    ("before", "now", "is_over", "expected"),
    [
        ("running", "running", False, []),
        ("running", "restarting", False, []),
        ("running", "paused", False, []),
        ("running", "exited", False, ["shop-web-2"]),
        ("running", "exited", True, []),
        ("exited", "exited", False, []),
        # Somebody has replaced it.
        ("running", None, False, []),
    ],
)
def test_what_ran_and_was_to_run_on_has_ended(
    before: str, now: str | None, expected: list[str], *, is_over: bool
) -> None:
    there = [Container.from_inspect(inspected({}, Status=now))] if now else []
    found = ended([Container.from_inspect(inspected({}, Status=before))], there, lambda _container: is_over)
    assert [one.name for one in found] == expected


@pytest.mark.parametrize(
    ("policy", "ports", "label", "may_end"),
    [
        ("no", {}, None, True),
        ("", None, None, True),
        ("on-failure", {}, None, True),
        ("always", {}, None, False),
        ("unless-stopped", {}, None, False),
        # The engine chooses the port.
        ("no", {"80/tcp": [{"HostIp": "", "HostPort": ""}]}, None, False),
        ("no", {}, "true", False),
        ("no", {}, "False", False),
    ],
)
def test_a_container_tells_whether_it_may_be_a_job(
    policy: str, ports: dict[str, Any] | None, label: str | None, *, may_end: bool
) -> None:
    labels = {} if label is None else {"io.slipway.job": label}
    host = {"HostConfig": {"RestartPolicy": {"Name": policy}, "PortBindings": ports}}
    assert Container.from_inspect(inspected(labels) | host).may_end is may_end


def test_that_it_was_healthy_once_shows_when_it_has_ended() -> None:
    probes = [{"ExitCode": 0}, {"ExitCode": 1, "Output": "down"}]
    over = {"Status": "exited", "Health": {"Status": "unhealthy", "Log": probes}}
    assert Container.from_inspect(inspected({}, **over)).has_been_healthy
    assert not Container.from_inspect(CAPTURED["unhealthy"]).has_been_healthy
    assert not Container.from_inspect(CAPTURED["exited 0"]).has_been_healthy


def test_a_container_without_labels_or_health_check_has_neither() -> None:
    found = Container.from_inspect(inspected(None))
    assert (found.service, found.number, found.health) == ("", 1, "")
    assert Container.from_inspect(inspected(None, Health={"Status": "none"})).health == ""


def test_the_origin_is_where_compose_was_run() -> None:
    labels = {
        f"{LABEL}project.working_dir": "/srv/shop",
        f"{LABEL}project.config_files": "/srv/shop/compose.yaml,/srv/shop/more.yaml",
        f"{LABEL}project.environment_file": "",
    }
    files = ("/srv/shop/compose.yaml", "/srv/shop/more.yaml")
    assert Container.from_inspect(inspected(labels)).origin == ComposeOrigin("/srv/shop", files, ())


def test_what_a_judgement_needs_is_what_the_engine_said() -> None:
    container = Container.from_inspect(CAPTURED["running"])
    assert (container.name, container.service, container.number) == ("guestbook-web-1", "web", 1)
    assert container.published_ports == {18980}
    assert container.restart_policy == "no"
    assert container.health == ""
    assert Container.from_inspect(CAPTURED["restarting"]).restart_policy == "always"
    assert is_one_off(CAPTURED["one-off"]["Config"]["Labels"])
    assert not is_one_off(CAPTURED["running"]["Config"]["Labels"])


def test_a_container_in_the_engines_list_is_whose_it_is_and_has_what_it_has() -> None:
    entry = {
        "Id": "c" * 64,
        "Names": ["/blog-web-1/db", "/till"],
        "State": "running",
        "Labels": {f"{LABEL}project": "shop", f"{LABEL}service": "till", f"{LABEL}config-hash": "0"},
        "Ports": [
            {"IP": "127.0.0.1", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"},
            {"IP": "::", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"},
            {"PrivatePort": 81, "Type": "tcp"},
        ],
    }
    one = ListedContainer.from_entry(entry)
    assert (one.name, one.owner, one.state) == ("till", "shop", "running")
    assert sorted(map(str, one.ports)) == ["127.0.0.1:8080/tcp", "[::]:8080/tcp"]
    assert one.is_replica_of("shop")
    assert not one.is_replica_of("blog")
    # A program of the stack has started it beside itself; it stays, and keeps what it has.
    sibling = ListedContainer.from_entry({**entry, "Labels": {f"{LABEL}project": "shop", f"{LABEL}service": "till"}})
    assert not sibling.is_replica_of("shop")
    bare = ListedContainer.from_entry({"Id": "d" * 64, "Names": None, "Labels": None, "Ports": None, "State": "dead"})
    assert (bare.name, bare.owner, bare.ports) == ("d" * 12, "d" * 12, ())


def test_a_snapshot_records_what_every_version_reads_and_no_more() -> None:
    container = Container.from_inspect(CAPTURED["running"])
    snapshot = Snapshot("guestbook", "2026-11-22T21:45:00Z", None, (container,), (container.origin,), {"sha256:1": []})
    (recorded,) = snapshot.as_dict()["containers"]
    assert {name: type(value) for name, value in recorded.items()} == {
        "service": str, "number": int, "name": str, "id": str, "image": str, "image_id": str, "config_hash": str,
        "state": str, "health": str, "exit_code": int, "started_at": str, "restarts": int,
    }  # fmt: skip
    read = ContainerSnapshot.from_dict(json.loads(json.dumps(recorded)))
    assert read.__class__ is ContainerSnapshot
    assert read.as_record() == recorded
    assert list(snapshot.as_dict()) == ["stack", "taken_at", "release", "containers", "origins", "digests"]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:00:01Z", 1.0),
        ("2026-11-22T23:49:49.5Z", 1795391389.5),
        ("2026-11-23T00:49:49.5+01:00", 1795391389.5),
        ("2026-11-22T18:19:49.500000000-05:30", 1795391389.5),
        ("0001-01-01T00:00:00Z", None),
        ("", None),
    ],
)
def test_engine_times(text: str, seconds: float | None) -> None:
    assert parse_engine_time(text) == seconds
