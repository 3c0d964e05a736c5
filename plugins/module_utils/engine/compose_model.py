# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the resolved Compose project says about each service (`docker compose config --format json`)."""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from .model.health_checks import NO_WORD, HealthCheck, compose_health_check
from .model.jobs import jobs_of, may_end

#: Compose does not look at the content of mounted files; a label that changes with them makes it recreate the service.
FILES_HASH_LABEL = "io.slipway.files-hash"

_PUBLISHED = re.compile(r"(?P<first>\d+)(?:-(?P<last>\d+))?")
_SECCOMP = re.compile(r"seccomp[:=](?!unconfined$|builtin$)([^/].*)")
_UNSET = re.compile(r'The \\?"([A-Za-z_][A-Za-z0-9_]*)\\?" variable is not set')


@dataclass(frozen=True)
class PublishedPort:
    """A port of the host that a service wants.

    Attributes:
        address: host address it is bound to; "" is every address.
        port: port number on the host.
        protocol: "tcp", "udp" or "sctp".
        last: last number of a range, out of which the engine chooses; 0 if it is no range.
    """

    address: str
    port: int
    protocol: str
    last: int = 0

    @property
    def numbers(self) -> range:
        """Return the numbers that it can have."""
        return range(self.port, (self.last or self.port) + 1)

    def __str__(self) -> str:
        """Spell the port the way Docker does."""
        port = f"{self.port}-{self.last}" if self.last else f"{self.port}"
        address = f"[{self.address}]" if ":" in self.address else self.address
        return f"{address}:{port}/{self.protocol}" if address else f"{port}/{self.protocol}"


@dataclass(frozen=True)
class Service:
    """A service of the resolved project.

    Attributes:
        name: its name.
        image: image reference as the file has it after interpolation; None where only `build:` is given.
        replicas: how many containers are to run.
        one_shot: whether its containers have to end by themselves with success.
        ports: ports of the host that it publishes.
        inputs: what it mounts, reads or is given from the project's files: top-level definitions and relative paths.
        may_end: whether nothing says if its containers end by themselves or run on.
        health_check: what the project says of its health check, whatever the image says.
        awaits_health: the services that have to be healthy before it starts.
        starts_after: the services that have to be started, or to have ended, before it starts.
    """

    name: str
    image: str | None
    replicas: int
    one_shot: bool
    ports: tuple[PublishedPort, ...]
    inputs: tuple[str, ...]
    may_end: bool = False
    health_check: HealthCheck = NO_WORD
    awaits_health: tuple[str, ...] = ()
    starts_after: tuple[str, ...] = ()


def unset_variables(messages: str) -> list[str]:
    """Return the names that Compose replaced by nothing, from what `config` printed to standard error."""
    return sorted(set(_UNSET.findall(messages)))


def parse_services(config: str, root: str) -> tuple[Service, ...]:
    """Return the services of a resolved project.

    Args:
        config: output of `docker compose config --format json`.
        root: the project directory that it was resolved in; paths below it become relative.
    """
    project: dict[str, Any] = json.loads(config)
    services: dict[str, Any] = project.get("services") or {}
    jobs, ambiguous = jobs_of(services), may_end(services)
    return tuple(
        Service(
            name=name,
            image=service.get("image"),
            replicas=replicas_of(service),
            one_shot=name in jobs,
            ports=tuple(_ports(service)),
            inputs=tuple(sorted(_inputs(service, project, root))),
            may_end=name in ambiguous,
            health_check=compose_health_check(service),
            awaits_health=_needs(service, services, healthy=True),
            starts_after=_needs(service, services, healthy=False),
        )
        for name, service in sorted(services.items())
    )


def secret_files(config: str, root: str) -> tuple[str, ...]:
    """Return the relative paths of the files that the project's `secrets:` come from."""
    definitions: dict[str, Any] = json.loads(config).get("secrets") or {}
    paths = [_relative(str(definition["file"]), root) for definition in definitions.values() if "file" in definition]
    return tuple(sorted(path for path in paths if path is not None))


def environments(config: str) -> list[tuple[str, str]]:
    """Return every variable that the project gives to a container: inline, from an `env_file`, or interpolated."""
    services: dict[str, Any] = json.loads(config).get("services") or {}
    given = [service.get("environment") or {} for service in services.values()]
    return [(name, str(value)) for variables in given for name, value in variables.items() if value is not None]


def secret_variables(config: str) -> frozenset[str]:
    """Return the names of the variables that the project's `secrets:` come from."""
    definitions: dict[str, Any] = json.loads(config).get("secrets") or {}
    return frozenset(str(one["environment"]) for one in definitions.values() if "environment" in one)


def files_hash(service: Service, file_hashes: Mapping[str, str], env: Mapping[str, str]) -> str | None:
    """Return a hash over all that the service takes from the stack's files, None if it takes nothing.

    Args:
        service: the service.
        file_hashes: SHA-256 of every file of the release, by relative path.
        env: the release's environment, for configs and secrets that come from a variable.
    """
    parts: list[str] = []
    for item in service.inputs:
        kind, _colon, value = item.partition(":")
        if kind == "path":
            below = value + "/" if value != "." else ""
            used = [path for path in file_hashes if path == value or path.startswith(below)]
            parts.extend(f"{path} {file_hashes[path]}" for path in sorted(used))
        elif kind == "env":
            parts.append(f"{item} {env.get(value, '')}")
        else:
            parts.append(item)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest() if parts else None


def replicas_of(service: Mapping[str, Any]) -> int:
    """Return how many containers a resolved service is to have."""
    if service.get("scale") is not None:
        return int(service["scale"])
    replicas = (service.get("deploy") or {}).get("replicas")
    return 1 if replicas is None else int(replicas)


def _needs(service: Mapping[str, Any], services: Mapping[str, Any], *, healthy: bool) -> tuple[str, ...]:
    needed = {name: how for name, how in (service.get("depends_on") or {}).items() if how.get("required", True)}
    # Without one that is not required, Compose goes on.
    conditions = {name: how.get("condition") for name, how in needed.items()}
    return tuple(
        sorted(name for name in conditions if name in services and (conditions[name] == "service_healthy") is healthy)
    )


def _ports(service: Mapping[str, Any]) -> Iterator[PublishedPort]:
    for port in service.get("ports") or []:
        match = _PUBLISHED.fullmatch(str(port.get("published") or ""))
        if match is not None and match["first"] != "0":
            address, protocol = str(port.get("host_ip") or "").strip("[]"), str(port.get("protocol") or "tcp")
            yield PublishedPort(address, int(match["first"]), protocol, int(match["last"] or 0))


def _inputs(service: Mapping[str, Any], project: Mapping[str, Any], root: str) -> Iterator[str]:
    for path in _paths(service, project):
        relative = _relative(path, root)
        if relative is not None:
            yield f"path:{relative}"
    for definition in _definitions(service, project):
        if "environment" in definition:
            yield f"env:{definition['environment']}"
        elif "content" in definition:
            yield f"content:{hashlib.sha256(str(definition['content']).encode()).hexdigest()}"
    for option in service.get("security_opt") or []:
        # Compose reads the file when it makes the container, and looks at its name only.
        match = _SECCOMP.fullmatch(str(option))
        if match:
            yield f"path:{posixpath.normpath(match[1])}"


def _paths(service: Mapping[str, Any], project: Mapping[str, Any]) -> Iterator[str]:
    for mount in service.get("volumes") or []:
        if mount.get("type") == "bind":
            yield str(mount.get("source", ""))
        elif mount.get("type") == "volume":
            options = ((project.get("volumes") or {}).get(mount.get("source")) or {}).get("driver_opts") or {}
            if "bind" in str(options.get("o") or "").split(","):
                yield str(options.get("device") or "")
    for definition in _definitions(service, project):
        if "file" in definition:
            yield str(definition["file"])


def _definitions(service: Mapping[str, Any], project: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Return what the project says of the configs and secrets that the service uses."""
    for kind in ("configs", "secrets"):
        for use in service.get(kind) or []:
            yield (project.get(kind) or {}).get(use.get("source")) or {}


def _relative(path: str, root: str) -> str | None:
    try:
        return str(PurePosixPath(path).relative_to(root))
    except ValueError:
        return None
