# SPDX-License-Identifier: GPL-3.0-or-later
"""Rollback by hand, while no registry answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.fleet import Fleet, Host, Probe
from tests.integration.conftest import MakeProject
from tests.support import observed
from tests.support.probe_stack import app, compose
from tests.support.project import Project

VERSIONS = ("1.0", "1.1", "1.2", "1.3")


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


def test_by_hand_to_the_release_before_and_to_one_that_is_older(unplugged: Fleet, new_project: MakeProject) -> None:
    project, host = new_project("app"), unplugged.hosts[0]
    states = [_deploy(project, host, VERSIONS[0])]
    _refused(project, host)
    states += [_deploy(project, host, version) for version in VERSIONS[1:]]
    _refused(project, host, "--to", "20200101T000000Z-0.1")
    for registry in (unplugged.registry, unplugged.open_registry):
        registry.stop()

    before = project.rollback()
    before.expect(0, "deployed")
    assert _state(host) == states[2]

    target = states[0].release
    far = project.rollback("--to", str(target))
    far.expect(0, "deployed")
    assert far.release == target
    assert _state(host) == states[0]

    again = project.rollback("--to", str(target))
    again.expect(0, "unchanged")
    assert _state(host) == states[0]


def _refused(project: Project, host: Host, *options: str) -> None:
    """See that there is no way back to a release that is not kept, or where none came before."""
    state, containers = _state(host), observed.containers(host, "app")
    project.rollback(*options).expect(10, "refused")
    assert _state(host) == state
    assert observed.containers(host, "app") == containers


def _deploy(project: Project, host: Host, version: str) -> State:
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
    project.environment([host], stack_env={"GREETING": f"greeting of {version}"})
    run = project.deploy(version)
    run.expect(0, "deployed")
    state = _state(host)
    assert state.release == run.release
    assert state.page == version
    assert state.configuration == f"configuration of {version}"
    assert f"PROBE_FROM_FILE=file of {version}" in state.environment.splitlines()
    assert f"PROBE_GREETING=greeting of {version}" in state.environment.splitlines()
    return state


def _state(host: Host) -> State:
    return State(
        release=observed.current_release(host, "app"),
        images=observed.digests(host, "app"),
        files=observed.project_files(host, "app"),
        page=observed.answer(host),
        configuration=observed.answer(host, "/config"),
        environment=observed.answer(host, "/env"),
    )
