"""Prints how long each task took, the longest host counting, so that one sees where a deployment's time goes."""

from __future__ import annotations

import time
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: task_times
type: aggregate
short_description: Prints how long each task took
description:
  - Prints how long each task took, in the order of the play, and what was spent between the tasks.
author: Slipway contributors (@slipway)
"""


class CallbackModule(CallbackBase):
    """Notes when tasks begin and when their last host is done."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "task_times"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        """Begin the clock."""
        super().__init__()
        self._began = time.monotonic()
        self._rows: list[list[Any]] = []

    def v2_playbook_on_task_start(self, task: Any, is_conditional: object) -> None:  # noqa: ANN401, ARG002 - Ansible's names
        """Note that a task begins."""
        now = time.monotonic()
        self._rows.append([now, now, task.action, task.get_name()])

    def v2_runner_on_ok(self, _result: object, **_more: object) -> None:
        """Note that a host is done."""
        self._done()

    v2_runner_on_failed = v2_runner_on_ok
    v2_runner_on_skipped = v2_runner_on_ok
    v2_runner_on_unreachable = v2_runner_on_ok

    def v2_playbook_on_stats(self, _stats: object) -> None:
        """Print what was noted."""
        last = self._began
        for began, ended, action, name in self._rows:
            self._display.display(
                f"TIME {began - self._began:6.2f} +{began - last:5.2f}  {ended - began:6.2f} s  {action}  {name}"
            )
            last = ended
        self._display.display(f"TIME {time.monotonic() - self._began:6.2f} since the callback was loaded")

    def _done(self) -> None:
        if self._rows:
            self._rows[-1][1] = time.monotonic()
