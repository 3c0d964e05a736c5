# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Docker engine of this host: the one door to it for all other rooms (I/O)."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ..core.command import command_environment, run_command
from ..core.findings import SlipwayError
from .compose_labels import NETWORK_LABEL, PROJECT_LABEL
from .connection import Connection, asked, reached
from .container_client import ContainerClient
from .containers import parse_engine_time
from .image_client import ImageClient
from .image_reference import RegistryAuth

_USUAL_HOSTS = ("", "unix:///var/run/docker.sock", "unix:///run/docker.sock")
_RETRY_S = 0.5
_ANSWER_S = 60.0
#: Seconds for an engine that crashed or is being restarted to come back, where what ran has to be looked after.
ENGINE_BACK_S = 60.0


class Engine:
    """The engine that the deploy user reaches; DOCKER_HOST is respected.

    Attributes:
        containers: what can be asked about containers and done with them.
        images: the same for images.
    """

    def __init__(self, auths: Sequence[RegistryAuth] = (), timeout_s: int = 60, *, at_once: bool = True) -> None:
        """Connect.

        Args:
            auths: credentials that win over those which the host has.
            timeout_s: seconds that the engine may be silent within one call.
            at_once: whether to connect now, and not only when something is asked.

        Raises:
            SlipwayError: the library is missing or the engine does not answer.
        """
        self._connection = Connection(timeout_s)
        self.containers = ContainerClient(self._connection)
        self.images = ImageClient(self._connection, auths, timeout_s)
        if at_once:
            self.connect()

    def connect(self) -> None:
        """Connect now, unless that was done already.

        Raises:
            SlipwayError: the library is missing or the engine does not answer.
        """
        self._connection.open()

    @property
    def is_the_usual(self) -> bool:
        """Whether it is the one that this machine has at the usual place."""
        return os.environ.get("DOCKER_HOST", "") in _USUAL_HOSTS

    @property
    def owners(self) -> frozenset[int]:
        """The numbers of the users whose processes its shims may be: root, and whoever owns its socket."""
        owners = {0}
        scheme, _sign, socket = os.environ.get("DOCKER_HOST", "").partition("://")
        if scheme == "unix":
            # One that runs without root is the user's who deploys, or of another who lets that one in.
            with suppress(OSError):
                owners.add(Path(socket).stat().st_uid)
        return frozenset(owners)

    def data_folder(self) -> str:
        """Return the folder in which it keeps images and containers."""
        return str(self._connection.api.info()["DockerRootDir"])

    def api_version(self) -> str:
        """Return the version of its API."""
        return str(self._connection.api.version()["ApiVersion"])

    def system_time(self) -> float | None:
        """Return the time by its clock, in seconds since the epoch; None if it is in no known form.

        Raises:
            EngineError: the engine does not say.
        """
        with asked():
            return parse_engine_time(self._connection.api.info()["SystemTime"])

    def running(self) -> set[str]:
        """Return the IDs of all containers that run, or are about to again.

        Raises:
            SlipwayError: the engine does not say.
        """
        filters = {"status": ["running", "paused", "restarting"]}
        with reached():
            return {str(entry["Id"]) for entry in self._connection.api.containers(all=True, filters=filters)}

    def network_makers(self) -> dict[str, tuple[str, str]]:
        """Return which Compose project made each network, and what that calls it, by its name; "" where none did."""
        labels = {str(one["Name"]): one.get("Labels") or {} for one in self._connection.api.networks()}
        return {name: (one.get(PROJECT_LABEL, ""), one.get(NETWORK_LABEL, "")) for name, one in labels.items()}

    def network_names(self, project: str = "") -> set[str]:
        """Return the names of the networks, of those of one project if it is named."""
        filters = {"label": f"{PROJECT_LABEL}={project}"} if project else {}
        return {str(network["Name"]) for network in self._connection.api.networks(filters=filters)}

    def subnets(self, project: str) -> set[str]:
        """Return the subnets of a project's networks.

        Raises:
            SlipwayError: the engine does not say.
        """
        with reached():
            found = self._connection.api.networks(filters={"label": f"{PROJECT_LABEL}={project}"})
        configured = (one for network in found for one in (network.get("IPAM") or {}).get("Config") or [])
        return {str(one["Subnet"]) for one in configured if one.get("Subnet")}

    def volume_names(self) -> set[str]:
        """Return the names of the volumes."""
        return {str(volume["Name"]) for volume in self._connection.api.volumes().get("Volumes") or []}

    def remove_network(self, name: str) -> None:
        """Remove a network, unless a container uses it."""
        import docker.errors

        with suppress(docker.errors.APIError):
            self._connection.api.remove_network(name)


def wait_for_engine(patience_s: float) -> Engine:
    """Return the engine, which may be about to come back: updates of the host restart it.

    Raises:
        SlipwayError: it does not answer in all this time.
    """
    until = time.monotonic() + patience_s
    while True:
        try:
            return Engine()
        except SlipwayError:
            if time.monotonic() >= until:
                raise
        time.sleep(_RETRY_S)


def engine_that_answers(patience_s: float = 0.0) -> Engine:
    """Return the engine, connected only when it is asked: to load the library takes longer than to see it answer.

    Args:
        patience_s: seconds to wait for one that does not answer.

    Raises:
        SlipwayError: the engine does not answer.
    """
    question = ["docker", "version", "--format", "{{.Server.Version}}"]
    answers = False
    with suppress(SlipwayError):
        answers = run_command(question, command_environment({}), _ANSWER_S).exit_code == 0
    # Where the client says no, the library knows why.
    return Engine(at_once=False) if answers else wait_for_engine(patience_s)
