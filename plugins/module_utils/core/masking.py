# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep secrets out of everything that is printed or stored."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from re import Pattern

MASK = "********"
#: Masking shorter values would black out ordinary text and hide nothing worth hiding.
SHORTEST_SECRET = 4

#: A value this long may be a secret whatever its name is; a shorter one only if the name says so.
_LONG_ENOUGH_FOR_ANY_NAME = 8
_SECRET_NAME = re.compile(r"PASS|SECRET|TOKEN|KEY|CRED|AUTH|PRIVATE|CERT|DSN", re.IGNORECASE)
_PLAIN = re.compile(r"-?[0-9.]+|true|false|yes|no|on|off", re.IGNORECASE)
_USER_INFO = re.compile(r"//[^/\s:@]*:([^/\s@]+)@")


class Masker:
    """Replaces known secret values in text."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        """Take the secret values; those under four characters are left alone."""
        self._pattern = _pattern(secrets)

    def mask(self, text: str) -> str:
        """Return the text with every secret replaced by asterisks."""
        return text if self._pattern is None else self._pattern.sub(MASK, text)


def secret_values(env: Mapping[str, str], public: Sequence[str] = ()) -> list[str]:
    """Return the values of an environment that must not be shown.

    Any value may be a secret; those are spared that cannot be one, because they are short and harmlessly named,
    numbers or switches, or part of something public.

    Args:
        env: variables by name.
        public: texts that are known to all, such as image references.
    """
    found: list[str] = []
    for name, value in env.items():
        found += _USER_INFO.findall(value)
        if _PLAIN.fullmatch(value) or any(value in text for text in public):
            continue
        if _SECRET_NAME.search(name) or len(value) >= _LONG_ENOUGH_FOR_ANY_NAME:
            found.append(value)
    return found


def dotenv_values(text: str) -> list[str]:
    """Return the values in a file of `NAME=value` lines, quotes taken off."""
    lines = [line.strip() for line in text.splitlines()]
    pairs = [line.partition("=") for line in lines if "=" in line and not line.startswith("#")]
    values = {name: value.strip().strip("'\"") for name, _equals, value in pairs}
    return secret_values(values)


def _pattern(secrets: Iterable[str]) -> Pattern[str] | None:
    lines: list[str] = [line.strip() for secret in secrets for line in (secret, *secret.splitlines())]
    # The longest first, so that a secret that begins with another is replaced whole.
    values = sorted({line for line in lines if len(line) >= SHORTEST_SECRET}, key=len, reverse=True)
    return re.compile("|".join(re.escape(value) for value in values)) if values else None
