# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns what containers and commands printed into lines that are fit to be shown (I/O: reads logs)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..core.libraries import load_library

if TYPE_CHECKING:
    from collections.abc import Sequence

    import docker

    from ..core.masking import Masker

LONGEST_LINE = 400
#: More than this is never read for the last lines of a log.
MOST_BYTES = 1024 * 1024

_ESCAPES = re.compile(
    r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"  # operating system commands: titles, links
    r"|\x1b\[[0-?]*[ -/]*[@-~]?"  # colours, cursor movement
    r"|\x1b[PX^_].*?(?:\x1b\\|$)"  # device control and its like
    r"|\x1b[ -/]*[0-~]?",
)
# Control characters except tab, and those that reorder text on a terminal.
_CONTROLS = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def shown_lines(raw: bytes, count: int, masker: Masker) -> list[str]:
    """Return the last lines of an output: readable, masked, cut."""
    lines = [_readable(line) for line in raw.decode("utf-8", errors="replace").split("\n")]
    wanted = [line for line in lines if line][-count:] if count > 0 else []
    return [_cut(masker.mask(line)) for line in wanted]


def shown_text(text: str, masker: Masker) -> str:
    """Return a text of any kind as one readable, masked, cut line."""
    readable = " ".join(filter(None, (_readable(line).strip() for line in masker.mask(text).split("\n"))))
    return _cut(masker.mask(readable))


def read_logs(
    client: docker.DockerClient, containers: Sequence[tuple[str, str]], count: int, masker: Masker
) -> list[str]:
    """Return the last log lines of containers, given as (ID, name); with several, each line says whose it is.

    A log that cannot be read yields a line that says so: missing evidence must not hide the failure itself.
    """
    if count < 1:
        return []
    lines: list[str] = []
    for container_id, name in containers:
        prefix = f"{name} | " if len(containers) > 1 else ""
        lines.extend(f"{prefix}{line}" for line in _container_lines(client, container_id, count, masker))
    return lines


def _container_lines(client: docker.DockerClient, container_id: str, count: int, masker: Masker) -> list[str]:
    docker, requests = load_library("docker"), load_library("requests")
    raw = bytearray()
    try:
        # Without following, the stream ends with the log; reading it piecewise bounds a log of endless lines.
        for piece in client.api.logs(container_id, stream=True, follow=False, timestamps=False, tail=count):
            raw += piece
            if len(raw) > MOST_BYTES:
                raw = raw[-MOST_BYTES:]
                break
    except (docker.errors.DockerException, requests.RequestException, OSError) as error:
        return [f"(the log cannot be read: {shown_text(str(error), masker)})"]
    return shown_lines(bytes(raw), count, masker)


def _readable(line: str) -> str:
    # A carriage return starts the line anew, as progress bars do; what was written last is what one would see.
    visible = [part for part in _ESCAPES.sub("", line).split("\r") if part.strip()]
    return _CONTROLS.sub("", visible[-1]).rstrip() if visible else ""


def _cut(line: str) -> str:
    return line if len(line) <= LONGEST_LINE else line[: LONGEST_LINE - 1] + "…"
