# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engine is asked about images, and asked to do with them; registries answer through it (I/O)."""

from __future__ import annotations

import io
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Callable

from ..core.findings import Finding, SlipwayError
from ..core.stream import timely
from .connection import Connection, EngineError, asked, short
from .image_reference import ImageReference, RegistryAuth

if TYPE_CHECKING:
    from docker import APIClient

_PARALLEL_PULLS = 4
_SILENCE_S = 0.5
_PULL_AGAIN = "See what removes images on this host, and deploy again."


class ImageClient:
    """Images, through one engine."""

    def __init__(self, connection: Connection, auths: Sequence[RegistryAuth], timeout_s: int) -> None:
        """Ask nothing yet.

        Args:
            connection: to the engine.
            auths: credentials that win over those which the host has.
            timeout_s: seconds that a pull may take.
        """
        self._connection = connection
        self._auths = {auth.registry: auth for auth in auths}
        self._timeout_s = timeout_s

    @property
    def _api(self) -> APIClient:
        return self._connection.api

    def find(self, reference: str) -> dict[str, Any] | None:
        """Return the `docker image inspect` document of an image that is here, else None."""
        import docker.errors

        try:
            document: dict[str, Any] = self._api.inspect_image(reference)
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
            self._api.remove_image(name)
        with suppress(*nothing_to_do):
            if not self._api.inspect_image(image).get("RepoTags"):
                self._api.remove_image(image)

    def named(self, pattern: str) -> dict[str, str]:
        """Return the ID of each image that has a name like this, and that name.

        Args:
            pattern: "repository:tag", in which `*` stands for anything.

        Raises:
            EngineError: the engine does not say.
        """
        with asked():
            found = self._api.images(filters={"reference": pattern})
        tags = ((str(one["Id"]), str(tag)) for one in found for tag in one.get("RepoTags") or ())
        return {image: tag for image, tag in tags if fnmatchcase(tag, pattern)}

    @contextmanager
    def empty(self, name: str) -> Iterator[None]:
        """Have an image with nothing in it, and leave nothing of it behind.

        Args:
            name: "repository:tag".

        Raises:
            EngineError: the engine does not take it.
        """
        # Few calls come to this, and each compiles what it imports.
        import tarfile

        nothing = io.BytesIO()
        tarfile.open(fileobj=nothing, mode="w").close()
        with asked():
            self._api.import_image_from_data(nothing.getvalue(), *name.split(":"))
        try:
            yield
        finally:
            with suppress(EngineError), asked():
                self._api.remove_image(name, force=True)

    def _name(self, image: str, name: str) -> bool:
        """Give an image another name; tell whether it is here at all."""
        import docker.errors

        repository, _colon, tag = name.rpartition(":")
        try:
            self._api.tag(image, repository, tag)
        except docker.errors.NotFound:
            return False
        return True

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
            answer: Mapping[str, Any] = self._api.inspect_distribution(
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
            for step in timely(lambda: self._pull_steps(reference), _SILENCE_S):
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
        steps: Iterable[dict[str, Any]] = self._api.pull(
            reference.name, tag=reference.digest, stream=True, decode=True, auth_config=self._auth(reference)
        )
        return steps

    def _slow(self, pin: str, last: str) -> Finding:
        expected = f"to be pulled within {self._timeout_s} s (stack_pull_timeout)"
        remedy = "See why the registry is slow for this host, or raise stack_pull_timeout."
        return Finding(f"image {pin}", expected, f"still at it; last word: {last}", remedy)


def registry_finding(thing: str, said: str, registry: str) -> Finding:
    """Say what an engine's message about a registry means, and what to do."""
    lower = said.lower()
    if any(word in lower for word in ("unauthorized", "denied", "authentication", "no basic auth", "forbidden")):
        remedy = f"Correct the credentials for {registry} in stack_registry_auth, or log this host in."
        return Finding(thing, f"{registry} to let us in", short(said), remedy)
    if "no space left" in lower:
        return Finding(
            thing, "room for it on the disk", short(said), "Free disk space on this host, then deploy again."
        )
    if "x509" in lower or "certificate" in lower:
        remedy = f"Put the registry's CA into /etc/docker/certs.d/{registry}/ca.crt (host_registry_ca_files)."
        return Finding(thing, f"a certificate of {registry} that this host trusts", short(said), remedy)
    if any(word in lower for word in ("manifest unknown", "not found", "name unknown", "no such manifest")):
        remedy = "Push it, or correct the version or the image's name."
        return Finding(thing, f"an image that {registry} has", short(said), remedy)
    return Finding(
        thing, f"an answer from {registry}", short(said), f"See whether this host reaches {registry}, and retry."
    )


def _timed_out(error: Exception) -> bool:
    """Tell whether an engine is still there and has not answered in time: it waits for somebody itself."""
    return "timed out" in str(error).lower()
