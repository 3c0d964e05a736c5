# SPDX-License-Identifier: GPL-3.0-or-later
"""Removes what the demo made, and looks whether it is gone."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from scripts.demonstration.engine import DemoError, ask, exists, image_names, of_project
from scripts.demonstration.record import STACK, Record, load_record, record_path, stack_root

ROOT = Path(__file__).resolve().parents[2]
KEPT = "slipway-kept"
LOCAL_BASE = "guestbook-base"
KINDS = ("container", "volume", "network")
DOWN_SECONDS = 120


def clean() -> int:
    """Remove everything that the demo made; return the exit status."""
    record = load_record()
    if record is None:
        print(f"Nothing to remove: {record_path()} is not there, so no demo of yours left anything.")
        return 0
    remove_stack()
    _remove_images(record)
    _remove_registry(record)
    left = [f"{kind} {name}" for kind in KINDS for name in of_project(kind, STACK)]
    left += [name for name in record.images if exists("image", name)]
    left += image_names(LOCAL_BASE) if record.base_made else []
    if left:
        print("Still there, because something else uses it: " + ", ".join(left))
        print("End what uses it, then run scripts/demo.sh --clean again.")
        return 1
    record_path().unlink()
    print(
        "Left as they are: Docker and other installed packages, Docker's build cache, and what goes with the checkout:"
    )
    print(f".venv, .collections, .cache and var in {ROOT}")
    return 0


def remove_stack() -> None:
    """Remove the stack with its volumes, its releases, and the names that keep its images."""
    project = ["docker", "compose", "--ansi", "never", "-p", STACK]
    if any(of_project(kind, STACK) for kind in KINDS):
        command = [*project, "down", "--volumes", "--remove-orphans", "--timeout", "10"]
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=DOWN_SECONDS, check=False
        )
        if done.returncode:
            raise DemoError(f"{' '.join(command)} failed:\n{done.stderr.strip()}")
        # A volume that no container uses any more has no place in what Compose can see.
        for name in of_project("volume", STACK):
            ask("volume", "rm", name)
        print(f"removed: stack {STACK}, containers, networks and volumes (with the entries)")
    for name in image_names(KEPT):
        if name.startswith(f"{KEPT}:{STACK}."):
            ask("image", "rm", name)
    folder = stack_root() / STACK
    if folder.is_dir():
        shutil.rmtree(folder)
        print(f"removed: {folder} (its releases and journal)")


def _remove_images(record: Record) -> None:
    gone = []
    for name in record.images:
        repository, _colon, tag = name.rpartition(":")
        if exists("image", name):
            image_id = ask("image", "inspect", "--format", "{{.Id}}", name)
            digests = [other for other in image_names(repository) if "@" in other and _is(other, image_id)]
            for each in (name, *digests):
                if exists("image", each):
                    _try_remove(each)
            gone.append(f"{repository.rpartition('/')[2]}:{tag}")
    for name in image_names(LOCAL_BASE) if record.base_made else []:
        _try_remove(name)
        gone.append(name)
    if gone:
        print(f"removed: images that the demo built or fetched: {', '.join(sorted(set(gone)))}")


def _is(name: str, image_id: str) -> bool:
    return exists("image", name) and ask("image", "inspect", "--format", "{{.Id}}", name) == image_id


def _try_remove(name: str) -> None:
    try:
        ask("image", "rm", name)
    except DemoError as error:
        print(f"not removed: image {name}: {str(error).splitlines()[-1]}")


def _remove_registry(record: Record) -> None:
    if not record.registry_made:
        print("left: the example registry, which was here before the demo")
        return
    script = ROOT / "scripts" / "lib" / "example_registry.sh"
    done = subprocess.run(
        [str(script), "remove"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DOWN_SECONDS,
        check=False,
    )
    if done.returncode:
        raise DemoError(f"{script} remove failed:\n{done.stderr.strip()}")
    print("removed: the example registry and what was pushed to it")
