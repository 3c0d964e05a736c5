# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The probe app: tiny images, one for each version and behaviour, each with a digest of its own."""

from __future__ import annotations

import enum
import hashlib
import json
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tests.fleet.command import docker, run
from tests.fleet.file_tree import PlacedFile, pack
from tests.fleet.layout import IMAGE_LABEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.fleet.registry import Registry

PROGRAM = Path(__file__).parent / "probe.sh"
REPOSITORY = "probe"
SECOND = 10**9
CHECK = {
    "Test": ["CMD-SHELL", "exec wget -q -O /dev/null http://127.0.0.1:${PROBE_PORT:-8080}/healthz"],
    "StartPeriod": 2 * SECOND,
    "StartInterval": SECOND // 2,
    "Interval": 3 * SECOND,
    "Timeout": 3 * SECOND,
    "Retries": 2,
}
#: A check is three processes in a container on a host that is a container, as long as a stack stands: what stays well
#: is not asked often. An engine before 25 does not know the short interval, and asks as rarely from the start.
SELDOM = {**CHECK, "StartPeriod": 15 * SECOND, "Interval": 10 * SECOND}


class Behaviour(enum.StrEnum):
    """What a probe does."""

    HEALTHY = "healthy"
    """Serves, and its health check passes."""
    UNCHECKED = "unchecked"
    """Serves, and has no health check."""
    SLOW_START = "slow-start"
    """Serves after PROBE_START_AFTER (5) seconds."""
    NEVER_HEALTHY = "never-healthy"
    """Serves, and its health check fails."""
    HEALTHY_THEN_CRASH = "healthy-then-crash"
    """Gets healthy, and ends with 7 after PROBE_CRASH_AFTER (2) seconds, at each start."""
    CRASH_LOOP = "crash-loop"
    """Ends with 7 at once, and has no health check."""
    BAD_ENTRYPOINT = "bad-entrypoint"
    """Names a program that does not exist."""
    HTTP_500 = "http-500"
    """Its health check passes, and /ready answers 500."""
    JOB_OK = "job-ok"
    """A one-shot job that ends with 0."""
    JOB_FAIL = "job-fail"
    """A one-shot job that ends with 3."""

    @property
    def health_check(self) -> dict[str, object]:
        """Return the health check that the image carries."""
        if self is Behaviour.HEALTHY:
            return SELDOM
        checked = {Behaviour.SLOW_START, Behaviour.NEVER_HEALTHY, Behaviour.HEALTHY_THEN_CRASH, Behaviour.HTTP_500}
        return CHECK if self in checked else {"Test": ["NONE"]}


@dataclass(frozen=True)
class Probe:
    """One variant of the probe app.

    Attributes:
        version: what it says when it is asked.
        behaviour: what it does.
        salt: anything; another salt makes another digest with the same version and behaviour.
        payload: how many bytes of its own the variant carries besides, for timing pulls.
    """

    version: str
    behaviour: Behaviour = Behaviour.HEALTHY
    salt: str = ""
    payload: int = 0

    @property
    def tag(self) -> str:
        """Return the tag that it is pushed as unless another one is asked for."""
        return self.version if self.behaviour is Behaviour.HEALTHY else f"{self.version}-{self.behaviour.value}"

    def build(self) -> str:
        """Load it into this machine's engine, unless it is there, and return the local image."""
        layers = [_base(), self._own()]
        config = json.dumps(self._config(layers), sort_keys=True).encode()
        fingerprint = hashlib.sha256(config).hexdigest()
        local = f"slipway-fleet/probe:{fingerprint[:12]}"
        if not docker("image", "ls", "--quiet", local):
            names = [f"{number}.tar" for number in range(len(layers))]
            index = [{"Config": f"{fingerprint}.json", "RepoTags": [local], "Layers": names}]
            files = [PlacedFile(f"{fingerprint}.json", config), PlacedFile("manifest.json", json.dumps(index).encode())]
            run(["docker", "image", "load"], stdin=pack(files + list(map(PlacedFile, names, layers))))
        return local

    def push(self, registry: Registry, repository: str = REPOSITORY, tag: str | None = None) -> str:
        """Build it, push it, and return the address under which the hosts pull it."""
        return registry.push(self.build(), repository, tag or self.tag)

    def _config(self, layers: Sequence[bytes]) -> dict[str, object]:
        """Return the image's configuration, as its specification has it."""
        program = "/no/such/program" if self.behaviour is Behaviour.BAD_ENTRYPOINT else "/bin/probe"
        return {
            "architecture": _architecture(),
            "os": "linux",
            "created": "2026-01-01T00:00:00Z",
            "config": {
                "Entrypoint": [program],
                "Env": ["PATH=/bin", f"PROBE_BEHAVIOUR={self.behaviour.value}"],
                "ExposedPorts": {"8080/tcp": {}},
                "Healthcheck": self.behaviour.health_check,
                "Labels": {IMAGE_LABEL: "probe"},
            },
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(one).hexdigest()}" for one in layers]},
        }

    def _own(self) -> bytes:
        """Return the layer that no other variant has."""
        salt = f"{self.salt}\n".encode() + _noise(repr(self), self.payload)
        return pack([PlacedFile("VERSION", f"{self.version}\n".encode()), PlacedFile("SALT", salt)])


@cache
def _base() -> bytes:
    """Return the layer that all probes share: busybox and one script."""
    busybox = shutil.which("busybox")
    if busybox is None:
        message = "busybox: not found on this machine. Run scripts/setup.sh --with test."
        raise RuntimeError(message)
    names = [f"bin/{name}" for name in run([busybox, "--list"]).split() if name != "busybox"]
    return pack(
        [
            PlacedFile("bin/busybox", Path(busybox).read_bytes(), 0o755),
            PlacedFile("bin/probe", PROGRAM.read_bytes(), 0o755),
            *(PlacedFile(name, mode=0o777, link_to="/bin/busybox") for name in names),
        ]
    )


@cache
def _architecture() -> str:
    return docker("version", "--format", "{{.Server.Arch}}")


def _noise(seed: str, size: int) -> bytes:
    """Return bytes that do not compress and are the same for the same seed."""
    return hashlib.shake_256(seed.encode()).digest(size) if size else b""
