# SPDX-License-Identifier: GPL-3.0-or-later
"""Rollback by hand, while no registry answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest

from tests.fleet import Fleet, Host, Probe
from tests.integration.conftest import MakeProject
from tests.support import observed
from tests.support.probe_stack import app, compose
from tests.support.project import Project

VERSIONS = ("1.0", "1.1", "1.2", "1.3", "1.4")


@dataclass(frozen=True)
class State:
    """What a release makes of a host."""

    release: str | None
    images: dict[str, tuple[str, str]]
    files: dict[str, str]
    page: str
    configuration: str
    environment: str


@pytest.fixture
def unplugged(fleet: Fleet) -> Iterator[Fleet]:
    """Give the registries back after a test that stops them."""
    yield fleet
    for registry in (fleet.registry, fleet.open_registry):
        registry.start()


def test_by_hand_to_the_release_before_and_to_one_three_back(unplugged: Fleet, new_project: MakeProject) -> None:
    project, host = new_project("app"), unplugged.hosts[0]
    states = [_deploy(project, [host], version)[0] for version in VERSIONS]
    for registry in (unplugged.registry, unplugged.open_registry):
        registry.stop()

    before = project.rollback()
    before.expect(0, "deployed")
    assert _state(host) == states[3]

    target = states[0].release
    far = project.rollback("--to", str(target))
    far.expect(0, "deployed")
    assert far.release == target
    assert _state(host) == states[0]

    again = project.rollback("--to", str(target))
    again.expect(0, "unchanged")
    assert _state(host) == states[0]


def test_to_a_release_that_is_not_kept_is_refused(fleet: Fleet, new_project: MakeProject) -> None:
    project = new_project("app")
    states = _deploy(project, fleet.hosts, VERSIONS[0])
    before = [observed.containers(host, "app") for host in fleet.hosts]
    for options in ((), ("--to", "20200101T000000Z-0.1")):
        run = project.rollback(*options)
        run.expect(10, "refused")
    assert [_state(host) for host in fleet.hosts] == states
    assert [observed.containers(host, "app") for host in fleet.hosts] == before


def _deploy(project: Project, hosts: Sequence[Host], version: str) -> list[State]:
    image = Probe(version).push(project.fleet.registry).replace(version, "${STACK_VERSION}")
    service = app(
        image,
        env_file=["app.env"],
        environment={"PROBE_GREETING": "${GREETING}"},
        volumes=["./probe.conf:/etc/probe.conf:ro"],
    )
    project.stack(
        {
            "compose.yaml": compose({"app": service}),
            "app.env": f"PROBE_FROM_FILE=file of {version}\n",
            "probe.conf": f"configuration of {version}\n",
            f"only/in-{version}.txt": "a file that no other version has\n",
        }
    )
    project.environment(hosts, stack_env={"GREETING": f"greeting of {version}"})
    run = project.deploy(version)
    run.expect(0, "deployed")
    states = [_state(host) for host in hosts]
    for state in states:
        assert state.release == run.release
        assert state.page == version
        assert state.configuration == f"configuration of {version}"
        assert f"PROBE_FROM_FILE=file of {version}" in state.environment.splitlines()
        assert f"PROBE_GREETING=greeting of {version}" in state.environment.splitlines()
    return states


def _state(host: Host) -> State:
    return State(
        release=observed.current_release(host, "app"),
        images=observed.digests(host, "app"),
        files=observed.project_files(host, "app"),
        page=observed.answer(host),
        configuration=observed.answer(host, "/config"),
        environment=observed.answer(host, "/env"),
    )
