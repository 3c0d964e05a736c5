# SPDX-License-Identifier: GPL-3.0-or-later
"""The stack is what its release says: jobs end, what the release does not have goes, and what is nobody's stays."""

from __future__ import annotations

from pathlib import Path

from tests.fleet import Behaviour, Fleet, Probe
from tests.support import observed
from tests.support.probe_stack import STOP, app, compose
from tests.support.project import Project

PROJECT = "com.docker.compose.project=app"


def test_jobs_profiles_removed_services_and_siblings(fleet: Fleet, tmp_path: Path) -> None:
    host = fleet.hosts[0]
    host.wipe()
    good, better, bad = (
        Probe(version, behaviour).push(fleet.registry)
        for version, behaviour in (
            ("1.0", Behaviour.HEALTHY), ("1.1", Behaviour.HEALTHY), ("1.2", Behaviour.NEVER_HEALTHY),
        )
    )  # fmt: skip
    project = Project(tmp_path / "project", fleet, "app")
    project.environment([host], stack_healthy_for=1)

    def deploy(image: str, settings: str, *names: str) -> None:
        others: dict[str, dict[str, object]] = {
            # Nobody waits for it, and its image has a health check.
            "setup": {"image": good, "environment": {"PROBE_BEHAVIOUR": "job-ok"}, **STOP},
            "debug": {"image": good, "profiles": ["debug"], **STOP},
            "worker": {"image": good, **STOP},
            "added": {"image": good, **STOP},
        }
        services = {"app": app(image), **{name: others[name] for name in ("setup", "debug", *names)}}
        project.stack({"compose.yaml": compose(services), ".env": settings})

    def states() -> dict[str, str]:
        return {name: one.state for name, one in observed.services(host, "app").items()}

    def starts() -> set[tuple[str, str]]:
        return {(one.id, one.started_at) for one in observed.containers(host, "app").values()}

    deploy(good, "COMPOSE_PROFILES=debug\n", "worker")
    first = project.deploy("1.0")
    first.expect(0, "deployed")
    assert "setup: ended with exit code 0, so it counts as a one-shot job" in first.output
    whole = {"app": "running", "setup": "exited", "worker": "running"}
    assert states() == whole | {"debug": "running"}

    label = ("--label", PROJECT, "--label", "com.docker.compose.service=sibling")
    image = observed.services(host, "app")["app"].image_id
    host.docker("run", "--detach", *label, "--network", "app_default", image)
    there = starts()
    project.deploy("1.0").expect(0, "unchanged")
    project.status().expect(0, "unchanged")
    assert starts() == there

    deploy(better, "X=1\n", "worker")
    second = project.deploy("1.1")
    second.expect(0, "deployed")
    assert "Removed container app-debug-1: the release has no service debug." in second.output
    assert states() == whole | {"sibling": "running"}

    deploy(bad, "COMPOSE_PROFILES=debug\n", "added")
    third = project.deploy("1.2")
    third.expect(20, "rolled_back")
    assert states() == whole | {"sibling": "running"}
    assert observed.answer(host) == "1.1"
    project.status().expect(0, "unchanged")
