"""Small real containers that look to the gate as if Compose had made them."""

from __future__ import annotations

import io
import secrets
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import docker
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docker.models.containers import Container

BUSYBOX = Path("/bin/busybox")
#: For health checks, in nanoseconds.
QUICK = 200_000_000


class Stack:
    """A Compose project made of busybox containers; removed when the test ends."""

    def __init__(self, client: docker.DockerClient, image: str) -> None:
        self.client = client
        self.image = image
        self.name = f"gate-{secrets.token_hex(4)}"
        self._made: list[Container] = []

    def run(
        self, service: str, script: str, *, start: bool = True, by_compose: bool = True, **settings: Any
    ) -> Container:
        """Create and start one container of a service that runs a shell script; or as no Compose would make it."""
        number = settings.pop("number", 1)
        health = settings.pop("health", None)
        labels = {
            "com.docker.compose.project": self.name,
            "com.docker.compose.service": service,
            "com.docker.compose.container-number": str(number),
            "com.docker.compose.oneoff": "False",
            **({"com.docker.compose.config-hash": "0" * 64} if by_compose else {}),
            **settings.pop("labels", {}),
        }
        if health is not None:
            settings["healthcheck"] = {
                "test": ["CMD-SHELL", health],
                "interval": QUICK,
                "timeout": 10 * QUICK,
                "retries": 2,
                **settings.pop("health_settings", {}),
            }
        if settings.get("restart_policy"):
            settings["restart_policy"] = {"Name": settings["restart_policy"]}
        container = self.client.containers.create(
            self.image, ["sh", "-c", script], name=f"{self.name}-{service}-{number}", labels=labels, **settings
        )
        self._made.append(container)
        if start:
            container.start()
        return container

    def forget(self, container: Container) -> None:
        """Remove one of the containers."""
        self._made.remove(container)
        container.remove(force=True)

    def remove(self) -> None:
        """Remove the containers that were made here, by their IDs, and no other."""
        for container in self._made:
            container.remove(force=True)


@pytest.fixture(scope="session")
def engine() -> Iterator[docker.DockerClient]:
    """Return a client of the local engine."""
    client = docker.from_env()
    yield client
    client.close()


@pytest.fixture(scope="session")
def busybox_image(engine: docker.DockerClient) -> Iterator[str]:
    """Make an image of nothing but busybox."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.add(BUSYBOX, "bin/busybox")
        for name in ("sh", "sleep", "cat", "echo", "touch", "test", "true", "httpd", "yes", "mkdir"):
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
    name = f"slipway-gate-test-{secrets.token_hex(4)}"
    engine.api.import_image_from_data(archive.getvalue(), repository=name, tag="1", changes=["ENV PATH=/bin"])
    yield f"{name}:1"
    engine.images.remove(f"{name}:1", force=True)


@pytest.fixture
def stack(engine: docker.DockerClient, busybox_image: str) -> Iterator[Stack]:
    """Return a project without containers."""
    made = Stack(engine, busybox_image)
    yield made
    made.remove()
