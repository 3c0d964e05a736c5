# SPDX-License-Identifier: GPL-3.0-or-later
"""A project of its own: the real scripts and plugins, playbooks of the test's, targets that are this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
TIMEOUT_S = 60

HOSTS = """
all:
  vars:
    ansible_connection: local
    ansible_python_interpreter: "{{ ansible_playbook_python }}"
  children:
    stack_hosts:
      hosts:
        one:
        second:
"""


@dataclass(frozen=True)
class LocalProject:
    root: Path

    def playbook(self, verb: str, content: str) -> None:
        (self.root / "playbooks" / f"{verb}.yml").write_text(content, encoding="utf-8")

    def command(self, verb: str, *arguments: str) -> list[str]:
        return [str(self.root / "scripts" / f"{verb}.sh"), *arguments]

    def run(self, command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
        plain = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        return subprocess.run(  # a folder elsewhere: nothing may depend on the current one
            command,
            cwd="/",
            env=plain | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )

    def ansible_playbook(self, verb: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        program = ROOT / ".venv" / "bin" / "ansible-playbook"
        inventory = self.root / "inventories" / "staging"
        command = [str(program), "-i", str(inventory), str(self.root / "playbooks" / f"{verb}.yml"), *arguments]
        return self.run(
            command,
            ANSIBLE_CONFIG=str(self.root / "ansible.cfg"),
            ANSIBLE_STDOUT_CALLBACK="slipway.compose.rollout",
        )

    @property
    def last_run(self) -> Path:
        return max((self.root / "var" / "runs").iterdir())


@pytest.fixture
def project(tmp_path: Path) -> LocalProject:
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    for name in (".venv", ".collections", "ansible.cfg"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "inventories" / "staging").mkdir(parents=True)
    (tmp_path / "inventories" / "staging" / "hosts.yml").write_text(HOSTS, encoding="utf-8")
    (tmp_path / "playbooks").mkdir()
    shutil.copytree(Path(__file__).parent / "library", tmp_path / "playbooks" / "library")
    return LocalProject(tmp_path)
