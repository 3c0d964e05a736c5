# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engine is asked about containers, and asked to do with them (I/O)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from .compose_labels import NUMBER_LABEL, PROJECT_LABEL, SERVICE_LABEL, is_replica, labels_of
from .connection import Connection, EngineError, GoneError, asked, short
from .containers import Container, ListedContainer

if TYPE_CHECKING:
    from docker import APIClient

#: More than this is never read for the last lines of a log.
MOST_BYTES = 1024 * 1024


class EventStream(Protocol):
    """What the engine says as it happens. If the connection breaks, iterating raises what the Docker SDK raises."""

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Return each event when it comes."""

    def close(self) -> None:
        """Hear no more."""


class Execution:
    """A command that was started in a running container.

    Attributes:
        output: what it prints, as it comes. If the connection breaks, iterating raises what the Docker SDK raises.
    """

    def __init__(self, connection: Connection, container: str, argv: Sequence[str]) -> None:
        """Start the command.

        Raises:
            EngineError: the engine cannot.
        """
        self._connection = connection
        with asked():
            self._id = connection.api.exec_create(container, list(argv))["Id"]
            self.output: Iterator[bytes] = connection.api.exec_start(self._id, stream=True)

    def state(self) -> dict[str, Any]:
        """Return the engine's document about it: "Running", "ExitCode", "Pid", ….

        Raises:
            EngineError: the engine does not say.
        """
        with asked():
            found: dict[str, Any] = self._connection.api.exec_inspect(self._id)
        return found


class ContainerClient:
    """Containers, through one engine."""

    def __init__(self, connection: Connection) -> None:
        """Ask nothing yet."""
        self._connection = connection

    @property
    def _api(self) -> APIClient:
        return self._connection.api

    def of(self, project: str) -> list[Container]:
        """Return the containers that Compose made for a project's services; one-off runs are not among them."""
        found = self._api.containers(all=True, quiet=True, filters={"label": [f"{PROJECT_LABEL}={project}"]})
        documents = [self._document(entry["Id"]) for entry in found]
        there = [one for one in documents if one is not None and is_replica(labels_of(one))]
        return [Container.from_inspect(one) for one in there]

    def listed(self, project: str) -> list[dict[str, Any]]:
        """Return the entries of a project's containers in the engine's list, one-off runs among them.

        Raises:
            EngineError: the engine does not say.
        """
        with asked():
            return list(self._api.containers(all=True, filters={"label": [f"{PROJECT_LABEL}={project}"]}))

    def running_replicas(self, project: str, service: str) -> list[dict[str, Any]]:
        """Return the entries of a service's running containers in the engine's list, the first replica first."""
        labels = [f"{PROJECT_LABEL}={project}", f"{SERVICE_LABEL}={service}"]
        running = self._api.containers(filters={"label": labels, "status": "running"})
        replicas = [container for container in running if is_replica(container["Labels"])]
        return sorted(replicas, key=lambda container: int(container["Labels"].get(NUMBER_LABEL) or 0))

    def inspect(self, container: str) -> Container:
        """Return a container.

        Args:
            container: its ID.

        Raises:
            GoneError: there is no such container, or no longer.
            EngineError: the engine does not say.
        """
        with asked():
            document = self._api.inspect_container(container)
        return Container.from_inspect(document)

    def all(self) -> list[ListedContainer]:
        """Return every container, whoever started it and whether it runs."""
        return [ListedContainer.from_entry(entry) for entry in self._api.containers(all=True)]

    def events(self, project: str, since: float, kinds: Sequence[str]) -> EventStream:
        """Begin to hear what happens to a project's containers.

        Args:
            project: the Compose project.
            since: from which moment on, in seconds since the epoch by the engine's clock.
            kinds: what to hear of. The engine matches these as prefixes: "health_status" has the status behind it.

        Raises:
            EngineError: the engine does not answer.
        """
        heard = {"type": "container", "label": f"{PROJECT_LABEL}={project}", "event": list(kinds)}
        # The engine's clock is read to the fraction of a second, which the library passes on though its types know
        # whole ones only.
        moment: Any = f"{since:.6f}"
        with asked():
            stream: EventStream = self._api.events(decode=True, since=moment, filters=heard)
        return stream

    def last_log(self, container: str, lines: int) -> bytes:
        """Return the last lines of a container's log, or the end of them if they are very long.

        Raises:
            EngineError: the log cannot be read.
        """
        raw = bytearray()
        with asked():
            # Without following, the stream ends with the log; reading it piecewise bounds a log of endless lines.
            for piece in self._api.logs(container, stream=True, follow=False, timestamps=False, tail=lines):
                raw += piece
                if len(raw) > MOST_BYTES:
                    raw = raw[-MOST_BYTES:]
                    break
        return bytes(raw)

    def stamped_log(self, container: str, since: int | None) -> Iterator[bytes]:
        """Return a container's log piece by piece; each line begins with the time at which the engine noted it.

        Args:
            container: its ID.
            since: from which second since the epoch on; all of it if None.

        Raises:
            EngineError: the log cannot be read, or no further.
        """
        with asked():
            yield from self._api.logs(container, stream=True, follow=False, timestamps=True, since=since)

    def execute(self, container: str, argv: Sequence[str]) -> Execution:
        """Start a command in a running container.

        Raises:
            EngineError: the engine cannot.
        """
        return Execution(self._connection, container, argv)

    def start(self, container: str) -> str:
        """Start a container that has ended; return what the engine says against it, "" if nothing."""
        import docker.errors

        try:
            self._api.start(container)
        except docker.errors.APIError as error:
            return short(str(error.explanation or error))
        return ""

    def discard(self, container: str) -> None:
        """Remove a container, running or not; its volumes stay.

        Raises:
            EngineError: the engine cannot.
        """
        with suppress(GoneError), asked():
            self._api.remove_container(container, force=True)

    def run_once(self, image: str, longest_s: int, **settings: Any) -> int:
        """Run a container of its own to its end, remove it, and return its exit code.

        Args:
            image: what to make it from.
            longest_s: seconds that it may take.
            settings: as the Docker SDK's `containers.create` takes them.

        Raises:
            EngineError: the engine cannot, or the container has not ended in time.
        """
        with asked():
            container: Any = self._connection.open().containers.create(image, **settings)
            try:
                container.start()
                return int(container.wait(timeout=longest_s)["StatusCode"])
            finally:
                with suppress(EngineError), asked():
                    container.remove(force=True)

    def remove(self, labels: Sequence[str]) -> None:
        """Remove the containers that carry all of these labels, running or not, with their own volumes."""
        import docker.errors

        for container in self._api.containers(all=True, filters={"label": list(labels)}):
            with suppress(docker.errors.NotFound):
                self._api.remove_container(container["Id"], force=True, v=True)

    def _document(self, container: str) -> dict[str, Any] | None:
        import docker.errors

        try:
            document: dict[str, Any] = self._api.inspect_container(container)
        except docker.errors.NotFound:
            # It ended between the listing and this look; what is gone does not run.
            return None
        return document
