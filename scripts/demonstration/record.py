# SPDX-License-Identifier: GPL-3.0-or-later
"""What the demo made on this machine: written down before it is made, so that all of it can be removed again."""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.demonstration.engine import DemoError

if TYPE_CHECKING:
    from collections.abc import Iterator

INVENTORY_STACK = "guestbook"
#: Another name lets a test show the demo beside the user's own.
STACK = os.environ.get("DEMO_STACK", INVENTORY_STACK)


def stack_root() -> Path:
    """Return the folder that inventories/local gives as stack_root."""
    return Path(os.environ.get("HOME") or Path.home()) / ".local" / "state" / "slipway"


def record_path() -> Path:
    """Return where the record lies: beside the stack, so that every checkout of this user finds it."""
    return stack_root() / f"{STACK}-demo.json"


@dataclass
class Record:
    """What the demo made, or was about to make."""

    port: int
    finished: bool = False
    registry_made: bool = False
    base_made: bool = False
    images: list[str] = field(default_factory=list)

    def save(self) -> None:
        """Write it down, in one step."""
        path = record_path()
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(".new")
        new.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")
        new.replace(path)


def load_record() -> Record | None:
    """Return the record of an earlier demo, None if there was none."""
    path = record_path()
    try:
        return Record(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise DemoError(f"{path}: expected an earlier demo's record, seen: {error}\nMove the file away.") from error


@contextmanager
def only_demo() -> Iterator[None]:
    """Let one demo run at a time."""
    path = record_path().with_suffix(".lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise DemoError("Another demo of yours is running. Wait for its end, then run this one again.") from error
        try:
            yield
        finally:
            path.unlink(missing_ok=True)
