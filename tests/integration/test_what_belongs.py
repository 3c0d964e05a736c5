# SPDX-License-Identifier: GPL-3.0-or-later
"""The stack is what its release says: jobs end, what the release does not have goes, and what is nobody's stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fleet import Behaviour, Fleet, Host, Probe
from tests.support import observed
from tests.support.attempt import Run
from tests.support.probe_stack import STOP, app, compose
from tests.support.project import Project

PROJECT = "com.docker.compose.project=app"
WITH_DEBUG, WITHOUT_DEBUG = "COMPOSE_PROFILES=debug\n", "X=1\n"
WHOLE = {"app": "running", "setup": "exited", "worker": "running"}


class Stack:
    """A stack with a job, an idle service, and services that come and go, on one host."""

    def __init__(self, fleet: Fleet, root: Path) -> None:
        self.host: Host = fleet.hosts[0]
        self.host.wipe()
        self.registry = fleet.registry
        self.good = Probe("1.0").push(fleet.registry)
        self.project = Project(root / "project", fleet, "app")
        self.project.environment([self.host], stack_healthy_for=1)

    def deploy(self, probe: Probe, settings: str, *names: str) -> Run:
        others: dict[str, dict[str, object]] = {
            # Nobody waits for it, and its image has a health check.
            "setup": {"image": self.good, "environment": {"PROBE_BEHAVIOUR": "job-ok"}, **STOP},
            "debug": {"image": self.good, "profiles": ["debug"], **STOP},
            "worker": {"image": self.good, **STOP},
            "added": {"image": self.good, **STOP},
        }
        services = {
            "app": app(probe.push(self.registry)),
            **{name: others[name] for name in ("setup", "debug", *names)},
        }
        self.project.stack({"compose.yaml": compose(services), ".env": settings})
        return self.project.deploy(probe.version)

    def states(self) -> dict[str, str]:
        return {name: one.state for name, one in observed.services(self.host, "app").items()}

    def starts(self) -> set[tuple[str, str]]:
        return {(one.id, one.started_at) for one in observed.containers(self.host, "app").values()}


@pytest.fixture
def stack(fleet: Fleet, tmp_path: Path) -> Stack:
    return Stack(fleet, tmp_path)


def test_jobs_profiles_removed_services_and_siblings(stack: Stack) -> None:
    first = stack.deploy(Probe("1.0"), WITH_DEBUG, "worker")
    first.expect(0, "deployed")
    assert "setup: ended with exit code 0, so it counts as a one-shot job" in first.output
    assert stack.states() == WHOLE | {"debug": "running"}

    label = ("--label", PROJECT, "--label", "com.docker.compose.service=sibling")
    image = observed.services(stack.host, "app")["app"].image_id
    stack.host.docker("run", "--detach", *label, "--network", "app_default", image)
    there = stack.starts()
    stack.deploy(Probe("1.0"), WITH_DEBUG, "worker").expect(0, "unchanged")
    stack.project.status().expect(0, "unchanged")
    assert stack.starts() == there

    second = stack.deploy(Probe("1.1"), WITHOUT_DEBUG, "worker")
    second.expect(0, "deployed")
    assert "Removed container app-debug-1: the release has no service debug." in second.output
    assert stack.states() == WHOLE | {"sibling": "running"}

    stack.deploy(Probe("1.2", Behaviour.NEVER_HEALTHY), WITH_DEBUG, "added").expect(20, "rolled_back")
    assert stack.states() == WHOLE | {"sibling": "running"}
    assert observed.answer(stack.host) == "1.1"
    stack.project.status().expect(0, "unchanged")
