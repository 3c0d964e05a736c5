# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One test host: a container that behaves as a machine with an SSH server and, mostly, an engine of its own."""

from __future__ import annotations

import shlex
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.fleet import credentials
from tests.fleet.command import CommandError, attempt, docker
from tests.fleet.file_tree import PlacedFile, put_files
from tests.fleet.layout import FLEET_LABEL, KIND_LABEL, SLOT_LABEL, Layout
from tests.fleet.package_source import package_source
from tests.fleet.recipes import RECIPES, Kind

READY_TIMEOUT = 60.0
POLL = 0.1
CAPABILITIES = (
    "SYS_ADMIN", "NET_ADMIN", "SYS_PTRACE", "SYSLOG", "IPC_LOCK", "LINUX_IMMUTABLE", "DAC_READ_SEARCH",
)  # fmt: skip


@dataclass(frozen=True)
class Host:
    """A host of a fleet.

    Attributes:
        layout: the fleet's names and ports.
        number: which host of the fleet it is, from 1.
        kind: what it is.
    """

    layout: Layout
    number: int
    kind: Kind

    @property
    def name(self) -> str:
        """Return the name in the inventory."""
        return f"host{self.number}"

    @property
    def container(self) -> str:
        """Return the container that is this host."""
        return self.layout.container(self.name)

    @property
    def ssh_port(self) -> int:
        """Return the port on 127.0.0.1 of its SSH server."""
        return self.layout.ssh_port(self.number)

    @property
    def user(self) -> str:
        """Return who deploys on it: `deploy`, or `admin` (with sudo) where nothing is prepared yet."""
        return "deploy" if self.kind.has_engine else "admin"

    def url(self, port: int = 8080, path: str = "/") -> str:
        """Return the address, seen from this machine, of what the host publishes on `port`."""
        return f"http://127.0.0.1:{self.layout.published(self.number)[port]}{path}"

    def ssh_options(self) -> list[str]:
        """Return the options with which `ssh` reaches the host and verifies its key."""
        return [
            "-o", f"UserKnownHostsFile={self.layout.folder / 'known_hosts'}",
            "-o", "GlobalKnownHostsFile=/dev/null",
            "-o", "StrictHostKeyChecking=yes",
            "-o", "IdentitiesOnly=yes",
            "-i", str(self.layout.folder / "client_key"),
        ]  # fmt: skip

    def ssh_argv(self, command: str, *, user: str | None = None) -> list[str]:
        """Return the whole command that runs `command` on the host."""
        sockets = Path(tempfile.gettempdir()) / f"slipway-{self.layout.label}"
        sockets.mkdir(mode=0o700, exist_ok=True)
        return [
            "ssh", "-F", "/dev/null", *self.ssh_options(), "-p", str(self.ssh_port),
            "-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "-o", "LogLevel=ERROR",
            "-o", "ControlMaster=auto", "-o", "ControlPersist=20", "-o", f"ControlPath={sockets}/%r-%p",
            f"{user or self.user}@127.0.0.1", command,
        ]  # fmt: skip

    def ssh(self, command: str, *, user: str | None = None, stdin: str | None = None, timeout: float = 120.0) -> str:
        """Run a shell command on the host and return its output.

        Raises:
            CommandError: it ended with something else than 0.
        """
        given = None if stdin is None else stdin.encode()
        result = attempt(self.ssh_argv(command, user=user), stdin=given, timeout=timeout)
        if result.returncode != 0:
            raise CommandError(["ssh", f"{user or self.user}@{self.name}", command], result)
        return result.stdout.decode(errors="replace")

    def docker(self, *arguments: str, user: str | None = None, timeout: float = 120.0) -> str:
        """Run a command of the host's Docker client, over SSH, and return its output without the last line end."""
        return self.ssh(shlex.join(["docker", *arguments]), user=user, timeout=timeout).rstrip("\n")

    def put(self, path: str, content: str, *, user: str | None = None) -> None:
        """Write a file on the host, with the folders that it needs."""
        quoted = shlex.quote(path)
        self.ssh(f'mkdir -p "$(dirname {quoted})" && cat >{quoted}', user=user, stdin=content)

    def create(self, image: str, *, fresh: bool = False) -> None:
        """Make and start the host's container, or start the one that is there when it is of the same image."""
        if fresh or self._image() not in {"", image}:
            self.remove()
        if not self._image():
            docker(*self._create_argv(image))
            put_files(self.container, self._files())
        docker("start", self.container)

    def remove(self) -> None:
        """Remove the host's container and its disks."""
        self.forget_connections()
        if self._image():
            docker("rm", "--force", "--volumes", self.container)
        docker("volume", "rm", "--force", self._disk)

    def await_ready(self, timeout: float = READY_TIMEOUT) -> None:
        """Wait until the host lets its user in and, where it has one, its engine answers.

        Raises:
            TimeoutError: it did not within `timeout` seconds.
        """
        probe = "docker version --format '{{.Server.Version}}'" if self.kind.has_engine else "true"
        deadline = time.monotonic() + timeout
        while True:
            try:
                result = attempt(self.ssh_argv(probe), timeout=15)
            except subprocess.TimeoutExpired:
                said = "no answer within 15 s"
            else:
                if result.returncode == 0:
                    return
                said = result.stderr.decode(errors="replace").strip()
            if time.monotonic() > deadline:
                message = f"{self.name} ({self.container}) was not ready within {timeout:.0f} s; it last said: {said}"
                raise TimeoutError(message)
            time.sleep(POLL)

    def restart(self, *, hard: bool = False) -> None:
        """Reboot the host and wait until it is back; `hard` cuts its power instead of shutting it down."""
        self.forget_connections()
        if hard:
            docker("kill", self.container)
            docker("start", self.container)
        else:
            docker("restart", "--time", "30", self.container)
        self.await_ready()

    def stop_engine(self, *, hard: bool = False) -> None:
        """Stop the host's engine; `hard` kills it, which leaves its containers running."""
        if self.kind.has_systemd:
            how = "kill --signal=KILL docker; systemctl stop" if hard else "stop"
            self.ssh(f"systemctl {how} docker.socket docker.service", user="root")
        else:
            self.ssh(f"fleet-engine {'kill' if hard else 'stop'}", user="root")

    def start_engine(self) -> None:
        """Start the host's engine and wait until it answers."""
        self.ssh("systemctl start docker" if self.kind.has_systemd else "fleet-engine start", user="root")
        self.await_ready()

    def disconnect(self) -> None:
        """Cut the host's network cable: nobody reaches it and it reaches nobody."""
        self.forget_connections()
        docker("network", "disconnect", self.layout.network, self.container)

    def connect(self) -> None:
        """Plug the host's network cable in again and wait until the host is reached."""
        docker("network", "connect", self.layout.network, self.container)
        self.await_ready()

    def wipe(self, *, images: bool = False) -> None:
        """Remove every container, network, volume and release from the host.

        Args:
            images: whether its images go as well; then each has to be pulled again.
        """
        self.ssh(
            "docker ps --all --quiet | xargs --no-run-if-empty docker rm --force --volumes >/dev/null"
            " && docker network prune --force >/dev/null"
            " && docker volume ls --quiet | xargs --no-run-if-empty docker volume rm --force >/dev/null"
            " && find /var/lib/slipway -mindepth 1 -delete && rm -rf /home/deploy/.docker"
            + (" && docker image prune --all --force >/dev/null" if images else ""),
            user="root",
        )

    def forget_connections(self) -> None:
        """Close the SSH connections that are kept open for the next command."""
        for user in ("root", self.user):
            argv = self.ssh_argv("", user=user)[:-1]
            attempt([*argv[:1], "-O", "exit", *argv[1:]], timeout=15)

    @property
    def _disk(self) -> str:
        return f"{self.container}-docker"

    def _image(self) -> str:
        try:
            return docker("container", "inspect", "--format", "{{.Config.Image}}", self.container)
        except CommandError:
            return ""

    def _create_argv(self, image: str) -> list[str]:
        labels = {FLEET_LABEL: self.layout.label, SLOT_LABEL: self.layout.slot, KIND_LABEL: self.kind.value}
        label_pairs = [f"{key}={value}" for key, value in labels.items()]
        docker("volume", "create", "--label", label_pairs[0], self._disk)
        argv = ["create", "--name", self.container, "--hostname", self.name, "--network", self.layout.network]
        for pair in label_pairs:
            argv += ["--label", pair]
        for capability in CAPABILITIES:
            argv += ["--cap-add", capability]
        argv += [
            "--security-opt", "seccomp=unconfined", "--security-opt", "systempaths=unconfined",
            "--security-opt", "apparmor=unconfined",
            "--device-cgroup-rule", "a *:* rwm", "--cgroupns", "host",
            "--volume", "/sys/fs/cgroup:/sys/fs/cgroup:rw", "--volume", f"{self._disk}:/var/lib/docker",
            "--tmpfs", "/run:exec,mode=755", "--tmpfs", "/run/lock", "--env", "container=docker",
            "--publish", f"127.0.0.1:{self.ssh_port}:22",
        ]  # fmt: skip
        for inside, outside in self.layout.published(self.number).items():
            argv += ["--publish", f"127.0.0.1:{outside}:{inside}"]
        if self.kind.has_systemd:
            argv += ["--stop-signal", "SIGRTMIN+3"]
        return [*argv, image, "fleet-init"]

    def _files(self) -> list[PlacedFile]:
        folder = self.layout.folder
        client = f"{credentials.ensure_ssh_key(folder / 'client_key')}\n".encode()
        files = [
            PlacedFile("/etc/ssh/ssh_host_ed25519_key", (folder / f"{self.name}_key").read_bytes(), 0o600),
            PlacedFile("/etc/ssh/authorized_keys.d/root", client),
            PlacedFile(f"/etc/ssh/authorized_keys.d/{self.user}", client),
            *package_source(RECIPES[self.kind].suite),
        ]
        authority = credentials.ensure_authority(folder).read_bytes()
        trusted = [f"/etc/docker/certs.d/{part}.fleet.test:5000/ca.crt" for part in ("registry", "open")]
        return files + [PlacedFile(path, authority) for path in trusted]
