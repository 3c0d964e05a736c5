# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the keys of one dictionary that a user wrote, and keeps every fault that it meets."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

from ..core.findings import Finding

_FLAGS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_RANGE = re.compile(r"\s*(\d+)\s*(?:-\s*(\d+)\s*)?")


class Fields:
    """Typed access to what a user wrote; a fault becomes a finding and reading goes on.

    Numbers and flags may come as text, since that is what templating makes of them.
    """

    def __init__(self, entry: Mapping[str, Any], thing: str, noun: str = "check") -> None:
        """Read from this dictionary, which findings call by this name, and which is such a thing."""
        self._entry = entry
        self._thing = thing
        self._noun = noun
        self.findings: list[Finding] = []

    def fault(self, key: str, expected: str, seen: str) -> None:
        """Keep one fault."""
        remedy = f"Correct {key} of this {self._noun}."
        self.findings.append(Finding(f"{self._thing}, key {key}", expected, seen, remedy))

    def refuse_unknown(self, known: Collection[str]) -> None:
        """Find fault with every key that is not known."""
        for key in self._entry:
            if key not in known:
                self.fault(str(key), f"one of the keys {', '.join(sorted(known))}", "an unknown key")

    def text(self, key: str, *, required: bool = False, choices: Collection[str] = ()) -> str | None:
        """Return a text that is not empty."""
        value = self._value(key, "a text", required=required)
        if value is None:
            return None
        if not isinstance(value, str) or not value:
            self.fault(key, "a text", _shown(value))
            return None
        if choices and value not in choices:
            self.fault(key, f"one of {', '.join(choices)}", repr(value))
            return None
        return value

    def integer(self, key: str, *, at_least: int = 0, at_most: int | None = None, required: bool = False) -> int | None:
        """Return a whole number."""
        upper = "" if at_most is None else f" and at most {at_most}"
        expected = f"a whole number of at least {at_least}{upper}"
        value = self._value(key, expected, required=required)
        if value is None:
            return None
        number = _whole(value)
        if number is None or number < at_least or (at_most is not None and number > at_most):
            self.fault(key, expected, _shown(value))
            return None
        return number

    def integers(self, key: str, *, at_most: int) -> list[int]:
        """Return a list of whole numbers from 0."""
        expected = f"a list of whole numbers from 0 to {at_most}"
        numbers = [(item, _whole(item)) for item in self._items(key, expected)]
        for item, number in numbers:
            if number is None or not 0 <= number <= at_most:
                self.fault(key, expected, _shown(item))
        return [number for _item, number in numbers if number is not None]

    def number(self, key: str, *, at_least: float, default: float) -> float:
        """Return a number of seconds."""
        expected = f"a number of seconds of at least {at_least:g}"
        value = self._value(key, expected)
        if value is None:
            return default
        try:
            number = float(value) if isinstance(value, (int, float, str)) and not isinstance(value, bool) else None
        except ValueError:
            number = None
        if number is None or not at_least <= number < float("inf"):
            self.fault(key, expected, _shown(value))
            return default
        return number

    def flag(self, key: str, *, default: bool) -> bool:
        """Return true or false."""
        value = self._value(key, "true or false")
        if value is None:
            return default
        flag = value if isinstance(value, bool) else _FLAGS.get(str(value).lower())
        if flag is None:
            self.fault(key, "true or false", _shown(value))
            return default
        return flag

    def texts(self, key: str, *, required: bool = False) -> list[str]:
        """Return a list of texts; numbers in it become text."""
        expected = "a list of texts"
        items = self._items(key, expected, required=required)
        for item in items:
            if not isinstance(item, (str, int, float)):
                self.fault(key, expected, f"{_shown(item)} in it")
        return [_spelled(item) for item in items]

    def text_pairs(self, key: str) -> tuple[tuple[str, str], ...]:
        """Return a dictionary of texts as pairs."""
        expected = "a dictionary of texts"
        value = self._value(key, expected)
        if value is None:
            return ()
        if not isinstance(value, dict):
            self.fault(key, expected, _shown(value))
            return ()
        for name, item in value.items():
            if not isinstance(item, (str, int, float)) or "\n" in str(item):
                self.fault(key, expected, f"a value of {name} that is no single line of text")
        return tuple((str(name), _spelled(item)) for name, item in value.items())

    def ranges(self, key: str, *, lowest: int, highest: int) -> tuple[tuple[int, int], ...]:
        """Return numbers and ranges ("200-299") as pairs of first and last."""
        expected = f"a list of numbers or ranges like '200-299' from {lowest} to {highest}"
        pairs = []
        for item in self._items(key, expected):
            match = None if isinstance(item, bool) else _RANGE.fullmatch(str(item))
            first, last = (0, 0) if match is None else (int(match.group(1)), int(match.group(2) or match.group(1)))
            if not lowest <= first <= last <= highest:
                self.fault(key, expected, _shown(item))
            pairs.append((first, last))
        return tuple(pairs)

    def url(self, key: str) -> str:
        """Return an http or https URL."""
        value = self.text(key, required=True)
        if value is None:
            return ""
        try:
            parts = urlsplit(value)
            valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            valid = False
        if not valid:
            self.fault(key, "an http or https URL with a host and a valid port", "something else")
            return ""
        return value

    def body(self, key: str) -> tuple[str | None, bool]:
        """Return a request body, and whether it was given as data and so became JSON."""
        value = self._value(key, "a text, a list or a dictionary")
        if value is None or isinstance(value, str):
            return value, False
        return json.dumps(value), True

    def _value(self, key: str, expected: str, *, required: bool = False) -> Any:  # noqa: ANN401 - a user wrote it
        value = self._entry.get(key)
        if value is None and required:
            self.fault(key, expected, "nothing")
        return value

    def _items(self, key: str, expected: str, *, required: bool = False) -> list[Any]:
        value = self._value(key, expected, required=required)
        if value is None:
            return []
        if not isinstance(value, list) or (required and not value):
            self.fault(key, expected, _shown(value))
            return []
        return value


def _spelled(item: object) -> str:
    return str(item).lower() if isinstance(item, bool) else str(item)


def _whole(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, str) and re.fullmatch(r"\d+", value) else None


def _shown(value: object) -> str:
    text = f"{type(value).__name__} {value!r}"
    return text if len(text) <= 80 else text[:79] + "…"  # noqa: PLR2004
