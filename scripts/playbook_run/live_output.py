# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows a run while it happens, and keeps results out of what ansible-runner stores."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ansible_collections.slipway.compose.plugins.module_utils.boundary.printable import from_ansible, one_line
from ansible_collections.slipway.compose.plugins.plugin_utils.rollout_text import task_title

if TYPE_CHECKING:
    from collections.abc import Callable

    from ansible_collections.slipway.compose.plugins.plugin_utils.progress_line import ProgressLine

ANSWERS = ("runner_on_ok", "runner_on_failed", "runner_on_skipped", "runner_on_unreachable")
CONTROLLER = "localhost"


class LiveOutput:
    """Takes ansible-runner's events one by one.

    Attributes:
        targets_touched: whether a task was started in a play that is not the controller's own.
    """

    def __init__(self, new_progress: Callable[[], ProgressLine] | None, clock: Callable[[], str] | None = None) -> None:
        """Take what makes the progress line, None where nobody is to see one.

        Args:
            new_progress: makes it.
            clock: returns the time since the run began, as Ansible's lines begin with.
        """
        self._clock = clock or (lambda: "")
        self._new_progress = new_progress
        self._progress = new_progress() if new_progress else None
        self._listened_to = True
        self.targets_touched = False

    def take(self, event: dict[str, Any]) -> bool:
        """Show an event, and let ansible-runner store it without the result."""
        name, data = str(event.get("event", "")), event.get("event_data")
        data = data if isinstance(data, dict) else {}
        if name.startswith("runner_on_") and data.get("play_pattern") != CONTROLLER:
            self.targets_touched = True
        data.pop("res", None)
        # An event that cannot be shown must not end the run.
        with suppress(Exception):
            self._print(from_ansible(str(event.get("stdout") or "")))
            if self._progress:
                self._follow(self._progress, name, data)
        return True

    def say(self, text: str) -> None:
        """Print a line of our own; what it quotes of a host cannot make it two, nor a terminal obey."""
        self._print(one_line(text))

    def tell(self, text: str) -> None:
        """Print a line of our own with the time since the run began."""
        stamp = self._clock()
        self.say(f"{stamp} {text}" if stamp else text)

    def finish(self) -> None:
        """Remove the progress line for good."""
        if self._progress:
            self._progress.finish()

    def begin_again(self) -> None:
        """Begin a progress line for another playbook."""
        self._progress = self._new_progress() if self._new_progress else None

    def _follow(self, progress: ProgressLine, name: str, data: dict[str, Any]) -> None:
        if name == "playbook_on_task_start":
            progress.start(task_title(data.get("task") or data.get("name") or ""))
        elif name == "runner_on_start":
            progress.waits_for(one_line(str(data.get("host"))))
        elif name == "playbook_on_stats":
            progress.finish()
        elif name in ANSWERS:
            progress.heard_from(one_line(str(data.get("host"))))

    def _print(self, text: str) -> None:
        """Print text as long as somebody reads it: a closed pipe must not stop a deployment."""
        text = text.replace("\r\n", "\n")
        if not text or not self._listened_to:
            return
        try:
            if self._progress:
                with self._progress.hidden():
                    print(text, flush=True)
            else:
                print(text, flush=True)
        except OSError:
            self._listened_to = False
            sys.stdout = open("/dev/null", "w", encoding="utf-8")  # noqa: PTH123, SIM115
