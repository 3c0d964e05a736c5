# SPDX-License-Identifier: GPL-3.0-or-later
"""The verdict as Ansible itself gives it."""

from __future__ import annotations

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


def test_a_loop_over_nothing_makes_ansible_warn_of_nothing(tmp_path: Path) -> None:
    # Since 2.21, whoever reads all of such a loop's result is told that a part of it is deprecated.
    (tmp_path / "play.yml").write_text(PLAY.replace("RUNS", str(tmp_path / "runs")), encoding="utf-8")
    ended = subprocess.run(
        [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "localhost,", str(tmp_path / "play.yml")],
        capture_output=True, check=False, cwd=ROOT, text=True, timeout=60,
        env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "NO_COLOR": "1"},
    )  # fmt: skip
    assert (ended.returncode, "deployed: every host" in ended.stdout) == (0, True), ended.stdout + ended.stderr
    assert "DEPRECATION" not in ended.stdout + ended.stderr
