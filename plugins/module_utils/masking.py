# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep secrets out of everything that is printed or stored."""

from __future__ import annotations

import re
from typing import Iterable, List, Optional, Pattern

MASK = "********"
#: Masking shorter values would black out ordinary text and hide nothing worth hiding.
SHORTEST_SECRET = 4


class Masker:
    """Replaces known secret values in text."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        """Take the secret values; those under four characters are left alone."""
        self._pattern = _pattern(secrets)

    def mask(self, text: str) -> str:
        """Return the text with every secret replaced by asterisks."""
        return text if self._pattern is None else self._pattern.sub(MASK, text)


def _pattern(secrets: Iterable[str]) -> Optional[Pattern[str]]:
    lines: List[str] = [line.strip() for secret in secrets for line in (secret, *secret.splitlines())]
    # The longest first, so that a secret that begins with another is replaced whole.
    values = sorted({line for line in lines if len(line) >= SHORTEST_SECRET}, key=len, reverse=True)
    return re.compile("|".join(re.escape(value) for value in values)) if values else None
