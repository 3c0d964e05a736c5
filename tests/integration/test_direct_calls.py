# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls of a run bring the collection's own code alone where Ansible pipelines, and the whole module elsewhere."""

from __future__ import annotations

import pytest

from tests.fleet import Fleet, Probe
from tests.integration.conftest import MakeProject
from tests.integration.process_watch import ProcessWatch
from tests.support import observed
from tests.support.probe_stack import app, compose

#: No other test calls it so: its calls are known by it among all that run on this machine.
PYTHON = "/usr/lib/../bin/python3"


@pytest.mark.parametrize("pipelining", ["True", "False"])
def test_every_host_is_deployed_on_with_or_without_ansibles_part_of_a_module(
    fleet: Fleet, new_project: MakeProject, pipelining: str
) -> None:
    image = Probe("1.0").push(fleet.registry)
    project, host = new_project("travels-light"), fleet.hosts[0]
    project.environment([host])
    project.stack({"compose.yaml": compose({"app": app(image)})})
    inventory = project.inventory / "hosts.yml"
    inventory.write_text(inventory.read_text(encoding="utf-8").replace("/usr/bin/python3", PYTHON), encoding="utf-8")
    with ProcessWatch() as watch:
        attempt = project.begin("deploy", "--version", "1.0", environment={"ANSIBLE_PIPELINING": pipelining})
        attempt.end().expect(0, "deployed")
    assert observed.answer(host) == "1.0"
    mine = [line for line in watch.command_lines if PYTHON in line]
    assert any("module_utils.calls.direct" in line for line in mine) == (pipelining == "True")
    assert any("AnsiballZ_release" in line for line in mine) == (pipelining == "False")
