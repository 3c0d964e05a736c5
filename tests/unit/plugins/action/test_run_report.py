# SPDX-License-Identifier: GPL-3.0-or-later
"""The verdict as Ansible itself gives it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.stages.process import ROOT

PLAY = """
- name: A run in which nobody had to be renewed
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Renew
      ansible.builtin.debug:
      loop: []
      register: __stack_renew
    - name: Start
      ansible.builtin.set_fact:
        __stack_start: {failed: false, confirmed: true, release: 20261127T220000Z-1.0}
        __stack_prepare: {failed: false, release: 20261127T220000Z-1.0}
    - name: Judge
      slipway.compose.run_report:
        hosts: [localhost]
        release: 20261127T220000Z-1.0
        runs_dir: RUNS
"""


REFUSED = """
- name: A run that was refused
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Refuse
      ansible.builtin.set_fact:
        __stack_source: {failed: true, msg: no version, findings: []}
    - name: Judge
      slipway.compose.run_report:
        hosts: [localhost]
        runs_dir: RUNS
        on_failure: true
"""
INVENTORY = """
all:
  hosts:
    localhost:
      stack_version: "{{ nobody_set_this }}"
      stack_health_checks: {url: none}
      stack_registry_auth: [none]
      stack_hooks: {on_failure: [{name: tell, command: [echo, told], "on": controller}]}
"""


def judged(play: str, folder: Path, inventory: str = "all: {hosts: {localhost: }}") -> subprocess.CompletedProcess[str]:
    (folder / "hosts.yml").write_text(inventory, encoding="utf-8")
    (folder / "play.yml").write_text(play.replace("RUNS", str(folder / "runs")), encoding="utf-8")
    program = str(Path(sys.executable).with_name("ansible-playbook"))
    return subprocess.run(
        [program, "-i", str(folder / "hosts.yml"), str(folder / "play.yml")],
        capture_output=True, check=False, cwd=ROOT, text=True, timeout=60,
        env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "NO_COLOR": "1"},
    )  # fmt: skip


def test_variables_without_value_or_of_another_type_keep_nobody_from_the_verdict(tmp_path: Path) -> None:
    ended = judged(REFUSED, tmp_path, INVENTORY)
    assert "refused: " in ended.stdout, ended.stdout + ended.stderr
    (verdict,) = (tmp_path / "runs").glob("*/verdict.json")
    assert [hook["output"] for hook in json.loads(verdict.read_text())["hooks"]] == [["told"]]


def test_a_loop_over_nothing_makes_ansible_warn_of_nothing(tmp_path: Path) -> None:
    # Since 2.21, whoever reads all of such a loop's result is told that a part of it is deprecated.
    ended = judged(PLAY, tmp_path)
    assert (ended.returncode, "deployed: every host" in ended.stdout) == (0, True), ended.stdout + ended.stderr
    assert "DEPRECATION" not in ended.stdout + ended.stderr
