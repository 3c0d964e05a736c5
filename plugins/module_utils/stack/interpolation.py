# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Compose puts in for `${NAME}`, in Compose files and files of `NAME=value` lines; where it finds nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
#: `${NAME…}`, and what may stand between name and word; the longer ones first.
_OPERATORS = (":-", "-", ":+", "+", ":?", "?")
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY = re.compile(r"(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*(?:=|:)[ \t]*")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", '"': '"'}


@dataclass(frozen=True)
class Assignment:
    """A line of a file such as `.env`.

    Attributes:
        name: the variable.
        line: number of the line that it begins on, from 1.
        text: its value as written, without quotes.
        literal: whether nothing is put in: it stands in single quotes.
    """

    name: str
    line: int
    text: str
    literal: bool


class Interpolation:
    """Puts variables into texts as Compose does, and keeps the names of those that a text needs and nothing sets."""

    def __init__(self, values: Mapping[str, str]) -> None:
        """Take the variables that are set."""
        self._values = values
        self.missing: set[str] = set()

    def of(self, text: str) -> str:
        """Return the text as it arrives."""
        parts: list[str] = []
        at = 0
        while at < len(text):
            if text[at] != "$":
                end = text.find("$", at)
                end = len(text) if end < 0 else end
                parts.append(text[at:end])
                at = end
                continue
            part, at = self._variable(text, at)
            parts.append(part)
        return "".join(parts)

    def _variable(self, text: str, at: int) -> tuple[str, int]:
        """Return what stands for the `$` at a place, and where the rest begins."""
        if text.startswith("$$", at):
            return "$", at + 2
        if not text.startswith("${", at):
            name = _NAME.match(text, at + 1)
            return (self._value(name[0]), name.end()) if name else ("$", at + 1)
        end = _closing(text, at + 2)
        name = _NAME.match(text, at + 2)
        if name is None or end < 0:
            return "$", at + 1
        rest = text[name.end() : end]
        operator = next((one for one in _OPERATORS if rest.startswith(one)), "")
        return self._operated(name[0], operator, rest[len(operator) :]), end + 1

    def _operated(self, name: str, operator: str, word: str) -> str:
        value = self._values.get(name)
        there = value is not None and (value != "" or not operator.startswith(":"))
        if operator.endswith("-"):
            return (value or "") if there else self.of(word)
        if operator.endswith("+"):
            return self.of(word) if there else ""
        return self._value(name)

    def _value(self, name: str) -> str:
        if name not in self._values:
            self.missing.add(name)
        return self._values.get(name, "")


def assignments(text: str) -> Iterator[Assignment]:
    """Return what a file of `NAME=value` lines sets; what is no such line is left out."""
    at = 0
    while True:
        blank = _BLANK.match(text, at)
        at = blank.end() if blank else at
        if at >= len(text):
            return
        key = _KEY.match(text, at)
        if key is None:
            at = _line_end(text, at)
            continue
        line = text.count("\n", 0, at) + 1
        value, at, literal = _value(text, key.end())
        yield Assignment(key[1], line, value, literal)


def dotenv(text: str, env: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that a `.env` sets, as Compose understands them.

    Args:
        text: its content.
        env: variables that are set already; they win wherever the file names them.
    """
    values: dict[str, str] = {}
    for one in assignments(text):
        values[one.name] = one.text if one.literal else Interpolation({**values, **env}).of(one.text)
    return values


def _value(text: str, at: int) -> tuple[str, int, bool]:
    """Return the value that begins at a place, where the rest begins, and whether it is literal."""
    quote = text[at : at + 1]
    if quote and quote in "'\"":
        end = at + 1
        while end < len(text) and text[end] != quote:
            end += 2 if text[end] == "\\" else 1
        if end < len(text):
            inner = text[at + 1 : end]
            return (inner.replace("\\'", "'"), end + 1, True) if quote == "'" else (_unescape(inner), end + 1, False)
    end = _line_end(text, at)
    # As in Compose: a comment begins after a blank.
    return re.split(r"[ \t]#", text[at:end], maxsplit=1)[0].strip(), end, False


def _unescape(text: str) -> str:
    # A `$` that is escaped is one that is doubled.
    return _ESCAPED.sub(lambda match: "$$" if match[1] == "$" else _ESCAPES.get(match[1], match[0]), text)


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _closing(text: str, at: int) -> int:
    """Return where the `}` is that closes what was opened before a place, -1 if nowhere."""
    depth = 1
    for here in range(at, len(text)):
        if text.startswith("${", here):
            depth += 1
        elif text[here] == "}":
            depth -= 1
            if depth == 0:
                return here
    return -1
