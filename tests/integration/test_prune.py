# SPDX-License-Identifier: GPL-3.0-or-later
"""Pruning removes what nothing needs, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

from tests.fleet import Fleet, Host, Probe
from tests.integration.conftest import MakeProject
from tests.support import observed
from tests.support.probe_stack import app, compose
from tests.support.project import Project

KEEP = 2
VERSIONS = ("1.0", "1.1", "1.2", "1.3")


def test_a_kept_release_has_its_images_and_others_keep_theirs(fleet: Fleet, new_project: MakeProject) -> None:
    host, registry = fleet.hosts[0], fleet.registry
    for version in VERSIONS:
        # Unlike those of other tests: an image that only this stack ever used.
        Probe(version, salt="prune").push(registry, "pruned")
    ids = {version: registry.digest("pruned", version) for version in VERSIONS}
    neighbour, project = _project(new_project, "neighbour", 8081, host), _project(new_project, "app", 8080, host)
    for version in VERSIONS[:2]:
        _deploy(neighbour, version)
    for version in ("1.1", "1.2"):
        _deploy(project, version)
    _use_by_hand(host, f"{registry.address}/pruned@{ids['1.2']}")
    for version in ("1.3", "1.0"):
        _deploy(project, version)
    bystander = host.docker("inspect", "--format", "{{.State.StartedAt}}", "bystander")

    kept = observed.kept_releases(host, "app")
    assert [name.rpartition("-")[2] for name in kept] == ["1.3", "1.0"]
    assert observed.current_release(host, "app") == kept[-1]
    names = observed.image_names(host)
    there = {version for version, digest in ids.items() if f"{registry.address}/pruned@{digest}" in names}
    # 1.1 is the neighbour's, 1.2 is run by hand, 1.3 and 1.0 are kept.
    assert there == set(VERSIONS)
    _deploy(project, "1.1")
    names = observed.image_names(host)
    there = {version for version, digest in ids.items() if f"{registry.address}/pruned@{digest}" in names}
    assert there == {"1.0", "1.1", "1.2"}

    registry.stop()
    try:
        _assert_goes_back(neighbour, host, 8081, "1.0")
        _assert_goes_back(project, host, 8080, "1.0")
    finally:
        registry.start()
    assert host.docker("inspect", "--format", "{{.State.StartedAt}}", "bystander") == bystander
    assert host.docker("inspect", "--format", "{{.State.Status}}", "bystander") == "running"


def _project(new_project: Callable[[str], Project], stack: str, port: int, host: Host) -> Project:
    project = new_project(stack)
    project.environment([host], stack_keep_releases=KEEP, stack_healthy_for=1)
    image = f"{project.fleet.registry.address}/pruned:${{STACK_VERSION}}"
    project.stack({"compose.yaml": compose({"app": app(image, port)})})
    return project


def _deploy(project: Project, version: str) -> None:
    run = project.deploy(version)
    run.expect(0, "deployed")


def _use_by_hand(host: Host, image: str) -> None:
    host.docker("run", "--detach", "--init", "--name", "bystander", image)


def _assert_goes_back(project: Project, host: Host, port: int, version: str) -> None:
    run = project.rollback()
    run.expect(0, "deployed")
    assert observed.answer(host, "/", port) == version
