# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters that tell the role of the hooks of a stack."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..module_utils.stack.hooks import seconds_after_start
from ..plugin_utils.plain_values import plain


def hook_seconds(hooks: Any) -> float:  # noqa: ANN401 - whatever a user wrote
    """Return how long the hooks may take that follow a start which went well."""
    return seconds_after_start(plain(hooks))


class FilterModule:
    """The collection's filters for hooks."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return them by name."""
        return {"hook_seconds": hook_seconds}
