# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How an attempt ends, and what it has to work with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...engine.compose_labels import NUMBER_LABEL, PROJECT_LABEL, SERVICE_LABEL, is_one_off

if TYPE_CHECKING:
    import docker

    from ...core.cancellation import Cancellation


@dataclass(frozen=True)
class Outcome:
    """How one attempt ended; not masked yet.

    Attributes:
        passed: whether everything was as it must be.
        seen: what the attempt met, in one line.
        output: what a command printed at the end.
        final: whether no later attempt can pass.
    """

    passed: bool
    seen: str
    output: bytes = b""
    final: bool = False


@dataclass(frozen=True)
class Surroundings:
    """Where an attempt happens.

    Attributes:
        client: the engine; None if there is none.
        project: the Compose project.
        service: the service that the check names.
        cancellation: ends the attempt early.
    """

    client: docker.DockerClient | None
    project: str
    service: str | None
    cancellation: Cancellation


def running_replicas(client: docker.DockerClient, project: str, service: str) -> list[dict[str, Any]]:
    """Return the running containers of a service as the engine lists them, the first replica first (I/O)."""
    labels = [f"{PROJECT_LABEL}={project}", f"{SERVICE_LABEL}={service}"]
    running = client.api.containers(filters={"label": labels, "status": "running"})
    replicas = [container for container in running if not is_one_off(container["Labels"])]
    return sorted(replicas, key=lambda container: int(container["Labels"].get(NUMBER_LABEL) or 0))
