# SPDX-License-Identifier: GPL-3.0-or-later
"""A deployment that succeeds, on two hosts."""

from __future__ import annotations

from collections.abc import Callable

from tests.fleet import Fleet, Probe
from tests.integration import observed
from tests.integration.probe_stack import app, compose
from tests.integration.project import Project


def test_what_runs_already_is_not_touched_again(fleet: Fleet, new_project: Callable[[str], Project]) -> None:
    for version in ("1.0", "1.1"):
        Probe(version).push(fleet.registry)
    project = new_project("app")
    project.stack({"compose.yaml": compose({"app": app(f"{fleet.registry.address}/probe:${{STACK_VERSION}}")})})
    for version in ("1.0", "1.1"):
        run = project.deploy(version)
        assert run.ended == (0, "deployed"), run
        assert [observed.answer(host) for host in fleet.hosts] == [version] * 2
    before = [observed.containers(host, "app") for host in fleet.hosts]
    again = project.deploy("1.1")
    assert again.ended == (0, "unchanged"), again
    assert [observed.containers(host, "app") for host in fleet.hosts] == before
