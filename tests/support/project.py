# SPDX-License-Identifier: GPL-3.0-or-later
"""A user's project: the real scripts and playbooks, and a stack and an inventory of the test's own."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.fleet import Fleet, Host
from tests.fleet.command import attempt
from tests.fleet.inventory import write_inventory
from tests.support.attempt import TIMEOUT_S, Attempt, Run

__all__ = ["ENVIRONMENT", "ROOT", "Project", "Run"]

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = "proof"


class Project:
    """A project folder with one environment."""

    def __init__(self, root: Path, fleet: Fleet, stack: str) -> None:
        """Lay the folder out.

        Args:
            root: where; it must not exist yet.
            fleet: whose hosts and registries the environment knows.
            stack: `stack_name`.
        """
        self.root = root
        self.fleet = fleet
        self.name = stack
        root.mkdir(parents=True)
        for folder in ("scripts", "playbooks"):
            shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
        for name in (".venv", ".collections", "ansible.cfg"):
            (root / name).symlink_to(ROOT / name)
        self.environment()

    @property
    def source(self) -> Path:
        """Return the stack's folder, `stack_src`."""
        return self.root / "stack"

    @property
    def inventory(self) -> Path:
        """Return the environment's folder."""
        return self.root / "inventories" / ENVIRONMENT

    @property
    def runs(self) -> Path:
        """Return the folder of the runs."""
        return self.root / "var" / "runs"

    def environment(self, hosts: Sequence[Host] | None = None, **variables: object) -> None:
        """Write the environment anew: these hosts (all of the fleet when None), and variables on top of the usual."""
        registry = self.fleet.registry
        known: dict[str, object] = {
            "stack_name": self.name,
            "stack_src": str(self.source),
            "stack_registry_auth": [
                {"registry": registry.address, "username": registry.user, "password": registry.password}
            ],
            "stack_gate_timeout": 60,
            "stack_stable_for": 2,
        }
        write_inventory(
            self.inventory / "hosts.yml", self.fleet.hosts if hosts is None else hosts, variables=known | variables
        )

    def stack(self, files: Mapping[str, str]) -> None:
        """Make these files, by relative path, the whole stack."""
        shutil.rmtree(self.source, ignore_errors=True)
        for path, content in files.items():
            target = self.source / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(content, encoding="utf-8")

    def stack_from(self, folder: Path) -> None:
        """Make the content of a folder the whole stack."""
        shutil.rmtree(self.source, ignore_errors=True)
        shutil.copytree(folder, self.source)

    def plan(self, version: str, *options: str) -> Run:
        """Run scripts/plan.sh."""
        return self.run("plan", "--version", version, *options)

    def deploy(self, version: str, *options: str) -> Run:
        """Run scripts/deploy.sh."""
        return self.run("deploy", "--version", version, *options)

    def rollback(self, *options: str) -> Run:
        """Run scripts/rollback.sh."""
        return self.run("rollback", *options)

    def status(self, *options: str) -> Run:
        """Run scripts/status.sh."""
        return self.run("status", *options)

    def command(self, verb: str, *options: str) -> list[str]:
        """Return the command that a user types."""
        return [str(self.root / "scripts" / f"{verb}.sh"), ENVIRONMENT, *options]

    def begin(self, verb: str, *options: str, environment: Mapping[str, str] | None = None) -> Attempt:
        """Start a script, and return it while it runs."""
        return Attempt(self.command(verb, *options), self.root, environment)

    def run(self, verb: str, *options: str, timeout: float = TIMEOUT_S) -> Run:
        """Run a script to its end, whatever that is."""
        return self.begin(verb, *options).end(timeout)

    def run_playbook(self, name: str, *options: str) -> tuple[int, str]:
        """Run plain ansible-playbook on a playbook of the project, and return exit status and output."""
        program = str(ROOT / ".venv" / "bin" / "ansible-playbook")
        playbook = str(self.root / "playbooks" / f"{name}.yml")
        ended = attempt(
            [program, "-i", str(self.inventory), playbook, *options],
            timeout=TIMEOUT_S,
            env={"ANSIBLE_CONFIG": str(self.root / "ansible.cfg"), "NO_COLOR": "1"},
        )
        return ended.returncode, (ended.stdout + ended.stderr).decode(errors="replace")
