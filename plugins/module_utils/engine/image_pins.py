# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The image lock: a Compose override which pins every service to the bytes of its release."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..boundary.shapes import MapOf, Record, Text, read_json
from ..core.findings import Finding, SlipwayError
from ..core.identifiers import SERVICE, SHA256
from .compose_model import FILES_HASH_LABEL, Service, files_hash
from .image_reference import IMAGE, ImageReference

_LOCK = Record(
    {"services": MapOf(SERVICE, Record({"image": Text(IMAGE)}, {"labels": MapOf(None, Text(SHA256))}, closed=True))},
    closed=True,
)


def pin_services(services: Sequence[Service], digests: Mapping[str, str]) -> dict[str, str]:
    """Return the pinned image of every service.

    Args:
        services: the services of the resolved project.
        digests: the plan's digest of each image reference.

    Raises:
        SlipwayError: services whose image is not in the plan.
    """
    missing = [service for service in services if service.image is None or service.image not in digests]
    if missing:
        raise SlipwayError(_unplanned(service.name, service.image) for service in missing)
    return {
        service.name: ImageReference.parse(service.image).pinned(digests[service.image])
        for service in services
        if service.image is not None
    }


def pins_document(
    services: Sequence[Service], pins: Mapping[str, str], file_hashes: Mapping[str, str], env: Mapping[str, str]
) -> str:
    """Return the text of `images.lock.yaml`; JSON is YAML, and needs no YAML library on the target."""
    locked: dict[str, Any] = {}
    for service in services:
        locked[service.name] = {"image": pins[service.name]}
        content = files_hash(service, file_hashes, env)
        if content is not None:
            locked[service.name]["labels"] = {FILES_HASH_LABEL: content}
    return json.dumps({"services": locked}, indent=2, sort_keys=True) + "\n"


def pinned_images(text: bytes) -> dict[str, str] | None:
    """Return the image of every service that an image lock pins, None if the text is no image lock."""
    try:
        raw: Any = read_json(text)
    except ValueError:
        return None
    if next(_LOCK.faults(raw), None) is not None:
        return None
    return {name: service["image"] for name, service in raw["services"].items()}


def unpinned(config: str) -> list[Finding]:
    """Find what the services take from a registry or elsewhere and no release would pin, pull or keep.

    Args:
        config: output of `docker compose config --format json`.
    """
    services: dict[str, Any] = json.loads(config).get("services") or {}
    return [finding for name, service in sorted(services.items()) for finding in _unpinned(name, service)]


def _unpinned(name: str, service: Mapping[str, Any]) -> Iterator[Finding]:
    provider = service.get("provider")
    if provider:
        remedy = "Run it outside of the stack, and tell the services its address in stack_env."
        expected = "a service that is a container of an image"
        yield Finding(f"provider of service {name}", expected, f"provider {provider.get('type')}", remedy)
    elif service.get("image") is None:
        yield unpullable(name)
    for mount in service.get("volumes") or []:
        if mount.get("type") == "image":
            thing, seen = f"volume {mount.get('target')} of service {name}", f"image {mount.get('source')}"
            remedy = "Copy its files into the service's own image (COPY --from=…), or serve them from a service."
            yield Finding(thing, "a volume, or files of the host or the stack: no release would keep it", seen, remedy)
    if service.get("models"):
        seen = ", ".join(sorted(service["models"]))
        remedy = "Serve the model from a service of the stack, whose image is pinned, or from elsewhere."
        yield Finding(f"models of service {name}", "none: no release would pin, pull or keep them", seen, remedy)


def unpullable(service: str) -> Finding:
    """Say that a service names no image that a host could pull."""
    return Finding(
        thing=f"image of service {service}",
        expected="an `image:` that can be pulled",
        seen="`build:` alone",
        remedy="Build it in CI, push it to a registry, and name it with `image:`.",
    )


def _unplanned(service: str, image: str | None) -> Finding:
    if image is None:
        return unpullable(service)
    return Finding(
        thing=f"image of service {service}",
        expected="an image that the plan resolved to a digest",
        seen=f"{image}, which is not in the plan",
        remedy="Use the same images on every host of the fleet, or plan this host on its own with --limit.",
    )
