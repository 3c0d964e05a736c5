# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs of a stack on a host, as the engine tells it: the one model of `docker inspect`."""

from __future__ import annotations

import re
from calendar import timegm
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from time import strptime
from typing import Any, Callable

from .compose_labels import (
    CONFIG_HASH_LABEL,
    ENVIRONMENT_FILES_LABEL,
    FILES_LABEL,
    FOLDER_LABEL,
    NUMBER_LABEL,
    PROJECT_LABEL,
    SERVICE_LABEL,
    dependencies,
    is_replica,
    labels_of,
)
from .compose_model import PublishedPort
from .model.jobs import JOB_LABEL, RESTARTING

_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(?:Z|([+-])(\d\d):(\d\d))")
_NEVER = "0001-"


@dataclass(frozen=True)
class ComposeOrigin:
    """Where a container's definition came from, by Compose's labels: folder, Compose files, environment files."""

    directory: str
    files: tuple[str, ...]
    environment_files: tuple[str, ...]


@dataclass(frozen=True)
class ContainerSnapshot:
    """What is recorded of a container; `snapshot.json` holds these fields and no others, for older and newer versions.

    Attributes:
        service: its Compose service.
        number: which replica of the service it is, from 1.
        name: its name.
        id: its ID.
        image: image reference it was made from.
        image_id: ID of the image's configuration, "sha256:…".
        config_hash: Compose's hash of the service's definition.
        state: "running", "exited", ….
        health: "healthy", "unhealthy", "starting", or "" without a health check.
        exit_code: exit code of the last process that ended; 0 for a running one.
        started_at: when it was last started, as the engine tells it.
        restarts: how often the engine restarted it.
    """

    service: str
    number: int
    name: str
    id: str
    image: str
    image_id: str
    config_hash: str
    state: str
    health: str
    exit_code: int
    started_at: str
    restarts: int

    @staticmethod
    def from_dict(raw: Mapping[str, Any]) -> ContainerSnapshot:
        """Return the container whose fields these are.

        Raises:
            TypeError: they are those of something else.
        """
        made = ContainerSnapshot(**raw)
        wrong = [one.name for one in _RECORDED if type(getattr(made, one.name)).__name__ != one.type]
        if wrong:
            message = f"a container has no valid {', '.join(wrong)}"
            raise TypeError(message)
        return made

    def as_record(self) -> dict[str, Any]:
        """Return what is recorded as plain data, whatever else is known of the container."""
        return {one.name: getattr(self, one.name) for one in _RECORDED}


_RECORDED = fields(ContainerSnapshot)


@dataclass(frozen=True)
class Container(ContainerSnapshot):
    """A container that is there: what is recorded of it, and what else has to be known to judge it.

    Attributes:
        created_at: in seconds since the epoch.
        ended_at: when its process last ended, in seconds since the epoch; None if it never did.
        error: why the engine could not start it, "" if it could.
        oom_killed: whether its process was killed for using more memory than it may.
        restart_policy: "no", "always", "unless-stopped" or "on-failure".
        failing_streak: how many probes of its health check have failed in a row.
        probe_exit_code: exit code of the last probe, None if there was none.
        probe_output: what the last probe printed.
        has_been_healthy: whether one of the last probes passed.
        published_ports: ports of the host on which it can be reached now.
        depends_on: the services that its service depends on, each with Compose's condition.
        publishes: whether it has ports of the host whenever it runs, known ones or such as the engine chooses.
        job_label: what its label says of whether it is a job: "true", "false" or "".
        origin: where its definition came from.
    """

    created_at: float
    ended_at: float | None
    error: str
    oom_killed: bool
    restart_policy: str
    failing_streak: int
    probe_exit_code: int | None
    probe_output: str
    has_been_healthy: bool
    published_ports: frozenset[int]
    depends_on: Mapping[str, str]
    publishes: bool
    job_label: str
    origin: ComposeOrigin

    @property
    def is_alive(self) -> bool:
        """Whether it runs, or is about to again."""
        return self.state in ("running", "paused", "restarting")

    @property
    def may_end(self) -> bool:
        """Whether nothing about it says if it is a job, which ends by itself, or runs on."""
        return not self.job_label and self.restart_policy not in RESTARTING and not self.publishes

    @property
    def running_since(self) -> float | None:
        """When it was last started, in seconds since the epoch; None if it never was."""
        return parse_engine_time(self.started_at)

    @classmethod
    def from_inspect(cls, inspected: Mapping[str, Any]) -> Container:
        """Return the container that a `docker inspect` document is about."""
        labels, state = labels_of(inspected), inspected["State"]
        health = state.get("Health") or {}
        probes = health.get("Log") or []
        last_probe = probes[-1] if probes else {}
        number = labels.get(NUMBER_LABEL, "")
        policy = (inspected.get("HostConfig") or {}).get("RestartPolicy") or {}
        return cls(
            service=labels.get(SERVICE_LABEL, ""),
            number=int(number) if number.isdigit() else 1,
            name=str(inspected["Name"]).lstrip("/"),
            id=inspected["Id"],
            image=inspected["Config"]["Image"],
            image_id=inspected["Image"],
            config_hash=labels.get(CONFIG_HASH_LABEL, ""),
            state=state["Status"],
            health=str(health.get("Status") or "").replace("none", ""),
            exit_code=int(state.get("ExitCode", 0)),
            started_at=state.get("StartedAt", ""),
            restarts=int(inspected.get("RestartCount", 0)),
            created_at=parse_engine_time(inspected.get("Created", "")) or 0.0,
            ended_at=parse_engine_time(state.get("FinishedAt", "")),
            error=state.get("Error") or "",
            oom_killed=bool(state.get("OOMKilled")),
            restart_policy=policy.get("Name") or "no",
            failing_streak=health.get("FailingStreak", 0),
            probe_exit_code=last_probe.get("ExitCode"),
            probe_output=(last_probe.get("Output") or "").strip(),
            has_been_healthy=any(probe.get("ExitCode") == 0 for probe in probes),
            published_ports=frozenset(_published(inspected)),
            depends_on=dependencies(labels),
            publishes=bool((inspected.get("HostConfig") or {}).get("PortBindings")),
            job_label=str(labels.get(JOB_LABEL, "")).strip().lower(),
            origin=_origin(labels),
        )


@dataclass(frozen=True)
class ListedContainer:
    """A container in the engine's list, whoever started it.

    Attributes:
        name: its name.
        project: the Compose project that it belongs to, "" if it belongs to none.
        left_alone: whether Compose did not make it for a service, and so neither replaces nor removes it.
        state: "running", "exited", ….
        ports: what it has of the host's ports.
        host_network: whether it has the host's network, so that its sockets are the host's.
    """

    name: str
    project: str
    left_alone: bool
    state: str
    ports: tuple[PublishedPort, ...]
    host_network: bool = False

    @property
    def owner(self) -> str:
        """Return whose it is: the project, or the container's own name."""
        return self.project or self.name

    def is_replica_of(self, project: str) -> bool:
        """Tell whether Compose replaces it when it brings a project up."""
        return self.project == project and not self.left_alone

    @classmethod
    def from_entry(cls, entry: Mapping[str, Any]) -> ListedContainer:
        """Return the container that an entry of the list is about."""
        labels: Mapping[str, str] = entry.get("Labels") or {}
        # A container that another one is linked to has names below that one's as well.
        names = [str(name).lstrip("/") for name in entry.get("Names") or () if str(name).count("/") <= 1]
        ports = {
            PublishedPort(str(one.get("IP") or ""), int(one["PublicPort"]), str(one.get("Type") or "tcp"))
            for one in entry.get("Ports") or ()
            if one.get("PublicPort")
        }
        return cls(
            name=names[0] if names else str(entry.get("Id", ""))[:12],
            project=labels.get(PROJECT_LABEL, ""),
            left_alone=not is_replica(labels),
            state=str(entry.get("State") or ""),
            ports=tuple(sorted(ports, key=str)),
            host_network=(entry.get("HostConfig") or {}).get("NetworkMode") == "host",
        )


@dataclass(frozen=True)
class Snapshot:
    """What ran at one time.

    Attributes:
        stack: the Compose project's name.
        taken_at: UTC, ISO 8601.
        release: the confirmed release at that time, None where Slipway had confirmed none.
        containers: all containers of the stack, sorted by service and number.
        origins: the distinct places that the containers' definitions came from.
        digests: for every image ID the "repository@sha256:…" names under which registries know it.
    """

    stack: str
    taken_at: str
    release: str | None
    containers: tuple[ContainerSnapshot, ...]
    origins: tuple[ComposeOrigin, ...]
    digests: Mapping[str, list[str]]

    def as_dict(self) -> dict[str, Any]:
        """Return the snapshot as plain data."""
        return {
            "stack": self.stack,
            "taken_at": self.taken_at,
            "release": self.release,
            "containers": [one.as_record() for one in self.containers],
            "origins": [asdict(one) for one in self.origins],
            "digests": dict(self.digests),
        }


def parse_engine_time(text: str) -> float | None:
    """Return the engine's RFC 3339 time as seconds since the epoch; None for its "never"."""
    match = _TIME.fullmatch(text)
    if match is None or text.startswith(_NEVER):
        return None
    moment, fraction, sign, hours, minutes = match.groups()
    offset = 0 if sign is None else int(f"{sign}1") * (int(hours) * 3600 + int(minutes) * 60)
    return timegm(strptime(moment, "%Y-%m-%dT%H:%M:%S")) + float(fraction or 0) - offset


def ended(
    before: Iterable[ContainerSnapshot], now: Iterable[Container], is_over: Callable[[Container], bool]
) -> list[ContainerSnapshot]:
    """Return the containers that ran before and are still there, and have ended although they were to run on.

    Args:
        before: what was there.
        now: what is there now.
        is_over: tells of a container that has ended whether it was to end.
    """
    there = {one.id: one for one in now}
    ran = [one for one in before if one.state == "running" and one.id in there]
    return [one for one in ran if not there[one.id].is_alive and not is_over(there[one.id])]


def _published(inspected: Mapping[str, Any]) -> Iterable[int]:
    table: Mapping[str, Any] = (inspected.get("NetworkSettings") or {}).get("Ports") or {}
    ports = (str(binding.get("HostPort", "")) for bindings in table.values() for binding in bindings or ())
    return (int(port) for port in ports if port.isdigit())


def _origin(labels: Mapping[str, str]) -> ComposeOrigin:
    return ComposeOrigin(
        directory=labels.get(FOLDER_LABEL, ""),
        files=_paths(labels.get(FILES_LABEL, "")),
        environment_files=_paths(labels.get(ENVIRONMENT_FILES_LABEL, "")),
    )


def _paths(joined: str) -> tuple[str, ...]:
    return tuple(path for path in joined.split(",") if path)
