# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One attempt of a check of type log (I/O)."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from ...engine.connection import EngineError
from ...engine.containers import parse_engine_time
from .outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ...engine.client import Engine
    from ...stack.check_types.log import LogProbe
    from .outcome import Surroundings

MOST_LOG_BYTES = 16 * 1024 * 1024
LONGEST_LINE_BYTES = 4096
_COLOURS = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")


def attempt_log(probe: LogProbe, surroundings: Surroundings, timeout_s: float) -> Outcome:
    """Search the log of every running container of the service once."""
    engine, service = surroundings.engine, surroundings.service or ""
    if engine is None:
        return Outcome(passed=False, seen="there is no engine to read the log from")
    replicas = engine.containers.running_replicas(surroundings.project, service)
    if not replicas:
        return Outcome(passed=False, seen=f"service {service} has no running container")
    ends_at, line = time.monotonic() + timeout_s, None
    for replica in replicas:
        name = replica["Names"][0].lstrip("/")
        try:
            line = _matching_line(engine, replica["Id"], probe.regex, ends_at)
        except EngineError as error:
            return Outcome(passed=False, seen=f"the log of {name} cannot be read: {error.said}")
        if line is None and probe.present:
            return Outcome(passed=False, seen=f"no such line in the log of {name}")
        if line is not None and not probe.present:
            return Outcome(passed=False, seen=f"in the log of {name}: {line}", final=True)
    return Outcome(passed=True, seen="no such line" if line is None else line)


def _matching_line(engine: Engine, container_id: str, regex: str, ends_at: float) -> str | None:
    container = engine.containers.inspect(container_id)
    started, ended_before = container.running_since, container.ended_at
    # The engine notes a start shortly after the process has begun, and the last words of the run before shortly after
    # that has ended: the middle of the pause parts the two. Without a run before, the whole log is this run's.
    since = 0.0 if started is None or ended_before is None else (started + ended_before) / 2
    # With timestamps, since the library hands on whole seconds only. All lines since then: the one that says that a
    # worker is ready comes first, and no number of later ones may hide one that is forbidden.
    pieces = engine.containers.stamped_log(container_id, int(since) if since > 0 else None)
    pattern = re.compile(regex)
    for raw in _lines(pieces, ends_at):
        stamp, _space, text = raw.decode("utf-8", errors="replace").partition(" ")
        line = _COLOURS.sub("", text).rstrip()
        if (parse_engine_time(stamp) or since) >= since and pattern.search(line):
            return line
    return None


def _lines(pieces: Iterable[bytes], ends_at: float) -> Iterator[bytes]:
    """Yield each line's beginning.

    Raises:
        EngineError: the log cannot be read, did not end in time, or is too long.
    """
    line, size = b"", 0
    for piece in pieces:
        size += len(piece)
        if size > MOST_LOG_BYTES or time.monotonic() > ends_at:
            reason = f"its end was not reached within {MOST_LOG_BYTES >> 20} MiB and the time of an attempt"
            raise EngineError(reason)
        *whole, line = (line + piece).split(b"\n")
        yield from (part[:LONGEST_LINE_BYTES] for part in whole)
        line = line[:LONGEST_LINE_BYTES]
    if line:
        yield line
