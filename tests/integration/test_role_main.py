# SPDX-License-Identifier: GPL-3.0-or-later
"""The role in a play of one's own, as its README shows it: all parts at once, and an exit status that is true."""

from __future__ import annotations

from pathlib import Path

from tests.fleet import Behaviour, Fleet, Probe
from tests.support import observed
from tests.support.host_faults import no_engine
from tests.support.probe_stack import app, compose
from tests.support.project import Project

PLAY = """---
- name: Deploy the app
  hosts: stack_hosts
  gather_facts: false
  roles:
    - role: slipway.compose.stack
"""


def test_a_play_of_ones_own_ends_as_the_hosts_do(fleet: Fleet, tmp_path: Path) -> None:
    for host in fleet.hosts:
        host.wipe()
    for version, behaviour in (
        ("1.0", Behaviour.HEALTHY),
        ("1.1", Behaviour.HEALTHY),
        ("1.2", Behaviour.NEVER_HEALTHY),
    ):
        Probe(version, behaviour).push(fleet.registry, "probe", version)
    project = Project(tmp_path / "project", fleet, "app")
    project.environment(stack_gate_timeout=15)
    project.stack({"compose.yaml": compose({"app": app(f"{fleet.registry.address}/probe:${{STACK_VERSION}}")})})
    (project.root / "playbooks" / "own.yml").write_text(PLAY, encoding="utf-8")

    def deploy(version: str) -> tuple[int, str]:
        return project.run_playbook("own", "-e", f"stack_version={version}")

    def pages() -> list[str]:
        return [observed.answer(host) for host in fleet.hosts]

    code, said = deploy("1.0")
    assert code == 0, said
    assert pages() == ["1.0"] * len(fleet.hosts)

    code, said = deploy("1.2")
    assert (code != 0, "rolled_back" in said) == (True, True), said
    assert pages() == ["1.0"] * len(fleet.hosts)

    # Nobody has this one: every host says no before anything is touched, and the play must not end well.
    code, said = deploy("9.9")
    assert (code != 0, "refused" in said) == (True, True), said

    # The image is there, one of the hosts cannot take it.
    with no_engine(fleet.hosts[-1]):
        code, said = deploy("1.1")
    assert (code != 0, "refused" in said) == (True, True), said
    assert observed.answer(fleet.hosts[0]) == "1.0"
