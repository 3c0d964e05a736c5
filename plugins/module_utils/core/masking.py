# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep secrets out of everything that is printed or stored."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from re import Pattern
from urllib.parse import quote, quote_plus

MASK = "********"
#: A shorter value is masked only where it stands alone: within words it would black out ordinary text.
_SHORTEST_WITHIN_WORDS = 4
#: A shorter part of a base64 text says too little of what was encoded, and stands in too many others.
_SHORTEST_BASE64 = 8


@dataclass(frozen=True)
class Secret:
    """A value that must not be shown, and what it is called where it would stand."""

    value: str = field(repr=False)
    name: str = ""


class Masker:
    """Replaces known secret values in text, in every form in which programs write them."""

    def __init__(self, secrets: Iterable[Secret | str] = ()) -> None:
        """Take the secrets; one without a name is replaced by asterisks."""
        self._masks: dict[str, str] = {}
        for known in secrets:
            secret = known if isinstance(known, Secret) else Secret(known)
            mask = f"[masked {secret.name}]" if secret.name else MASK
            for form in _forms(secret.value):
                self._masks.setdefault(form, mask)
        self._pattern = _pattern(self._masks)

    def mask(self, text: str) -> str:
        """Return the text with every secret replaced by what it is called."""
        return text if self._pattern is None else self._pattern.sub(lambda found: self._masks[found[0]], text)


def _forms(value: str) -> Iterator[str]:
    """Yield a secret and each of its lines, as they are and as programs write them."""
    whole = value.strip()
    lines = [line.strip() for line in whole.splitlines()]
    # A bracket or a word of a longer text is no secret of its own.
    texts = [whole, *(line for line in lines if len(line) >= _SHORTEST_WITHIN_WORDS)]
    for text in dict.fromkeys(texts):
        yield from filter(None, (text, *_escaped(text)))
    for raw in dict.fromkeys((value, whole)):
        yield from _encoded(raw.encode("utf-8", "surrogateescape"))


def _escaped(text: str) -> Iterator[str]:
    for ascii_only in (True, False):
        inside = json.dumps(text, ensure_ascii=ascii_only)[1:-1]
        yield inside
        yield inside.replace("/", r"\/")
    yield repr(text)[1:-1]
    yield text.replace("'", "'\\''")
    yield text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    raw = text.encode("utf-8", "surrogateescape")
    for quoted in (quote(raw), quote(raw, ""), quote_plus(raw)):
        yield quoted
        yield re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), quoted)


def _encoded(raw: bytes) -> Iterator[str]:
    """Yield what of the base64 text stays the same whatever stands before and after, as the user name of basic auth."""
    for before in range(3):
        text = base64.b64encode(b"\0" * before + raw).decode()
        first, end = -(-8 * before // 6), 8 * (before + len(raw)) // 6
        if end - first >= _SHORTEST_BASE64:
            yield text[first:end]
            yield text[first:end].replace("+", "-").replace("/", "_")


def _pattern(forms: Iterable[str]) -> Pattern[str] | None:
    # The longest first, so that a secret that begins with another is replaced whole.
    words = [_anywhere_or_alone(form) for form in sorted(forms, key=len, reverse=True)]
    return re.compile("|".join(words)) if words else None


def _anywhere_or_alone(form: str) -> str:
    return re.escape(form) if len(form) >= _SHORTEST_WITHIN_WORDS else rf"(?<!\w){re.escape(form)}(?!\w)"
