# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection to the Docker engine of this host, and what it means if that fails (I/O)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..core.findings import Finding, SlipwayError
from ..core.libraries import load_library

if TYPE_CHECKING:
    from docker import APIClient, DockerClient

_LONGEST_QUOTE = 300
_BOOTSTRAP = "Run playbooks/bootstrap.yml on this host."


class EngineError(SlipwayError):
    """The engine has not done what it was asked.

    Attributes:
        said: what the Docker SDK says of it.
        explanation: what the engine itself says against it; `said` if it says nothing.
    """

    def __init__(self, said: str, explanation: str = "") -> None:
        """Take what was said."""
        remedy = "See whether it runs on this host (systemctl status docker), then check again."
        super().__init__([Finding("Docker engine", "an answer", " ".join(said.split()), remedy)])
        self.said = said
        self.explanation = explanation or said


class GoneError(EngineError):
    """The engine has no such container, or no longer."""


class Connection:
    """The Docker SDK's client of the engine that this user reaches; only this room holds it."""

    def __init__(self, timeout_s: int) -> None:
        """Connect to nothing yet.

        Args:
            timeout_s: seconds that the engine may be silent within one call.
        """
        self._timeout_s = timeout_s
        self._client: DockerClient | None = None

    def open(self) -> DockerClient:
        """Return the client, and connect it unless that was done already.

        Raises:
            SlipwayError: the library is missing or the engine does not answer.
        """
        if self._client is None:
            with reached():
                client: Any = load_library("docker").from_env(timeout=self._timeout_s)
                client.ping()
            self._client = client
        connected: DockerClient = self._client
        return connected

    @property
    def api(self) -> APIClient:
        """Return the connected client's functions for single requests.

        Raises:
            SlipwayError: the library is missing or the engine does not answer.
        """
        return self.open().api


@contextmanager
def asked() -> Iterator[None]:
    """Raise what the Docker SDK raises as errors of the engine.

    Raises:
        GoneError: the engine has no such thing.
        EngineError: the engine does not answer, or refuses.
    """
    requests, docker = load_library("requests"), load_library("docker")
    try:
        yield
    except docker.errors.NotFound as error:
        raise GoneError(str(error), _explanation(error)) from error
    except (docker.errors.DockerException, requests.RequestException, OSError) as error:
        raise EngineError(str(error), _explanation(error)) from error


@contextmanager
def reached() -> Iterator[None]:
    """Raise what the Docker SDK raises as a finding that says how this user comes to reach the engine.

    Raises:
        SlipwayError: the library is missing or the engine does not answer.
    """
    requests, docker = load_library("requests"), load_library("docker")
    try:
        yield
    except (docker.errors.DockerException, requests.RequestException, OSError) as error:
        raise SlipwayError([_no_engine(str(error))]) from error


def short(text: str) -> str:
    """Return what an engine said as one line that fits into a finding."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_QUOTE else line[: _LONGEST_QUOTE - 3] + "..."


def _explanation(error: Exception) -> str:
    return str(getattr(error, "explanation", "") or "")


def _no_engine(said: str) -> Finding:
    if "FileNotFoundError" in said or "ConnectionRefusedError" in said:
        seen = "none: nothing listens on its socket"
        remedy = f"Start it on this host (systemctl start docker). If it is not installed: {_BOOTSTRAP}"
    elif "PermissionError" in said:
        seen = "one that does not let this user in"
        remedy = f"Add the user to the group docker on this host, or: {_BOOTSTRAP}"
    else:
        seen = short(said)
        remedy = f"Start it, and let the deploy user reach it (group docker). {_BOOTSTRAP}"
    return Finding("Docker engine", "an engine that answers", seen, remedy)
