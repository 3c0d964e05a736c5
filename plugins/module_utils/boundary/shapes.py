# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a document from elsewhere may hold: every value in it has a type and a form, and every fault is named."""

from __future__ import annotations

import json
import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from reprlib import Repr

from ..core.findings import Finding
from ..core.identifiers import Form
from .printable import printable

#: What a program can be given: Python keeps the bytes of a name that is no UTF-8 as U+DC80 to U+DCFF.
WORD = Form(r"[^\0\ud800-\udc7f\udd00-\udfff]*", "a text without NUL")
#: So many faults of one document are named; whoever reads them has understood by then.
MOST_FAULTS = 20
_LONGEST_QUOTE = 80
#: Neither long nor deep: what is quoted here can be anything.
_QUOTE = Repr()
_QUOTE.maxstring = _QUOTE.maxother = _QUOTE.maxlong = _LONGEST_QUOTE


@dataclass(frozen=True)
class Fault:
    """One value that is not as it must be.

    Attributes:
        where: the key that leads to it, "" for the whole document.
        expected: what it had to be.
        seen: what is there.
    """

    where: str
    expected: str
    seen: str


class Shape(ABC):
    """What one value may be."""

    @property
    def words(self) -> str:
        """Return what it must be."""
        return "a value"

    @abstractmethod
    def faults(self, value: object, where: str = "") -> Iterator[Fault]:
        """Yield everything that is wrong with a value.

        Args:
            value: the value.
            where: the key that leads to it.
        """

    def taken(self, value: object) -> object:
        """Return a value without fault as what may be shown: texts printable, keys that nobody knows left out."""
        return printable(value) if isinstance(value, str) else value


class Simple(Shape):
    """What a value without parts may be."""

    @abstractmethod
    def holds(self, value: object) -> bool:
        """Tell whether the value is right."""

    def faults(self, value: object, where: str = "") -> Iterator[Fault]:
        """Yield what is wrong with a value."""
        if not self.holds(value):
            yield Fault(where, self.words, quoted(value))


@dataclass(frozen=True)
class Text(Simple):
    """A text; of a form, if there is one."""

    form: Form | None = None

    @property
    def words(self) -> str:
        """Return what it must be."""
        return "a text" if self.form is None else self.form.words

    def holds(self, value: object) -> bool:
        """Tell whether it is."""
        return isinstance(value, str) if self.form is None else self.form.fits(value)


@dataclass(frozen=True)
class OneOf(Simple):
    """One of a few values."""

    choices: tuple[object, ...]

    @property
    def words(self) -> str:
        """Return what it must be."""
        return f"one of {', '.join(map(repr, self.choices))}"

    def holds(self, value: object) -> bool:
        """Tell whether it is."""
        # 1 equals true, and neither may pass for the other.
        return any(type(value) is type(choice) and value == choice for choice in self.choices)


@dataclass(frozen=True)
class Flag(Simple):
    """True or false."""

    @property
    def words(self) -> str:
        """Return what it must be."""
        return "true or false"

    def holds(self, value: object) -> bool:
        """Tell whether it is."""
        return isinstance(value, bool)


@dataclass(frozen=True)
class Number(Simple):
    """A finite number within limits."""

    least: float = -math.inf
    most: float = math.inf
    whole: bool = False

    @property
    def words(self) -> str:
        """Return what it must be."""
        sides = (("least", self.least), ("most", self.most))
        limits = " and ".join(f"at {side} {limit:g}" for side, limit in sides if math.isfinite(limit))
        kind = "a whole number" if self.whole else "a number"
        return f"{kind} of {limits}" if limits else kind

    def holds(self, value: object) -> bool:
        """Tell whether it is."""
        if isinstance(value, bool) or not isinstance(value, int if self.whole else (int, float)):
            return False
        # An integer can be too large to become a float, and so to be compared with infinity.
        return self.least <= value <= self.most and value not in (math.inf, -math.inf)


@dataclass(frozen=True)
class Maybe(Shape):
    """A value that may be null."""

    shape: Shape

    def faults(self, value: object, where: str = "") -> Iterator[Fault]:
        """Yield everything that is wrong with a value."""
        if value is not None:
            for fault in self.shape.faults(value, where):
                # What is wrong within the value would be no better as null.
                expected = f"{fault.expected}, or null" if fault.where == where else fault.expected
                yield Fault(fault.where, expected, fault.seen)

    def taken(self, value: object) -> object:
        """Return a value without fault as what may be shown."""
        return None if value is None else self.shape.taken(value)


@dataclass(frozen=True)
class ListOf(Shape):
    """A list of values of one shape."""

    shape: Shape

    def faults(self, value: object, where: str = "") -> Iterator[Fault]:
        """Yield everything that is wrong with a value."""
        if not isinstance(value, (list, tuple)):
            yield Fault(where, "a list", quoted(value))
            return
        for number, item in enumerate(value, start=1):
            yield from self.shape.faults(item, _below(where, f"number {number}"))

    def taken(self, value: object) -> object:
        """Return a value without fault as what may be shown."""
        return [self.shape.taken(item) for item in value] if isinstance(value, (list, tuple)) else value


@dataclass(frozen=True)
class MapOf(Shape):
    """A mapping whose keys have one form and whose values one shape."""

    keys: Form | None
    shape: Shape

    def faults(self, value: object, where: str = "") -> Iterator[Fault]:
        """Yield everything that is wrong with a value."""
        if not isinstance(value, Mapping):
            yield Fault(where, "a mapping", quoted(value))
            return
        for key, item in value.items():
            if not (isinstance(key, str) if self.keys is None else self.keys.fits(key)):
                yield Fault(where, f"keys of this form: {self.keys.words if self.keys else 'texts'}", quoted(key))
            else:
                yield from self.shape.faults(item, _below(where, key))

    def taken(self, value: object) -> object:
        """Return a value without fault as what may be shown."""
        if not isinstance(value, Mapping):
            return value
        return {printable(str(key)): self.shape.taken(item) for key, item in value.items()}


@dataclass(frozen=True)
class Record(Shape):
    """A mapping with known keys.

    Attributes:
        required: the keys that it must have, with their shapes.
        optional: those that it may have.
        closed: whether a key that is neither is a fault.
    """

    required: Mapping[str, Shape]
    optional: Mapping[str, Shape] = field(default_factory=dict)
    closed: bool = False

    def faults(self, value: object, where: str = "") -> Iterator[Fault]:
        """Yield everything that is wrong with a value."""
        if not isinstance(value, Mapping):
            yield Fault(where, "a mapping", quoted(value))
            return
        known = {**self.required, **self.optional}
        for key, shape in known.items():
            if key in value:
                yield from shape.faults(value[key], _below(where, key))
            elif key in self.required:
                yield Fault(_below(where, key), shape.words, "nothing")
        for key in value if self.closed else ():
            if key not in known:
                yield Fault(where, f"no keys but {', '.join(sorted(known))}", quoted(key))

    def taken(self, value: object) -> object:
        """Return a value without fault as what may be shown."""
        if not isinstance(value, Mapping):
            return value
        known = {**self.required, **self.optional}
        return {key: shape.taken(value[key]) for key, shape in known.items() if key in value}


def document_findings(shape: Shape, value: object, thing: str, remedy: str) -> list[Finding]:
    """Return what is wrong with a document.

    Args:
        shape: what it must be.
        value: the document.
        thing: how findings call it.
        remedy: what the reader does about it.
    """
    found = shape.faults(value)
    named = [
        Finding(f"{thing}, key {fault.where}" if fault.where else thing, fault.expected, fault.seen, remedy)
        for fault in islice(found, MOST_FAULTS)
    ]
    if next(found, None) is not None:
        named.append(Finding(thing, "none of these faults", "more of them than are named here", remedy))
    return named


def quoted(value: object) -> str:
    """Return a value as a message may quote it: on one line, and not in full where it is long or deep."""
    text = printable(f"{type(value).__name__} {_QUOTE.repr(value)}").replace("\n", " ")
    return text if len(text) <= _LONGEST_QUOTE else f"{text[: _LONGEST_QUOTE - 1]}…"


def read_json(text: str | bytes) -> object:
    """Return the JSON document that a text spells.

    Raises:
        ValueError: it spells none, or one that is nested deeper than anything that Slipway writes.
    """
    try:
        document: object = json.loads(text)
    except RecursionError as error:
        message = "nested too deeply"
        raise ValueError(message) from error
    return document


def _below(where: str, key: str) -> str:
    step = key if len(key) <= _LONGEST_QUOTE else f"{key[: _LONGEST_QUOTE - 1]}…"
    return f"{where}.{printable(step)}" if where else printable(step)
