"""Three ways to bring the same stack to the same hosts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.bench.stack import HEALTH_PATH, BenchStack
from tests.fleet import Fleet, Host

PROJECT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
DEPLOY_SECONDS = 180.0


class Contender(ABC):
    """A way to deploy."""

    name: str

    def __init__(
        self, stack: BenchStack, fleet: Fleet, hosts: Sequence[Host], folder: Path, variables: Sequence[str] = ()
    ) -> None:
        """Take the stack, the hosts, a folder of its own on the controller and variables as Ansible takes them."""
        self.stack = stack
        self.variables = [word for pair in variables for word in ("-e", pair)]
        self.fleet = fleet
        self.hosts = hosts
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    @abstractmethod
    def prepare(self, version: str) -> None:
        """Do what is not timed before a deployment."""

    @abstractmethod
    def warm(self) -> None:
        """Open the SSH connections that a deployment will use."""

    @abstractmethod
    def deploy(self, version: str) -> None:
        """Deploy a version; this is what is timed."""

    def _ansible(self, program: Path, arguments: Sequence[str], env: Mapping[str, str]) -> None:
        result = subprocess.run(
            [str(program), *arguments],
            cwd=PROJECT,
            env={**os.environ, "NO_COLOR": "1", **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=DEPLOY_SECONDS,
            check=False,
        )
        (self.folder / "last.log").write_text(result.stdout + result.stderr, encoding="utf-8")
        if result.returncode != 0:
            tail = "\n".join((result.stdout + result.stderr).splitlines()[-30:])
            raise RuntimeError(
                f"{self.name}: {program.name} ended with {result.returncode}; the end of its output:\n{tail}"
            )


class Raw(Contender):
    """Plain Compose over SSH, hosts in parallel."""

    name = "raw"

    def warm(self) -> None:
        """Open one connection a host."""
        self._everywhere("true")

    def prepare(self, version: str) -> None:
        """Put the Compose file in place."""
        for host in self.hosts:
            host.put(f"{self.stack.project}/compose.yaml", self.stack.compose(version))

    def deploy(self, version: str) -> None:  # noqa: ARG002 - prepare() wrote it into the Compose file
        """Pull and start."""
        self._everywhere(f"cd {self.stack.project} && docker compose pull && docker compose up -d --wait")

    def _everywhere(self, command: str) -> None:
        with ThreadPoolExecutor(len(self.hosts)) as pool:
            list(pool.map(lambda host: host.ssh(command, timeout=DEPLOY_SECONDS), self.hosts))


class Playbook(Contender):
    """Five tasks with community.docker."""

    name = "playbook"
    environment = PROJECT / ".cache" / "bench" / "venv"

    def __init__(
        self, stack: BenchStack, fleet: Fleet, hosts: Sequence[Host], folder: Path, variables: Sequence[str] = ()
    ) -> None:
        """Install Ansible with community.docker once, and write the inventory."""
        super().__init__(stack, fleet, hosts, folder, variables)
        self._install()
        known = {"bench_project": stack.project, "bench_url": f"http://127.0.0.1:{stack.port}{HEALTH_PATH}"}
        self.inventory = fleet.inventory(folder / "hosts.yml", hosts=hosts, variables=known)
        self.env = {"ANSIBLE_CONFIG": str(HERE / "playbook" / "ansible.cfg")}

    def warm(self) -> None:
        """Open the connections through Ansible, which names their sockets."""
        arguments = ["all", "-i", str(self.inventory), "-m", "ansible.builtin.raw", "-a", "true"]
        self._ansible(self.environment / "bin" / "ansible", arguments, self.env)

    def prepare(self, version: str) -> None:
        """Write the Compose file that the playbook copies."""
        (self.folder / "compose.yaml").write_text(self.stack.compose(version), encoding="utf-8")

    def deploy(self, version: str) -> None:  # noqa: ARG002 - prepare() wrote it into the Compose file
        """Run the playbook."""
        playbook = HERE / "playbook" / "deploy.yml"
        arguments = ["-i", str(self.inventory), str(playbook), "-e", f"bench_src={self.folder / 'compose.yaml'}"]
        self._ansible(self.environment / "bin" / "ansible-playbook", arguments, self.env)

    def _install(self) -> None:
        wanted = (PROJECT / "requirements" / "bench.txt").read_text(encoding="utf-8")
        stamp = self.environment / ".installed"
        if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
            return
        print("bench: installing Ansible with community.docker", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", self.environment], check=True)
        pip = [self.environment / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check"]
        pins = ["--require-hashes", "--requirement", str(PROJECT / "requirements" / "bench.txt")]
        subprocess.run([*map(str, pip), *pins], check=True)
        stamp.write_text(wanted, encoding="utf-8")


class Slipway(Contender):
    """This collection, as users run it with plain Ansible."""

    name = "slipway"

    def __init__(
        self, stack: BenchStack, fleet: Fleet, hosts: Sequence[Host], folder: Path, variables: Sequence[str] = ()
    ) -> None:
        """Write the stack and the inventory."""
        super().__init__(stack, fleet, hosts, folder, variables)
        source = folder / "stack"
        source.mkdir(exist_ok=True)
        (source / "compose.yaml").write_text(stack.compose("${STACK_VERSION}"), encoding="utf-8")
        registry = fleet.registry
        check = {"name": "answers", "type": "http", "url": f"http://127.0.0.1:{stack.port}{HEALTH_PATH}"}
        known = {
            "stack_name": stack.project,
            "stack_src": str(source),
            "stack_health_checks": [check],
            "stack_registry_auth": [
                {"registry": registry.address, "username": registry.user, "password": registry.password}
            ],
            "stack_runs_dir": str(folder / "runs"),
        }
        self.inventory = fleet.inventory(folder / "hosts.yml", hosts=hosts, variables=known)

    def warm(self) -> None:
        """Open the connections through Ansible, which names their sockets."""
        arguments = ["all", "-i", str(self.inventory), "-m", "ansible.builtin.raw", "-a", "true"]
        self._ansible(Path(sys.prefix) / "bin" / "ansible", arguments, {})

    def prepare(self, version: str) -> None:
        """Do nothing: the version is a variable."""

    def deploy(self, version: str) -> None:
        """Run the deployment playbook."""
        self._play(version, {})

    def profile(self, version: str) -> str:
        """Run the deployment playbook with the time of each task in what it prints, and return that."""
        env = {"ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback"), "ANSIBLE_CALLBACKS_ENABLED": "task_times"}
        self._play(version, env)
        return (self.folder / "last.log").read_text(encoding="utf-8")

    def _play(self, version: str, env: Mapping[str, str]) -> None:
        words = json.dumps({"stack_version": version})
        arguments = ["playbooks/deploy.yml", "-i", str(self.inventory), "-e", words, *self.variables]
        self._ansible(Path(sys.prefix) / "bin" / "ansible-playbook", arguments, env)
