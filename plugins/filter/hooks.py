# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters that tell the role about hooks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..module_utils.core.findings import SlipwayError
from ..module_utils.stack.hooks import CONTROLLER, POST_DEPLOY, POST_ROLLBACK, parse_hooks
from ..plugin_utils.plain_values import plain


def controller_follows(hooks: object) -> bool:
    """Tell whether hooks on the controller may follow a start; of hooks that are wrong, too, the controller says so."""
    try:
        parsed = parse_hooks(plain(hooks))
    except SlipwayError:
        return True
    return any(hook.place == CONTROLLER and hook.kind in (POST_DEPLOY, POST_ROLLBACK) for hook in parsed)


class FilterModule:
    """The collection's filters for hooks."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return them by name."""
        return {"controller_follows": controller_follows}
