# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How an image built with FAULT=… misbehaves on purpose, to show and test what a deployment does about it."""

from __future__ import annotations

import os
import threading

from guestbook.container_log import log
from guestbook.settings import SettingError

CRASH_AFTER_SECONDS = 2.5


def check_theme(fault: str) -> None:
    """Fail as a release does that reads a setting nobody has set."""
    if fault == "never-healthy":
        message = "cannot read setting GREETING_THEME: the environment variable is not set"
        raise SettingError(message)


def start_timer(fault: str) -> None:
    """Die some time after a good start, as a release does whose background work fails."""
    if fault == "crash-loop":
        timer = threading.Timer(CRASH_AFTER_SECONDS, _crash)
        timer.daemon = True
        timer.start()


def _crash() -> None:
    log("ERROR", "cannot load the greeting cards: /var/lib/guestbook/cards does not exist; giving up")
    os._exit(1)
