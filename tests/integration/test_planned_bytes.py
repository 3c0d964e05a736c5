# SPDX-License-Identifier: GPL-3.0-or-later
"""All hosts run the bytes that were planned, whatever happens to the tag."""

from __future__ import annotations

from tests.fleet import Fleet, Probe
from tests.integration.conftest import MakeProject
from tests.support import observed
from tests.support.probe_stack import app, compose


def test_after_the_plan_a_file_that_changes_is_refused_and_a_tag_that_moves_changes_nothing(
    fleet: Fleet, new_project: MakeProject
) -> None:
    registry = fleet.registry
    image = Probe("planned").push(registry, tag="latest")
    planned = registry.digest("probe", "latest")
    project = new_project("app")
    project.stack({"compose.yaml": compose({"app": app(image)})})
    plan = project.plan("1.0")
    plan.expect(0, "planned")
    assert plan.folder is not None

    project.stack({"compose.yaml": compose({"app": app(image, environment={"PROBE_LATE": "yes"})})})
    run = project.deploy("1.0", "--plan", str(plan.folder / "plan.json"))
    run.expect(10, "refused")
    assert [observed.containers(host, "app") for host in fleet.hosts] == [{}, {}]

    project.stack({"compose.yaml": compose({"app": app(image)})})
    Probe("moved").push(registry, tag="latest")
    assert registry.digest("probe", "latest") != planned
    run = project.deploy("1.0", "--plan", str(plan.folder / "plan.json"))

    run.expect(0, "deployed")
    assert run.verdict["plan_sha256"] == plan.verdict["plan_sha256"]
    for host in fleet.hosts:
        assert observed.answer(host) == "planned"
        assert observed.services(host, "app")["app"].image.endswith(f"@{planned}")


def test_a_host_that_has_other_bytes_under_the_tag_gets_the_planned_ones(
    fleet: Fleet, new_project: MakeProject
) -> None:
    """The tag moved after one host had pulled it: left to itself, that host would go on with what it has."""
    registry, (one, other) = fleet.open_registry, fleet.hosts
    image = Probe("stale").push(registry, tag="moving")
    other.docker("pull", "--quiet", image)
    Probe("fresh").push(registry, tag="moving")
    project = new_project("app")
    project.stack({"compose.yaml": compose({"app": app(image)})})

    run = project.deploy("1.0")

    run.expect(0, "deployed")
    assert [observed.answer(host) for host in (one, other)] == ["fresh", "fresh"]
    assert observed.digests(one, "app") == observed.digests(other, "app")
    assert observed.services(other, "app")["app"].image.endswith(f"@{registry.digest('probe', 'moving')}")
