# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Docker engine of this host, through the Docker SDK (I/O)."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any, Callable

from ..core.command import command_environment, run_command
from ..core.findings import Finding, SlipwayError
from ..core.libraries import load_library
from ..core.stream import timely
from .compose_labels import PROJECT_LABEL, is_one_off, labels_of
from .image_reference import ImageReference
from .registry_auth import RegistryAuth

if TYPE_CHECKING:
    from docker import DockerClient

_PARALLEL_PULLS = 4
_USUAL_HOSTS = ("", "unix:///var/run/docker.sock", "unix:///run/docker.sock")
_RETRY_S = 0.5
_ANSWER_S = 60.0
#: Seconds for an engine that crashed or is being restarted to come back, where what ran has to be looked after.
ENGINE_BACK_S = 60.0
_LONGEST_QUOTE = 300
_PULL_AGAIN = "See what removes images on this host, and deploy again."
_BOOTSTRAP = "Run playbooks/bootstrap.yml on this host."


class Engine:
    """The engine that the deploy user reaches; DOCKER_HOST is respected."""

    def __init__(self, auths: Sequence[RegistryAuth] = (), timeout_s: int = 60, *, at_once: bool = True) -> None:
        """Connect.

        Args:
            auths: credentials that win over those which the host has.
            timeout_s: seconds that the engine may be silent within one call.
            at_once: whether to connect now, and not only when something is asked.

        Raises:
            SlipwayError: the library is missing or the engine does not answer.
        """
        self._timeout_s = timeout_s
        self._auths = {auth.registry: auth for auth in auths}
        if at_once:
            self.client = connect(timeout_s)

    @cached_property
    def client(self) -> DockerClient:
        """Return the connected client.

        Raises:
            SlipwayError: the library is missing or the engine does not answer.
        """
        return connect(self._timeout_s)

    def containers(self, project: str) -> list[dict[str, Any]]:
        """Return the `docker inspect` documents of a project's containers, one-off runs left out."""
        found = self.client.api.containers(all=True, quiet=True, filters={"label": [f"{PROJECT_LABEL}={project}"]})
        documents = [self._inspect(entry["Id"]) for entry in found]
        return [document for document in documents if document is not None and not is_one_off(labels_of(document))]

    @property
    def is_the_usual(self) -> bool:
        """Whether it is the one that this machine has at the usual place."""
        return os.environ.get("DOCKER_HOST", "") in _USUAL_HOSTS

    def running(self) -> set[str]:
        """Return the IDs of all containers that run, or are about to again.

        Raises:
            SlipwayError: the engine does not say.
        """
        import docker.errors
        import requests

        filters = {"status": ["running", "paused", "restarting"]}
        try:
            return {str(entry["Id"]) for entry in self.client.api.containers(all=True, filters=filters)}
        except (docker.errors.DockerException, requests.RequestException) as error:
            raise SlipwayError([_no_engine(str(error))]) from error

    def listening(self) -> dict[tuple[int, str], str]:
        """Return which containers publish which (port, protocol) of the host."""
        return {
            (port["PublicPort"], port["Type"]): container["Labels"].get(
                PROJECT_LABEL, container["Names"][0].lstrip("/")
            )
            for container in self.client.api.containers()
            for port in container.get("Ports") or []
            if "PublicPort" in port
        }

    def image(self, reference: str) -> dict[str, Any] | None:
        """Return the `docker image inspect` document of an image that is here, else None."""
        import docker.errors

        try:
            document: dict[str, Any] = self.client.api.inspect_image(reference)
        except docker.errors.NotFound:
            return None
        return document

    def resolve(self, references: Sequence[str]) -> tuple[dict[str, str], list[Finding]]:
        """Ask the registries for the digest of each image.

        Returns:
            The digests by reference, and a finding for every image that has none.
        """
        with ThreadPoolExecutor(_PARALLEL_PULLS) as pool:
            answers = list(pool.map(self._digest, references))
        digests = {reference: answer for reference, answer in zip(references, answers) if isinstance(answer, str)}
        return digests, [answer for answer in answers if isinstance(answer, Finding)]

    def pull(
        self, names: Mapping[str, str], still_wanted: Callable[[], None] | None = None
    ) -> tuple[list[str], list[Finding]]:
        """Pull the images that are not here, and name each as soon as it is.

        Args:
            names: the name ("repository:tag") that is to keep each image, by image with digest.
            still_wanted: asked all the time; what it raises ends the pull.

        Returns:
            The images that had to be pulled, and a finding for every one that could not.
        """
        missing = [pin for pin, name in names.items() if not self._name(pin, name)]
        until = time.monotonic() + self._timeout_s

        def pull(pin: str) -> Finding | None:
            finding = self._pull(pin, until, still_wanted)
            if finding is None and not self._name(pin, names[pin]):
                return Finding(f"image {pin}", "to be here once it is pulled", "it is gone again", _PULL_AGAIN)
            return finding

        with ThreadPoolExecutor(_PARALLEL_PULLS) as pool:
            failures = [finding for finding in pool.map(pull, missing) if finding is not None]
        return missing, failures

    def let_go(self, image: str, name: str) -> None:
        """Take its name off an image, and remove the image if it has no other and no container uses it.

        An engine that does not answer keeps both.
        """
        import docker.errors
        import requests

        nothing_to_do = (docker.errors.APIError, requests.RequestException)
        with suppress(*nothing_to_do):
            self.client.api.remove_image(name)
        with suppress(*nothing_to_do):
            if not self.client.api.inspect_image(image).get("RepoTags"):
                self.client.api.remove_image(image)

    def _name(self, image: str, name: str) -> bool:
        """Give an image another name; tell whether it is here at all."""
        import docker.errors

        repository, _colon, tag = name.rpartition(":")
        try:
            self.client.api.tag(image, repository, tag)
        except docker.errors.NotFound:
            return False
        return True

    def network_names(self, project: str = "") -> set[str]:
        """Return the names of the networks, of those of one project if it is named."""
        filters = {"label": f"{PROJECT_LABEL}={project}"} if project else {}
        return {str(network["Name"]) for network in self.client.api.networks(filters=filters)}

    def subnets(self, project: str) -> set[str]:
        """Return the subnets of a project's networks.

        Raises:
            SlipwayError: the engine does not say.
        """
        import docker.errors
        import requests

        try:
            found = self.client.api.networks(filters={"label": f"{PROJECT_LABEL}={project}"})
        except (docker.errors.DockerException, requests.RequestException) as error:
            raise SlipwayError([_no_engine(str(error))]) from error
        configured = (one for network in found for one in (network.get("IPAM") or {}).get("Config") or [])
        return {str(one["Subnet"]) for one in configured if one.get("Subnet")}

    def volume_names(self) -> set[str]:
        """Return the names of the volumes."""
        return {str(volume["Name"]) for volume in self.client.api.volumes().get("Volumes") or []}

    def remove_network(self, name: str) -> None:
        """Remove a network, unless a container uses it."""
        import docker.errors

        with suppress(docker.errors.APIError):
            self.client.api.remove_network(name)

    def start(self, container: str) -> str:
        """Start a container that has ended; return what the engine says against it, "" if nothing."""
        import docker.errors

        try:
            self.client.api.start(container)
        except docker.errors.APIError as error:
            return _short(str(error.explanation or error))
        return ""

    def remove_containers(self, labels: Sequence[str]) -> None:
        """Remove the containers that carry all of these labels, running or not, with their own volumes."""
        import docker.errors

        for container in self.client.api.containers(all=True, filters={"label": list(labels)}):
            with suppress(docker.errors.NotFound):
                self.client.api.remove_container(container["Id"], force=True, v=True)

    def _inspect(self, container: str) -> dict[str, Any] | None:
        import docker.errors

        try:
            document: dict[str, Any] = self.client.api.inspect_container(container)
        except docker.errors.NotFound:
            # It ended between the listing and this look; what is gone does not run.
            return None
        return document

    def _auth(self, reference: ImageReference) -> dict[str, str] | None:
        auth = self._auths.get(reference.registry)
        return {"username": auth.username, "password": auth.password} if auth else None

    def _digest(self, text: str) -> str | Finding:
        import docker.errors
        import requests

        try:
            reference = ImageReference.parse(text)
        except SlipwayError as error:
            return error.findings[0]
        if reference.digest is not None:
            return reference.digest
        try:
            answer: Mapping[str, Any] = self.client.api.inspect_distribution(
                str(reference), auth_config=self._auth(reference)
            )
        except docker.errors.APIError as error:
            return registry_finding(f"image {text}", str(error.explanation or error), reference.registry)
        except requests.RequestException as error:
            if not _timed_out(error):
                # It is the engine that has gone; whoever answers for the call says so.
                raise
            return registry_finding(f"image {text}", str(error), reference.registry)
        return str(answer["Descriptor"]["digest"])

    def _pull(self, pin: str, until: float, still_wanted: Callable[[], None] | None) -> Finding | None:
        import docker.errors
        import requests

        reference = ImageReference.parse(pin)
        last = "nothing yet"
        try:
            for step in timely(lambda: self._pull_steps(reference), _RETRY_S):
                if step is not None and "error" in step:
                    return registry_finding(f"image {pin}", str(step["error"]), reference.registry)
                if still_wanted is not None:
                    still_wanted()
                if step is not None:
                    last = f"{step.get('status', '')} {step.get('id', '')}".strip() or last
                if time.monotonic() > until:
                    return self._slow(pin, last)
        except docker.errors.APIError as error:
            return registry_finding(f"image {pin}", str(error.explanation or error), reference.registry)
        except requests.RequestException as error:
            if not _timed_out(error):
                raise
            return self._slow(pin, last)
        return None

    def _pull_steps(self, reference: ImageReference) -> Iterable[dict[str, Any]]:
        steps: Iterable[dict[str, Any]] = self.client.api.pull(
            reference.name, tag=reference.digest, stream=True, decode=True, auth_config=self._auth(reference)
        )
        return steps

    def _slow(self, pin: str, last: str) -> Finding:
        expected = f"to be pulled within {self._timeout_s} s (stack_pull_timeout)"
        remedy = "See why the registry is slow for this host, or raise stack_pull_timeout."
        return Finding(f"image {pin}", expected, f"still at it; last word: {last}", remedy)


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


def connect(timeout_s: int) -> DockerClient:
    """Return a client of the engine that this user reaches.

    Raises:
        SlipwayError: the library is missing or the engine does not answer.
    """
    requests = load_library("requests")
    docker = load_library("docker")
    try:
        client: Any = docker.from_env(timeout=timeout_s)
        client.ping()
    except (docker.errors.DockerException, requests.RequestException, OSError) as error:
        raise SlipwayError([_no_engine(str(error))]) from error
    connected: DockerClient = client
    return connected


def _no_engine(said: str) -> Finding:
    if "FileNotFoundError" in said or "ConnectionRefusedError" in said:
        seen = "none: nothing listens on its socket"
        remedy = f"Start it on this host (systemctl start docker). If it is not installed: {_BOOTSTRAP}"
    elif "PermissionError" in said:
        seen = "one that does not let this user in"
        remedy = f"Add the user to the group docker on this host, or: {_BOOTSTRAP}"
    else:
        seen = _short(said)
        remedy = f"Start it, and let the deploy user reach it (group docker). {_BOOTSTRAP}"
    return Finding("Docker engine", "an engine that answers", seen, remedy)


def registry_finding(thing: str, said: str, registry: str) -> Finding:
    """Say what an engine's message about a registry means, and what to do."""
    lower = said.lower()
    if any(word in lower for word in ("unauthorized", "denied", "authentication", "no basic auth", "forbidden")):
        remedy = f"Correct the credentials for {registry} in stack_registry_auth, or log this host in."
        return Finding(thing, f"{registry} to let us in", _short(said), remedy)
    if "no space left" in lower:
        return Finding(
            thing, "room for it on the disk", _short(said), "Free disk space on this host, then deploy again."
        )
    if "x509" in lower or "certificate" in lower:
        remedy = f"Put the registry's CA into /etc/docker/certs.d/{registry}/ca.crt (host_registry_ca_files)."
        return Finding(thing, f"a certificate of {registry} that this host trusts", _short(said), remedy)
    if any(word in lower for word in ("manifest unknown", "not found", "name unknown", "no such manifest")):
        remedy = "Push it, or correct the version or the image's name."
        return Finding(thing, f"an image that {registry} has", _short(said), remedy)
    return Finding(
        thing, f"an answer from {registry}", _short(said), f"See whether this host reaches {registry}, and retry."
    )


def _timed_out(error: Exception) -> bool:
    """Tell whether an engine is still there and has not answered in time: it waits for somebody itself."""
    return "timed out" in str(error).lower()


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_QUOTE else line[: _LONGEST_QUOTE - 3] + "..."
