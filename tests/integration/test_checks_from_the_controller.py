# SPDX-License-Identifier: GPL-3.0-or-later
"""Declared checks that the controller runs, from outside the hosts."""

from __future__ import annotations

from tests.fleet import Behaviour, Fleet, Probe
from tests.integration.conftest import MakeProject
from tests.support import observed
from tests.support.probe_stack import app, compose


def test_what_fails_from_outside_is_taken_back(fleet: Fleet, new_project: MakeProject) -> None:
    check = {
        "name": "ready from outside",
        "type": "http",
        "from": "controller",
        "url": "{{ fleet_url }}/ready?q={{ stack_env.API_TOKEN }}",
        "headers": {"Authorization": "Bearer SECRETHDR12345"},
        "body": {"password": "SECRETBODY12345"},
        "retries": 3,
    }
    project, host = new_project("app"), fleet.hosts[0]
    project.environment([host], stack_health_checks=[check], stack_env={"API_TOKEN": "SECRETENV12345"})
    good = Probe("1.0").push(fleet.registry)
    project.stack({"compose.yaml": compose({"app": app(good)})})
    project.deploy("1.0").expect(0, "deployed")
    before = observed.current_release(host, "app")

    # Healthy by its own account, and on the hosts nothing else is looked at: only the controller can notice.
    bad = Probe("1.1", Behaviour.HTTP_500).push(fleet.registry)
    project.stack({"compose.yaml": compose({"app": app(bad)})})
    run = project.deploy("1.1")

    run.expect(20, "rolled_back")
    assert "ready from outside" in run.output
    assert "status 500" in run.output
    assert run.host(host.name) == ("rolled_back", before)
    assert observed.answer(host) == "1.0"
    written = [path.read_text(errors="replace") for path in project.runs.rglob("*") if path.is_file()]
    for secret in ("SECRETHDR12345", "SECRETBODY12345", "SECRETENV12345"):
        assert [text for text in (run.output, *written) if secret in text] == []
    assert "?q=[masked API_TOKEN]" in run.output
