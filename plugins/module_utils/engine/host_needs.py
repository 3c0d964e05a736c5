# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the resolved Compose project takes for granted on its host: paths, networks, volumes, variables."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from .compose_model import replicas_of

#: Endings of names that are files' by all custom. A folder may have any name, but hardly one of these; `.com`, `.d` and
#: a version's `.2` are not among them.
_FILE_SUFFIXES = (
    r"cer|cert|cfg|cnf|conf|crt|csr|csv|db|env|gz|html?|htpasswd|ini|jks|js|json|key|keystore|log|lua|p12|pem|pfx|php|pid|pl"
    r"|properties|ps1|pub|py|rb|sh|sock|sql|sqlite3?|tar|tmpl|toml|tsx?|txt|vcl|xml|ya?ml|zip"
)
#: Names without an ending that are files' as well: Caddyfile, .env, passwd.
_FILE_NAMES = r"[A-Z][a-z]+file|\.env|\.htpasswd|passwd|shadow|hosts|hostname|crontab"
_A_FILE = re.compile(rf"(?i:.+\.({_FILE_SUFFIXES}))|{_FILE_NAMES}")


@dataclass(frozen=True)
class HostPath:
    """A path of the host that a project names.

    Attributes:
        user: what names it ("service web", "secret pin").
        path: relative to the project folder if it was written so, else absolute.
        target: where it appears in a container; "" if it is no mount.
        may_be_made: whether the engine makes a folder of it if nothing is there.
    """

    user: str
    path: str
    target: str = ""
    may_be_made: bool = False

    @property
    def looks_like_a_file(self) -> bool:
        """Tell whether a file is meant, going by the names on both sides: the project does not say it."""
        names = (posixpath.basename(self.path), posixpath.basename(self.target))
        return any(_A_FILE.fullmatch(name) for name in names)


@dataclass(frozen=True)
class HostNeeds:
    """What a project takes for granted.

    Attributes:
        paths: what it mounts or reads of the host.
        networks: names of its external networks.
        volumes: names of its external volumes.
        variables: what names a variable ("secret pin"), and the variable.
        container_names: service, and the name that a container of it gets.
        made_networks: name of each network that Compose is to make or made, and what the project calls it.
    """

    paths: tuple[HostPath, ...] = ()
    networks: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()
    container_names: tuple[tuple[str, str], ...] = ()
    made_networks: tuple[tuple[str, str], ...] = ()


def parse_host_needs(config: str, root: str) -> HostNeeds:
    """Return what a resolved project takes for granted.

    Args:
        config: output of `docker compose config --format json`.
        root: the project directory that it was resolved in; paths below it, or beside it, become relative.
    """
    project: dict[str, Any] = json.loads(config)
    definitions = [
        (f"{kind[:-1]} {name}", definition or {})
        for kind in ("secrets", "configs")
        for name, definition in sorted((project.get(kind) or {}).items())
    ]
    files = [HostPath(user, _relative(str(one["file"]), root)) for user, one in definitions if "file" in one]
    return HostNeeds(
        paths=(*_mounts(project, root), *files, *_devices(project, root)),
        networks=_external(project, "networks"),
        volumes=_external(project, "volumes"),
        variables=tuple((user, str(one["environment"])) for user, one in definitions if "environment" in one),
        container_names=tuple(_container_names(project)),
        made_networks=tuple(_made_networks(project)),
    )


def _container_names(project: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, service in sorted((project.get("services") or {}).items()):
        replicas = range(1, replicas_of(service) + 1)
        own = service.get("container_name")
        yield from ((name, str(own or f"{project.get('name')}-{name}-{number}")) for number in replicas)


def _made_networks(project: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    used = {key for service in (project.get("services") or {}).values() for key in service.get("networks") or ()}
    for key, network in sorted((project.get("networks") or {}).items()):
        if key in used and not (network or {}).get("external"):
            yield str((network or {}).get("name") or f"{project.get('name')}_{key}"), key


def _mounts(project: Mapping[str, Any], root: str) -> Iterator[HostPath]:
    mounts = [
        (name, mount)
        for name, service in sorted((project.get("services") or {}).items())
        for mount in service.get("volumes") or []
        if mount.get("type") == "bind" and mount.get("source")
    ]
    answers = [(mount.get("bind") or {}).get("create_host_path") for _name, mount in mounts]
    # Compose says so today only where it may not be made, and once said so only where it may.
    unsaid = True not in answers
    for (name, mount), answer in zip(mounts, answers):
        source, target = _relative(str(mount["source"]), root), str(mount.get("target") or "")
        yield HostPath(f"service {name}", source, target, unsaid if answer is None else bool(answer))


def _devices(project: Mapping[str, Any], root: str) -> Iterator[HostPath]:
    """Return the folders that local volumes are bound to; the engine makes none of these."""
    for name, volume in sorted((project.get("volumes") or {}).items()):
        options = (volume or {}).get("driver_opts") or {}
        device = str(options.get("device") or "")
        if "bind" in str(options.get("o") or "").split(",") and device.startswith("/"):
            yield HostPath(f"volume {name}", _relative(device, root))


def _external(project: Mapping[str, Any], kind: str) -> tuple[str, ...]:
    found = (project.get(kind) or {}).items()
    return tuple(sorted(str(one.get("name") or key) for key, one in found if one and one.get("external")))


def _relative(path: str, root: str) -> str:
    top = PurePosixPath(root)
    try:
        return str(PurePosixPath(path).relative_to(top))
    except ValueError:
        pass
    try:
        # The folder that it was resolved in is not the one that it will run in.
        return str(PurePosixPath("..") / PurePosixPath(path).relative_to(top.parent))
    except ValueError:
        return path
