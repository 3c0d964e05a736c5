# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How numbers, and what programs printed, are said in a form that is fit to be read."""

from __future__ import annotations

import re

from .masking import Masker

LONGEST_LINE = 400

_ESCAPES = re.compile(
    r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"  # operating system commands: titles, links
    r"|\x1b\[[0-?]*[ -/]*[@-~]?"  # colours, cursor movement
    r"|\x1b[PX^_].*?(?:\x1b\\|$)"  # device control and its like
    r"|\x1b[ -/]*[0-~]?",
)
# Control characters except tab, and those that reorder text on a terminal.
_CONTROLS = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def counted(number: int, noun: str) -> str:
    """Return the number with its noun, in the plural unless it is one ("1 image", "3 images")."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def shown_lines(raw: bytes, count: int, masker: Masker) -> list[str]:
    """Return the last lines of an output: readable, masked, cut."""
    lines = [_readable(line) for line in raw.decode("utf-8", errors="replace").split("\n")]
    wanted = [line for line in lines if line][-count:] if count > 0 else []
    return [_cut(masker.mask(line)) for line in wanted]


def shown_text(text: str, masker: Masker) -> str:
    """Return a text of any kind as one readable, masked, cut line."""
    readable = " ".join(filter(None, (_readable(line).strip() for line in masker.mask(text).split("\n"))))
    return _cut(masker.mask(readable))


def _readable(line: str) -> str:
    # A carriage return starts the line anew, as progress bars do; what was written last is what one would see.
    visible = [part for part in _ESCAPES.sub("", line).split("\r") if part.strip()]
    return _CONTROLS.sub("", visible[-1]).rstrip() if visible else ""


def _cut(line: str) -> str:
    return line if len(line) <= LONGEST_LINE else line[: LONGEST_LINE - 1] + "…"
