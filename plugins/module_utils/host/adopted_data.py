# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the data that a stack which somebody started by hand would leave behind (I/O).

A relative bind mount is relative to the project folder. Slipway has one of its own, where the data is not: the new
containers would start on an empty folder, and everything would look well.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..core.findings import Finding
from ..engine.compose_model import Service
from ..engine.containers import Snapshot
from ..release.record import ReleaseFile

_PATH = "path:"


def left_behind(
    snapshot: Snapshot, services: Sequence[Service], files: Sequence[ReleaseFile], project: Path
) -> list[Finding]:
    """Return a finding for each folder or file that the release mounts, and that is only where the stack ran before.

    Args:
        snapshot: what runs.
        services: what is to run.
        files: the files that the release brings along.
        project: the stack's project folder.
    """
    brought = [file.path for file in files]
    mounted = sorted({path[len(_PATH) :] for service in services for path in service.inputs if path.startswith(_PATH)})
    data = [path for path in mounted if not any(name == path or name.startswith(f"{path}/") for name in brought)]
    folders = [Path(origin.directory) for origin in snapshot.origins if origin.directory not in ("", str(project))]
    return [
        Finding(
            thing=f"data of the stack {snapshot.stack}, which Slipway did not start",
            expected=f"{folder / path} in the stack's new project folder, too",
            seen=f"nothing at {project / path}: the services would start without their data",
            remedy=f"Stop what writes to it and copy it there, or name {folder / path} in the Compose file.",
        )
        for folder in folders
        for path in data
        if _holds_something(folder / path) and not (project / path).exists()
    ]


def _holds_something(path: Path) -> bool:
    try:
        return any(path.iterdir()) if path.is_dir() else path.exists()
    except OSError:
        # It is there, and only its owner may look into it: databases have such folders.
        return True
