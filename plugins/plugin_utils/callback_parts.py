# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the callback needs besides what it says: how its methods fail, and what Ansible's tasks are in."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ansible import constants as C  # noqa: N812
from ansible.playbook.block import Block

if TYPE_CHECKING:
    from ansible.playbook.task import Task


def never_raise(method: Callable[..., None]) -> Callable[..., None]:
    """Say in one line that something could not be shown, rather than disturb the run over it."""

    @functools.wraps(method)
    def guarded(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - the callback, which imports this
        try:
            method(self, *args, **kwargs)
        except Exception as error:  # noqa: BLE001  # a result of any shape may come
            with suppress(Exception):
                self.say(f"  (a result could not be shown: {type(error).__name__} in {method.__name__})", C.COLOR_WARN)

    return guarded


def is_rescued(task: Task) -> bool:
    """Tell whether a rescue takes over when this task fails: it stands in the body of a block that has one."""
    node, parent = task, task._parent  # noqa: SLF001
    while parent is not None:
        if isinstance(parent, Block) and parent.rescue and node._uuid in {entry._uuid for entry in parent.block}:  # noqa: SLF001
            return True
        node, parent = parent, parent._parent  # noqa: SLF001
    return False
