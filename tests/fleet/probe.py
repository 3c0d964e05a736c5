# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The probe app: tiny images, one for each version and behaviour, each with a digest of its own."""

from __future__ import annotations

import enum
import hashlib
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tests.fleet.command import docker, run
from tests.fleet.file_tree import PlacedFile, pack
from tests.fleet.layout import IMAGE_LABEL, locked

if TYPE_CHECKING:
    from tests.fleet.registry import Registry

IMAGES = Path(__file__).parent / "images"
REPOSITORY = "probe"
HEALTH = (
    "HEALTHCHECK --interval=1s --timeout=2s --retries=3 "
    "CMD wget -q -O /dev/null http://127.0.0.1:${PROBE_PORT:-8080}/healthz"
)


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
    """Gets healthy, and ends with 7 after PROBE_CRASH_AFTER (3) seconds, at each start."""
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
    def has_health_check(self) -> bool:
        """Whether the image carries a health check."""
        return self in {
            Behaviour.HEALTHY, Behaviour.SLOW_START, Behaviour.NEVER_HEALTHY,
            Behaviour.HEALTHY_THEN_CRASH, Behaviour.HTTP_500,
        }  # fmt: skip


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
        """Build it with this machine's engine and return the local image."""
        base = _base()
        local = f"slipway-fleet/probe:{self._fingerprint(base)}"
        if not docker("image", "ls", "--quiet", local):
            _build(local, self._context(base))
        return local

    def push(self, registry: Registry, repository: str = REPOSITORY, tag: str | None = None) -> str:
        """Build it, push it, and return the address under which the hosts pull it."""
        return registry.push(self.build(), repository, tag or self.tag)

    def _fingerprint(self, base: str) -> str:
        return hashlib.sha256(repr((base, self)).encode()).hexdigest()[:12]

    def _context(self, base: str) -> list[PlacedFile]:
        entrypoint = '["/no/such/program"]' if self.behaviour is Behaviour.BAD_ENTRYPOINT else '["/bin/probe"]'
        recipe = [
            f"FROM {base}",
            "COPY VERSION SALT /",
            f"ENV PROBE_BEHAVIOUR={self.behaviour.value}",
            HEALTH if self.behaviour.has_health_check else "HEALTHCHECK NONE",
            f"ENTRYPOINT {entrypoint}",
        ]
        salt = f"{self.salt}\n".encode() + _noise(self._fingerprint(base), self.payload)
        return [
            PlacedFile("Dockerfile", "\n".join(recipe).encode()),
            PlacedFile("VERSION", f"{self.version}\n".encode()),
            PlacedFile("SALT", salt),
        ]


@cache
def _base() -> str:
    """Return the image that all probes share; make it first if it was never made here."""
    busybox = shutil.which("busybox")
    if busybox is None:
        message = "busybox: not found on this machine. Run scripts/setup.sh --with test."
        raise RuntimeError(message)
    files = [
        PlacedFile("Dockerfile", (IMAGES / "Dockerfile").read_bytes()),
        PlacedFile("busybox", Path(busybox).read_bytes(), 0o755),
        PlacedFile("probe", (IMAGES / "probe").read_bytes(), 0o755),
    ]
    fingerprint = hashlib.sha256(b"".join(file.content for file in files)).hexdigest()[:12]
    local = f"slipway-fleet/probe-base:{fingerprint}"
    with locked("probe-base"):
        if not docker("image", "ls", "--quiet", local):
            _build(local, files)
    return local


def _build(local: str, context: list[PlacedFile]) -> None:
    run(
        ["docker", "build", "--quiet", "--label", f"{IMAGE_LABEL}=probe", "--tag", local, "-"],
        stdin=pack(context),
        env={"DOCKER_BUILDKIT": "0"},
    )


def _noise(seed: str, size: int) -> bytes:
    """Return bytes that do not compress and are the same for the same seed."""
    return hashlib.shake_256(seed.encode()).digest(size) if size else b""
