# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters that tell the role of the hooks of a stack."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.slipway.compose.plugins.module_utils.errors import SlipwayError
from ansible_collections.slipway.compose.plugins.module_utils.hooks import ON_FAILURE, POST_DEPLOY, parse_hooks
from ansible_collections.slipway.compose.plugins.plugin_utils.plain_values import plain


def hook_seconds(hooks: Any) -> float:  # noqa: ANN401 - whatever a user wrote
    """Return how long the hooks that follow a start may take; 0 if they are wrong, which the plan says."""
    try:
        known = parse_hooks(plain(hooks))
    except SlipwayError:
        return 0.0
    return sum(hook.timeout_s for hook in known if hook.kind in (POST_DEPLOY, ON_FAILURE))


class FilterModule:
    """The collection's filters for hooks."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return them by name."""
        return {"hook_seconds": hook_seconds}
