# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Knows how a project's containers are, and hears when that changes (I/O)."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, Union

from ..engine.compose_labels import SERVICE_LABEL, is_replica
from ..engine.connection import GoneError
from ..engine.containers import Container
from .health import FirstSight

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..engine.client import Engine
    from ..engine.container_client import EventStream

# Without the list, every probe of every health check would be an event.
_EVENTS = ("create", "start", "die", "oom", "stop", "kill", "pause", "unpause", "rename", "destroy", "health_status")


@dataclass(frozen=True)
class ContainerChanged:
    """The engine said that something happened to a container."""

    container_id: str


@dataclass(frozen=True)
class StreamBroken:
    """The engine's events can no longer be heard."""

    reason: str


Signal = Union[ContainerChanged, StreamBroken]


class ContainerWatch:
    """The containers of one project, as last seen.

    Attributes:
        containers: what is known of each container, by ID.
        first: how each container was when it was first seen, by ID.
        last_exit_codes: of containers whose process ended meanwhile, by ID.
    """

    def __init__(
        self,
        engine: Engine,
        project: str,
        services: frozenset[str] | None,
        publish: Callable[[Signal], None],
    ) -> None:
        """Prepare to watch these services (all if None); changes are published from another thread."""
        self._engine = engine
        self._project = project
        self._services = services
        self._publish = publish
        self._events: EventStream | None = None
        self._clock_offset = 0.0
        self.containers: dict[str, Container] = {}
        self.first: dict[str, FirstSight] = {}
        self.last_exit_codes: dict[str, int] = {}

    def open(self) -> None:
        """Subscribe to events, then look at every container.

        Raises:
            SlipwayError: the engine does not answer.
        """
        began_at = time.monotonic()
        now = self._engine.system_time()
        self._clock_offset = (time.time() if now is None else now) - (began_at + time.monotonic()) / 2
        # The engine subscribes after it has begun to answer; events since its own clock's reading fill that gap.
        self._events = self._engine.containers.events(self._project, self.engine_now(), _EVENTS)
        threading.Thread(target=self._listen, args=(self._events,), daemon=True).start()
        self.refresh()

    def close(self) -> None:
        """End the subscription; may be called again, or without open."""
        events, self._events = self._events, None
        if events is not None:
            events.close()

    def engine_now(self) -> float:
        """Return the time of the engine's clock, in seconds since the epoch."""
        return time.monotonic() + self._clock_offset

    def refresh(self) -> None:
        """Look at every container.

        Raises:
            SlipwayError: the engine does not answer.
        """
        listed = self._engine.containers.listed(self._project)
        there = [entry["Id"] for entry in listed if self._concerns(entry["Labels"])]
        for gone in set(self.containers).difference(there):
            del self.containers[gone]
        self.look_at(there)

    def look_at(self, container_ids: Iterable[str]) -> None:
        """Look at some containers; forget those that are gone.

        Raises:
            SlipwayError: the engine does not answer.
        """
        for container_id in container_ids:
            try:
                container = self._engine.containers.inspect(container_id)
            except GoneError:
                self.containers.pop(container_id, None)
                continue
            first = self.first.get(container.id)
            if first is None or first.running_since is None:
                self.first[container.id] = FirstSight(container.restarts, container.running_since)
            self.containers[container.id] = container

    def _concerns(self, labels: dict[str, str]) -> bool:
        wanted = self._services is None or labels.get(SERVICE_LABEL) in self._services
        return wanted and is_replica(labels)

    def _listen(self, events: EventStream) -> None:
        reason = "the engine closed it"
        try:
            for event in events:
                attributes = event["Actor"]["Attributes"]
                if self._concerns(attributes):
                    code = attributes.get("exitCode", "")
                    if event["Action"] == "die" and code.isdigit():
                        self.last_exit_codes[event["Actor"]["ID"]] = int(code)
                    self._publish(ContainerChanged(event["Actor"]["ID"]))
        except Exception as error:  # noqa: BLE001 - a cut connection shows itself in as many ways as the libraries know
            reason = f"{type(error).__name__}: {error}"
        if self._events is not None:
            self._publish(StreamBroken(reason))
