"""The stack that every contender deploys: one service with a health check every second, a new image each time."""

from __future__ import annotations

from dataclasses import dataclass

from tests.fleet import Fleet, Host, Probe

HEALTH_PATH = "/healthz"
#: Inside the host; the fleet publishes each of them on the controller.
FIRST_PORT = 8080


@dataclass(frozen=True)
class BenchStack:
    """One contender's stack. Each has its own project, port and images, so none finds what another has pulled.

    Attributes:
        contender: whose it is.
        port: where it answers on a host.
        registry: the registry, as the hosts see it.
    """

    contender: str
    port: int
    registry: str

    @property
    def project(self) -> str:
        """Return the Compose project."""
        return f"bench-{self.contender}"

    def compose(self, version: str) -> str:
        """Return the Compose file; `version` may be a variable of Compose."""
        return "\n".join((
            "---",
            f"name: {self.project}",
            "services:",
            "  app:",
            f"    image: {self.registry}/{self.project}:{version}",
            "    init: true",
            f'    ports: ["{self.port}:8080"]',
            "    stop_grace_period: 2s",
            "    healthcheck:",
            "      test: [CMD, wget, -q, -O, /dev/null, 'http://127.0.0.1:8080/healthz']",
            "      interval: 1s",
            # Else the image's own would hold, which asks more often at the beginning.
            "      start_interval: 1s",
            "      timeout: 2s",
            "      retries: 3",
            "",
        ))  # fmt: skip

    def push(self, fleet: Fleet, version: str) -> None:
        """Make an image that no host has seen and push it."""
        Probe(version, salt=self.contender).push(fleet.registry, self.project, version)

    def wipe(self, host: Host) -> None:
        """Remove everything of this stack from a host, images too."""
        mine = f"label=com.docker.compose.project={self.project}"
        host.ssh(
            f"docker ps -aq --filter {mine} | xargs -r docker rm -fv >/dev/null;"
            f" docker network ls -q --filter {mine} | xargs -r docker network rm >/dev/null;"
            f" docker images -q {self.registry}/{self.project} | sort -u | xargs -r docker rmi -f >/dev/null;"
            f" rm -rf /var/lib/slipway/{self.project}",
        )

    def containers(self, host: Host) -> str:
        """Return the IDs of the stack's containers on a host."""
        return host.docker("ps", "-q", "--no-trunc", "--filter", f"label=com.docker.compose.project={self.project}")
