# SPDX-License-Identifier: GPL-3.0-or-later
"""A stack of probes: small, quick to start, and able to fail in every way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

#: A health check for a service that is told by its environment to be sick: the image's own looks seldom.
OFTEN = {"start_period": "2s", "interval": "2s"}
STOP = {"init": True, "stop_grace_period": "1s"}


def app(image: str, port: int = 8080, /, **more: object) -> dict[str, object]:
    """Return a service that the host publishes on a port."""
    return {"image": image, "ports": [f"{port}:8080"], **STOP, **more}


def compose(services: Mapping[str, Mapping[str, object]], **top: object) -> str:
    """Return the text of a Compose file."""
    document: dict[str, Any] = {"services": {name: dict(service) for name, service in services.items()}, **top}
    return "---\n" + yaml.safe_dump(document, sort_keys=False)
