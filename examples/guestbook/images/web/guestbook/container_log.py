# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The container's log: one stream, so that lines keep their order; the engine adds the time."""

from __future__ import annotations

import sys


def log(level: str, message: str) -> None:
    """Write one line."""
    print(f"{level} {message}", file=sys.stderr, flush=True)
