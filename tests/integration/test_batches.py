# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that change one after the other, and one of them fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fleet import Fleet, Probe
from tests.integration import observed
from tests.integration.probe_stack import app, compose
from tests.integration.project import Project, Run


class Rollout:
    """Version 1.0 on three hosts, one host a batch."""

    def __init__(self, trio: Fleet, root: Path) -> None:
        """Deploy it."""
        for host in trio.hosts:
            host.wipe()
        for version in ("1.0", "1.1"):
            Probe(version).push(trio.registry)
        self.hosts = trio.hosts
        self.project = Project(root / "project", trio, "app")
        image = f"{trio.registry.address}/probe:${{STACK_VERSION}}"
        service = app(image, environment={"PROBE_BEHAVIOUR": "${BEHAVIOUR}", "PROBE_CRASH_AFTER": "12"})
        self.project.stack({"compose.yaml": compose({"app": service})})
        self.first = self.deploy("1.0", {})
        self.first.expect(0, "deployed")

    def deploy(self, version: str, behaviours: dict[str, str], **variables: object) -> Run:
        """Deploy a version that behaves differently on some hosts."""
        behaviour = f"{{{{ {behaviours!r}.get(inventory_hostname, 'healthy') }}}}"
        self.project.environment(None, stack_env={"BEHAVIOUR": behaviour}, stack_serial=1, **variables)
        return self.project.deploy(version)

    def pages(self) -> list[str]:
        """Return the version that each host serves."""
        return [observed.answer(host) for host in self.hosts]

    def states(self, run: Run) -> list[str]:
        """Return each host's state by the verdict."""
        return [run.host(host.name)[0] for host in self.hosts]


@pytest.fixture
def rollout(trio: Fleet, tmp_path: Path) -> Rollout:
    return Rollout(trio, tmp_path)


def test_one_that_fails_takes_everybody_back_and_a_later_one_is_never_touched(rollout: Rollout) -> None:
    last_host = rollout.hosts[2]
    untouched = observed.containers(last_host, "app")

    second = rollout.deploy("1.1", {"host2": "never-healthy"})
    second.expect(20, "rolled_back")
    assert rollout.pages() == ["1.0"] * 3
    assert rollout.states(second) == ["rolled_back", "rolled_back", "untouched"]
    assert observed.containers(last_host, "app") == untouched
    assert "starting" not in {
        line["event"] for line in observed.journal(last_host, "app") if line["release"] == second.release
    }
    assert observed.kept_releases(last_host, "app") == [rollout.first.release]

    third = rollout.deploy("1.1", {"host3": "never-healthy"})
    third.expect(20, "rolled_back")
    assert rollout.pages() == ["1.0"] * 3
    assert rollout.states(third) == ["rolled_back"] * 3


def test_with_scope_batch_only_the_batch_of_the_one_that_fails_goes_back(rollout: Rollout) -> None:
    last = rollout.deploy("1.1", {"host3": "never-healthy"}, stack_rollback_scope="batch")
    last.expect(20, "rolled_back")
    assert rollout.pages() == ["1.1", "1.1", "1.0"]
    assert rollout.states(last) == ["deployed", "deployed", "rolled_back"]

    untouched = observed.containers(rollout.hosts[2], "app")
    again = rollout.deploy("1.1", {"host2": "never-healthy"}, stack_rollback_scope="batch")
    again.expect(20, "rolled_back")
    assert rollout.pages() == ["1.1", "1.1", "1.0"]
    assert rollout.states(again) == ["unchanged", "rolled_back", "untouched"]
    assert observed.containers(rollout.hosts[2], "app") == untouched


def test_one_that_crashes_while_the_next_batch_changes_takes_everybody_back(rollout: Rollout) -> None:
    # The second host has to stand for longer than the first one lives.
    healthy_for = "{{ 1 if inventory_hostname == 'host1' else 15 }}"
    run = rollout.deploy("1.1", {"host1": "healthy-then-crash"}, stack_healthy_for=healthy_for)
    run.expect(20, "rolled_back")
    assert rollout.pages() == ["1.0"] * 3
    assert rollout.states(run) == ["rolled_back"] * 3
    assert "host1" in run.output
    assert "out of cheese" in run.output
