# SPDX-License-Identifier: GPL-3.0-or-later
"""The first deployment ever."""

from __future__ import annotations

from tests.fleet import Behaviour, Fleet, Probe
from tests.integration.conftest import MakeProject
from tests.support import observed
from tests.support.probe_stack import app, compose

PRECIOUS = "/var/lib/docker/volumes/app_data/_data/precious"


def test_when_it_fails_nothing_of_it_is_left_running(fleet: Fleet, new_project: MakeProject) -> None:
    image = Probe("1.0", Behaviour.NEVER_HEALTHY).push(fleet.registry)
    project, host = new_project("app"), fleet.hosts[0]
    project.environment([host])
    host.docker("volume", "create", "app_data")
    host.put(PRECIOUS, "older than the stack\n", user="root")
    service = app(image, volumes=["data:/data", "./probe.conf:/etc/probe.conf:ro"])
    project.stack({"compose.yaml": compose({"app": service}, volumes={"data": {}}), "probe.conf": "first\n"})

    run = project.deploy("1.0")

    run.expect(20, "rolled_back")
    assert run.host(host.name) == ("rolled_back", None)
    assert observed.containers(host, "app") == {}
    assert observed.networks(host, "app") == set()
    assert observed.ask(host)[0] == 0
    assert observed.current_release(host, "app") is None
    assert observed.project_files(host, "app") == {}
    assert "app_data" in observed.volumes(host)
    assert observed.read(host, PRECIOUS) == "older than the stack\n"

    Probe("1.1").push(fleet.registry)
    project.stack({"compose.yaml": compose({"app": app(image.replace("1.0-never-healthy", "1.1"))})})
    good = project.deploy("1.1")
    good.expect(0, "deployed")
    assert observed.answer(host) == "1.1"
