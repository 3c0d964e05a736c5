# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of test host, each with the packages that make it, and the cached images built from them."""

from __future__ import annotations

import enum
import hashlib
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.fleet.command import as_root, docker
from tests.fleet.layout import CACHE, IMAGE_LABEL, PROJECT, locked

ROOTFS = Path(__file__).parent / "rootfs"
BUILD_TIMEOUT = 900
COMPOSE_BINARY = PROJECT / ".venv" / "bin" / "docker-compose"
COMPOSE_PIN = PROJECT / "roles" / "host" / "files" / "compose-requirements.txt"

_BARE = ("openssh-server", "python3", "sudo", "ca-certificates", "iproute2", "procps", "adduser")
_TARGET = (*_BARE, "python3-docker", "python3-requests", "python3-jmespath", "docker.io", "iptables", "curl")
_SYSTEMD = ("systemd", "systemd-sysv", "dbus")
#: What lets commands of a user begin at boot, without systemd and with it.
_CRON, _LINGERING = ("cron", "systemd-standalone-sysusers"), ("libpam-systemd",)


class Kind(enum.StrEnum):
    """What a test host is."""

    TRIXIE = "trixie"
    SYSTEMD = "systemd"
    BARE = "bare"
    BARE_SYSTEMD = "bare-systemd"

    @property
    def has_engine(self) -> bool:
        """Whether the host comes with a Docker engine."""
        return self in {Kind.TRIXIE, Kind.SYSTEMD}

    @property
    def has_systemd(self) -> bool:
        """Whether systemd is the host's first process."""
        return self in {Kind.SYSTEMD, Kind.BARE_SYSTEMD}


@dataclass(frozen=True)
class Recipe:
    """How the image of one kind of host is made."""

    kind: Kind
    suite: str
    packages: tuple[str, ...]
    by_apt: tuple[str, ...] = ()
    newest_compose: bool = False

    @property
    def fingerprint(self) -> str:
        """Return a hash of everything that decides what the image holds."""
        digest = hashlib.sha256(repr((self.suite, self.packages, self.by_apt, self.newest_compose)).encode())
        for part in sorted(ROOTFS.iterdir()):
            digest.update(part.name.encode() + part.read_bytes())
        if self.newest_compose:
            digest.update(COMPOSE_PIN.read_bytes())
        return digest.hexdigest()[:12]

    @property
    def image(self) -> str:
        """Return the name and tag of the image."""
        return f"slipway-fleet/{self.kind.value}:{self.fingerprint}"


RECIPES = {
    recipe.kind: recipe
    for recipe in (
        Recipe(Kind.TRIXIE, "trixie", (*_TARGET, "docker-cli", "docker-compose", "docker-registry"), _CRON),
        Recipe(Kind.SYSTEMD, "bookworm", (*_TARGET, *_SYSTEMD, *_LINGERING), newest_compose=True),
        Recipe(Kind.BARE, "trixie", _BARE),
        Recipe(Kind.BARE_SYSTEMD, "bookworm", (*_BARE, *_SYSTEMD)),
    )
}


def ensure_image(kind: Kind) -> str:
    """Return the image of this kind of host; make it first if this recipe was never made here."""
    recipe = RECIPES[kind]
    with locked(f"image-{kind.value}"):
        if not docker("image", "ls", "--quiet", recipe.image):
            print(f"fleet: making the image of a {kind.value} host, about a minute", file=sys.stderr, flush=True)
            _build(recipe)
    return recipe.image


def _build(recipe: Recipe) -> None:
    CACHE.mkdir(parents=True, exist_ok=True)
    log = CACHE / f"build-{recipe.kind.value}.log"
    packages = (",".join(recipe.packages), ",".join(recipe.by_apt))
    make = ["bash", str(ROOTFS / "make.sh"), str(CACHE), recipe.suite, *packages]
    if recipe.newest_compose:
        make.append(str(COMPOSE_BINARY))
    take = ["docker", "import", "--change", f"LABEL {IMAGE_LABEL}={recipe.kind.value}", "-", recipe.image]
    with (
        log.open("wb") as messages,
        subprocess.Popen(as_root(make), stdout=subprocess.PIPE, stderr=messages) as maker,
    ):
        taken = subprocess.run(
            take, stdin=maker.stdout, stdout=messages, stderr=messages, timeout=BUILD_TIMEOUT, check=False
        )
        made = maker.wait(timeout=BUILD_TIMEOUT)
    if made != 0 or taken.returncode != 0:
        docker("image", "rm", "--force", recipe.image)
        message = (
            f"image of a {recipe.kind.value} host: debootstrap ended with {made}, docker import with "
            f"{taken.returncode}. Everything they said is in {log}. Is 'scripts/setup.sh --with test' done?"
        )
        raise RuntimeError(message)
