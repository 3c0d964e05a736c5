# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Follows something that may fall silent for ever, without falling silent oneself (I/O: a thread)."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from queue import Empty, SimpleQueue
from typing import Any, Callable


def timely(begin: Callable[[], Iterable[Any]], silence_s: float) -> Iterator[Any]:
    """Return what comes, and None whenever nothing has come for a while.

    The Docker SDK gives its pulls no time limit, and an engine that waits for a registry says nothing.

    Args:
        begin: begins to fetch; runs in a thread that nobody waits for.
        silence_s: seconds after which None is returned.

    Raises:
        Exception: what `begin` or the fetching raised.
    """
    came: SimpleQueue[tuple[str, Any]] = SimpleQueue()

    def follow() -> None:
        try:
            for item in begin():
                came.put(("item", item))
            came.put(("end", None))
        except Exception as error:  # noqa: BLE001 - it is raised where somebody listens
            came.put(("error", error))

    threading.Thread(target=follow, daemon=True).start()
    while True:
        try:
            kind, item = came.get(timeout=silence_s)
        except Empty:
            yield None
            continue
        if kind == "error":
            raise item
        if kind == "end":
            return
        yield item
