# SPDX-License-Identifier: GPL-3.0-or-later
"""Taking over a stack that somebody started by hand with Compose."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fleet import Behaviour, Fleet, Host, Probe
from tests.support import observed
from tests.support.probe_stack import app, compose
from tests.support.project import Project

FOLDER = "/home/deploy/by-hand"


class ByHand:
    """A stack that runs already, and the project that is to take it over."""

    def __init__(self, fleet: Fleet, root: Path) -> None:
        """Start version 1.0 of it as people do."""
        self.fleet = fleet
        self.host: Host = fleet.hosts[0]
        self.images = {
            probe.tag: probe.push(fleet.open_registry)
            for probe in (Probe("1.0"), Probe("1.1"), Probe("1.2", Behaviour.NEVER_HEALTHY))
        }
        # Older Compose hashes the files of such a service in another way than what it starts.
        self.host.put(f"{FOLDER}/compose.yaml", self.compose("${TAG}", env_file="./app.env"))
        self.host.put(f"{FOLDER}/app.env", "GREETING='5$ off'\n")
        self.host.put(f"{FOLDER}/probe.conf", "written by hand\n")
        self.host.put(f"{FOLDER}/.env", "TAG=1.0\n")
        self.host.ssh(f"cd {FOLDER} && docker compose -p app up --detach --wait --quiet-pull")
        self.project = Project(root / "project", fleet, "app")
        self.project.environment([self.host])
        self.before = self.seen()
        assert self.before["page"] == "1.0"
        assert self.before["configuration"] == "written by hand"

    def compose(self, tag: str, **more: object) -> str:
        """Return its Compose file, with more settings of the service."""
        image = self.images["1.0"].replace("1.0", tag)
        volumes = ["data:/data", "./probe.conf:/etc/probe.conf:ro"]
        service = app(image, environment={"PROBE_DATA": "/data"}, volumes=volumes, **more)
        return compose({"app": service}, volumes={"data": {}})

    def seen(self) -> dict[str, object]:
        """Return what must be the same after a failure."""
        return {
            "containers": observed.digests(self.host, "app"),
            "page": observed.answer(self.host),
            "configuration": observed.answer(self.host, "/config"),
            "volumes": observed.volumes(self.host),
            "networks": observed.networks(self.host, "app"),
        }

    def starts(self) -> list[str]:
        """Return the versions that ever started on its volume."""
        return observed.read(self.host, "/var/lib/docker/volumes/app_data/_data/starts").split()


@pytest.fixture
def by_hand(fleet: Fleet, tmp_path: Path) -> ByHand:
    fleet.hosts[0].wipe()
    return ByHand(fleet, tmp_path)


def test_a_deployment_that_fails_brings_it_back_as_it_was(each_kind: Fleet, tmp_path: Path) -> None:
    # Each Compose hashes what runs in its own way, and the hashes are the proof.
    by_hand = ByHand(each_kind, tmp_path)
    by_hand.project.stack({"compose.yaml": by_hand.compose("1.2-never-healthy"), "probe.conf": "from the repository\n"})
    run = by_hand.project.deploy("1.2")
    run.expect(20, "rolled_back")
    assert by_hand.seen() == by_hand.before
    assert observed.services(by_hand.host, "app")["app"].runs
    assert observed.project_files(by_hand.host, "app") == {}
    assert observed.current_release(by_hand.host, "app") is None
    assert by_hand.starts()[0] == "1.0"
    assert by_hand.starts()[-1] == "1.0"
    # Compose, too, finds what it started: there is nothing for it to do.
    containers = observed.containers(by_hand.host, "app")
    by_hand.host.ssh(f"cd {FOLDER} && docker compose -p app up --detach --wait --pull never")
    assert observed.containers(by_hand.host, "app") == containers


def test_a_deployment_that_succeeds_takes_it_over_with_its_data(by_hand: ByHand) -> None:
    by_hand.project.stack({"compose.yaml": by_hand.compose("1.1"), "probe.conf": "from the repository\n"})
    run = by_hand.project.deploy("1.1")
    run.expect(0, "deployed")
    assert observed.answer(by_hand.host) == "1.1"
    assert observed.answer(by_hand.host, "/config") == "from the repository"
    assert by_hand.starts() == ["1.0", "1.1"]
    assert list(observed.services(by_hand.host, "app")) == ["app"]

    by_hand.project.stack({"compose.yaml": by_hand.compose("1.2-never-healthy"), "probe.conf": "broken\n"})
    bad = by_hand.project.deploy("1.2")
    bad.expect(20, "rolled_back")
    assert bad.host("host1") == ("rolled_back", run.release)
    assert observed.answer(by_hand.host) == "1.1"
    assert observed.answer(by_hand.host, "/config") == "from the repository"


def test_files_that_changed_since_the_start_are_refused_before_anything_is_touched(by_hand: ByHand) -> None:
    by_hand.host.put(f"{FOLDER}/.env", "TAG=1.1\n")
    containers = observed.containers(by_hand.host, "app")
    by_hand.project.stack({"compose.yaml": by_hand.compose("1.1"), "probe.conf": "from the repository\n"})
    run = by_hand.project.deploy("1.1")
    run.expect(10, "refused")
    assert FOLDER in run.output
    assert observed.containers(by_hand.host, "app") == containers
    assert by_hand.seen() == by_hand.before
    assert observed.kept_releases(by_hand.host, "app") == []


def test_data_in_a_relative_folder_is_not_left_behind(by_hand: ByHand) -> None:
    host, project = by_hand.host, by_hand.project
    image = by_hand.images["1.0"]
    service = app(image, environment={"PROBE_DATA": "/data"}, volumes=["./data:/data"])
    host.ssh(f"rm -rf {FOLDER}/data", user="root")
    host.put(f"{FOLDER}/compose.yaml", compose({"app": service}))
    host.ssh(f"cd {FOLDER} && docker compose -p app up --detach --wait")
    containers = observed.containers(host, "app")
    project.stack({"compose.yaml": compose({"app": service | {"image": by_hand.images["1.1"]}})})

    refused = project.deploy("1.1")
    refused.expect(10, "refused")
    assert f"{FOLDER}/data" in refused.output
    assert observed.containers(host, "app") == containers

    host.ssh(f"cp -a {FOLDER}/data {observed.ROOT}/app/project/", user="root")
    project.deploy("1.1").expect(0, "deployed")
    name = observed.services(host, "app")["app"].name
    assert host.docker("exec", name, "cat", "/data/starts").split() == ["1.0", "1.1"]
