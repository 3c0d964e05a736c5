# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks at every command line on this machine for as long as a block lasts; the fleet's hosts are part of it."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

PERIOD_S = 0.02


class ProcessWatch:
    """Collects what any user could read in a process list."""

    def __init__(self) -> None:
        """Look at nothing yet."""
        self.command_lines: set[str] = set()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="process-watch", daemon=True)

    def __enter__(self) -> Self:
        """Begin to look."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Look no longer."""
        self._done.set()
        self._thread.join(timeout=10)

    def _watch(self) -> None:
        while not self._done.wait(PERIOD_S):
            for entry in Path("/proc").iterdir():
                if entry.name.isdigit():
                    with suppress(OSError):
                        raw = (entry / "cmdline").read_bytes()
                        self.command_lines.add(raw.replace(b"\0", b" ").decode(errors="replace"))
