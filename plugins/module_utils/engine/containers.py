# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs of a stack on a host, as the engine tells it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from .compose_labels import (
    CONFIG_HASH_LABEL,
    ENVIRONMENT_FILES_LABEL,
    FILES_LABEL,
    FOLDER_LABEL,
    NUMBER_LABEL,
    SERVICE_LABEL,
    labels_of,
)

#: States of a container that runs, or is about to again.
_ALIVE = ("running", "paused", "restarting")


@dataclass(frozen=True)
class ContainerSnapshot:
    """One container of the stack.

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

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> ContainerSnapshot:
        """Return the container whose fields these are.

        Raises:
            TypeError: they are those of something else.
        """
        made = cls(**raw)
        wrong = [field.name for field in fields(cls) if type(getattr(made, field.name)).__name__ != field.type]
        if wrong:
            message = f"a container has no valid {', '.join(wrong)}"
            raise TypeError(message)
        return made


@dataclass(frozen=True)
class ComposeOrigin:
    """Where a container's definition came from, by Compose's labels: folder, Compose files, environment files."""

    directory: str
    files: tuple[str, ...]
    environment_files: tuple[str, ...]


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
        return asdict(self)


def container_snapshot(inspected: Mapping[str, Any]) -> ContainerSnapshot:
    """Return what matters of one container's `docker inspect` document."""
    labels = labels_of(inspected)
    state = inspected["State"]
    return ContainerSnapshot(
        service=labels.get(SERVICE_LABEL, ""),
        number=int(labels.get(NUMBER_LABEL, "1")),
        name=str(inspected["Name"]).lstrip("/"),
        id=inspected["Id"],
        image=inspected["Config"]["Image"],
        image_id=inspected["Image"],
        config_hash=labels.get(CONFIG_HASH_LABEL, ""),
        state=state["Status"],
        health=str((state.get("Health") or {}).get("Status", "")).replace("none", ""),
        exit_code=int(state.get("ExitCode", 0)),
        started_at=state.get("StartedAt", ""),
        restarts=int(inspected.get("RestartCount", 0)),
    )


def compose_origin(inspected: Mapping[str, Any]) -> ComposeOrigin:
    """Return where a container's definition came from."""
    labels = labels_of(inspected)
    return ComposeOrigin(
        directory=labels.get(FOLDER_LABEL, ""),
        files=_paths(labels.get(FILES_LABEL, "")),
        environment_files=_paths(labels.get(ENVIRONMENT_FILES_LABEL, "")),
    )


def ended(
    before: Iterable[ContainerSnapshot], now: Iterable[Mapping[str, Any]], jobs: Collection[str] | None
) -> list[ContainerSnapshot]:
    """Return the containers that ran before and are still there, and have ended although they were to run on.

    Args:
        before: what was there.
        now: the `docker inspect` documents of what is there now.
        jobs: the services that end by themselves; None if that is not known, as of a stack that was started by hand.
    """
    there = {document["Id"]: document for document in now}
    ran = [one for one in before if one.state == "running" and one.id in there]
    down = [one for one in ran if there[one.id]["State"]["Status"] not in _ALIVE]
    if jobs is None:
        return [one for one in down if not _is_done(there[one.id])]
    return [one for one in down if one.service not in jobs]


def _is_done(inspected: Mapping[str, Any]) -> bool:
    """Tell whether a container has ended well, and nobody is to start it again then."""
    policy = (inspected["HostConfig"].get("RestartPolicy") or {}).get("Name", "")
    return inspected["State"].get("ExitCode", 0) == 0 and policy not in ("always", "unless-stopped")


def _paths(joined: str) -> tuple[str, ...]:
    return tuple(path for path in joined.split(",") if path)
