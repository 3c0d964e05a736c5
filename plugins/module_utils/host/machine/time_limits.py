# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds limits that are too short for the health checks of a release on this host (I/O)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...core.findings import Finding
from ...engine.client import Engine
from ...engine.compose_model import Service
from ...engine.model.health_checks import image_health_check
from ...gate.time_limits import time_findings
from ...stack.gate_settings import GateSettings
from .facts import version_numbers


def time_limit_findings(
    engine: Engine, services: Sequence[Service], images: Mapping[str, str], settings: GateSettings
) -> list[Finding]:
    """Find every service that cannot be seen to stand within the limits.

    Args:
        engine: the engine of this host.
        services: the services of the release.
        images: image of each service; those that are not here yet are left out of account.
        settings: the limits.
    """
    open_ones = {one.name: images[one.name] for one in services if not one.health_check.test and one.name in images}
    found = {name: engine.images.find(image) for name, image in open_ones.items()}
    of_images = {name: image_health_check(document) for name, document in found.items() if document is not None}
    return time_findings(services, of_images, settings, version_numbers(engine.api_version()))
