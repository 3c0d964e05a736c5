# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A registry with TLS of the fleet's own authority, and with a password or open to all."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import requests

from tests.fleet import credentials
from tests.fleet.command import CommandError, docker
from tests.fleet.file_tree import PlacedFile, put_files
from tests.fleet.layout import FLEET_LABEL, SLOT_LABEL, Layout

if TYPE_CHECKING:
    from pathlib import Path

READY_TIMEOUT = 30.0
POLL = 0.1
MANIFEST_TYPES = (
    "application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.docker.distribution.manifest.v2+json, "
    "application/vnd.oci.image.index.v1+json, "
    "application/vnd.oci.image.manifest.v1+json"
)


@dataclass(frozen=True)
class Registry:
    """A registry of a fleet.

    Attributes:
        layout: the fleet's names and ports.
        part: `registry` (asks for a password) or `open` (asks for none).
    """

    layout: Layout
    part: str = "registry"

    @property
    def needs_login(self) -> bool:
        """Whether it asks for a user and a password."""
        return self.part == "registry"

    @property
    def user(self) -> str:
        """Return the user that it lets in."""
        return credentials.REGISTRY_USER

    @property
    def password(self) -> str:
        """Return that user's password."""
        return credentials.REGISTRY_PASSWORD

    @property
    def address(self) -> str:
        """Return its address as the hosts see it: the one that belongs into a Compose file."""
        return f"{self.part}.fleet.test:5000"

    @property
    def outer_address(self) -> str:
        """Return its address as this machine sees it: the one to push to. The repositories are the same."""
        return f"127.0.0.1:{self.layout.registry_port(0 if self.needs_login else 1)}"

    @property
    def container(self) -> str:
        """Return its container."""
        return self.layout.container(self.part)

    @property
    def authority(self) -> Path:
        """Return the certificate of the authority that signed its certificate."""
        return credentials.ensure_authority(self.layout.folder)

    def create(self, image: str, *, fresh: bool = False) -> None:
        """Make and start it, or start the one that is there when it is of the same image."""
        if fresh or self._image() not in {"", image}:
            self.remove()
        if not self._image():
            docker("volume", "create", "--label", f"{FLEET_LABEL}={self.layout.label}", self._disk)
            docker(
                "create", "--name", self.container, "--hostname", self.part, "--network", self.layout.network,
                "--network-alias", f"{self.part}.fleet.test",
                "--label", f"{FLEET_LABEL}={self.layout.label}", "--label", f"{SLOT_LABEL}={self.layout.slot}",
                "--volume", f"{self._disk}:/var/lib/registry", "--publish", f"{self.outer_address}:5000",
                image, "docker-registry", "serve", "/etc/registry/config.yml",
            )  # fmt: skip
            put_files(self.container, self._files())
        docker("start", self.container)

    def remove(self) -> None:
        """Remove it and all that was pushed to it."""
        if self._image():
            docker("rm", "--force", "--volumes", self.container)
        docker("volume", "rm", "--force", self._disk)

    def await_ready(self, timeout: float = READY_TIMEOUT) -> None:
        """Wait until it answers.

        Raises:
            TimeoutError: it did not within `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        while True:
            try:
                self._request("GET", "").raise_for_status()
            except requests.RequestException as error:
                if time.monotonic() > deadline:
                    message = f"registry {self.container} did not answer within {timeout:.0f} s: {error}"
                    raise TimeoutError(message) from error
                time.sleep(POLL)
            else:
                return

    def stop(self) -> None:
        """Stop it: nobody can pull or push."""
        docker("stop", "--time", "2", self.container)

    def start(self) -> None:
        """Start it again and wait until it answers; everything that was pushed is still there."""
        docker("start", self.container)
        self.await_ready()

    def push(self, local: str, repository: str, tag: str) -> str:
        """Push an image of this machine's engine and return the address under which the hosts pull it."""
        target = f"{self.outer_address}/{repository}:{tag}"
        docker("tag", local, target)
        try:
            docker("--config", str(self._client_folder()), "push", "--quiet", target, timeout=300)
        finally:
            docker("image", "rm", target)
        return f"{self.address}/{repository}:{tag}"

    def digest(self, repository: str, tag: str) -> str:
        """Return the digest that a tag names."""
        answer = self._manifest("HEAD", repository, tag)
        return answer.headers["Docker-Content-Digest"]

    def retag(self, repository: str, tag: str, new_tag: str) -> None:
        """Let `new_tag` name what `tag` names, also when it named something else before."""
        old = self._manifest("GET", repository, tag)
        self._manifest(
            "PUT", repository, new_tag, body=old.content, headers={"Content-Type": old.headers["Content-Type"]}
        )

    def delete(self, repository: str, tag: str) -> None:
        """Delete the manifest that a tag names."""
        self._manifest("DELETE", repository, self.digest(repository, tag))

    @property
    def _disk(self) -> str:
        return f"{self.container}-data"

    def _image(self) -> str:
        try:
            return docker("container", "inspect", "--format", "{{.Config.Image}}", self.container)
        except CommandError:
            return ""

    def _manifest(
        self, method: str, repository: str, reference: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> requests.Response:
        answer = self._request(method, f"{repository}/manifests/{reference}", body, headers)
        answer.raise_for_status()
        return answer

    def _request(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> requests.Response:
        with requests.Session() as session:
            session.trust_env = False
            return session.request(
                method,
                f"https://{self.outer_address}/v2/{path}",
                data=body or None,
                headers={"Accept": MANIFEST_TYPES, **(headers or {})},
                auth=(self.user, self.password),
                verify=str(self.authority),
                timeout=30,
            )

    def _client_folder(self) -> Path:
        folder = self.layout.folder / f"docker-config-{self.part}"
        folder.mkdir(mode=0o700, exist_ok=True)
        secret = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        auths = {self.outer_address: {"auth": secret}} if self.needs_login else {}
        credentials.write_private(folder / "config.json", json.dumps({"auths": auths}).encode())
        return folder

    def _files(self) -> list[PlacedFile]:
        folder = self.layout.folder
        config: dict[str, object] = {
            "version": "0.1",
            "log": {"level": "warn", "accesslog": {"disabled": True}},
            "storage": {"filesystem": {"rootdirectory": "/var/lib/registry"}, "delete": {"enabled": True}},
            "http": {
                "addr": ":5000",
                "tls": {"certificate": "/etc/registry/tls.crt", "key": "/etc/registry/tls.key"},
            },
        }
        if self.needs_login:
            config["auth"] = {"htpasswd": {"realm": "fleet", "path": "/etc/registry/htpasswd"}}
        return [
            PlacedFile("/etc/registry/config.yml", json.dumps(config).encode()),
            PlacedFile("/etc/registry/tls.crt", (folder / "registry.crt").read_bytes()),
            PlacedFile("/etc/registry/tls.key", (folder / "registry.key").read_bytes(), 0o600),
            PlacedFile("/etc/registry/htpasswd", credentials.htpasswd().encode()),
        ]
