# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The labels that Compose gives its containers, and what they mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_COMPOSE = "com.docker.compose."
PROJECT_LABEL = f"{_COMPOSE}project"
SERVICE_LABEL = f"{_COMPOSE}service"
NETWORK_LABEL = f"{_COMPOSE}network"
NUMBER_LABEL = f"{_COMPOSE}container-number"
ONE_OFF_LABEL = f"{_COMPOSE}oneoff"
DEPENDS_ON_LABEL = f"{_COMPOSE}depends_on"
CONFIG_HASH_LABEL = f"{_COMPOSE}config-hash"
FOLDER_LABEL = f"{_COMPOSE}project.working_dir"
FILES_LABEL = f"{_COMPOSE}project.config_files"
ENVIRONMENT_FILES_LABEL = f"{_COMPOSE}project.environment_file"


def labels_of(inspected: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the labels in a container's `docker inspect` document."""
    labels: Mapping[str, str] = inspected["Config"].get("Labels") or {}
    return labels


def is_replica(labels: Mapping[str, str]) -> bool:
    """Tell whether Compose made a container for a service, not for `docker compose run`, and not somebody else.

    Programs that start containers themselves put them beside their own with the project's label alone. Compose neither
    sees nor removes what has no hash of a configuration.
    """
    return bool(labels.get(SERVICE_LABEL)) and CONFIG_HASH_LABEL in labels and not is_one_off(labels)


def is_one_off(labels: Mapping[str, str]) -> bool:
    """Tell whether a container comes from `docker compose run`, and so is no replica of its service."""
    return str(labels.get(ONE_OFF_LABEL, "")).lower() == "true"


def dependencies(labels: Mapping[str, str]) -> dict[str, str]:
    """Return the services that a container's service depends on, each with Compose's condition."""
    parts = [entry.split(":") for entry in str(labels.get(DEPENDS_ON_LABEL, "")).split(",") if entry]
    return {part[0]: "".join(part[1:2]) for part in parts}
