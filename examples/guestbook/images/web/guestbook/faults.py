# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How an image built with FAULT=… misbehaves on purpose, to show and test what a deployment does about it."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

from guestbook.container_log import log
from guestbook.settings import SettingError

#: Counted from the start of the process, so that a slow machine changes nothing about it.
CRASH_AFTER_SECONDS = 1.5
_START_TIME_FIELD = 19


def check_theme(fault: str) -> None:
    """Fail as a release does that reads a setting nobody has set."""
    if fault == "never-healthy":
        message = "cannot read setting GREETING_THEME: the environment variable is not set"
        raise SettingError(message)


def start_timer(fault: str) -> None:
    """Die some time after a good start, as a release does whose background work fails."""
    if fault == "crash-loop":
        timer = threading.Timer(max(CRASH_AFTER_SECONDS - _age(), 0.1), _crash)
        timer.daemon = True
        timer.start()


def _age() -> float:
    """Return how many seconds ago this process began (field 22 of proc_pid_stat(5))."""
    fields = Path("/proc/self/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    began = int(fields[_START_TIME_FIELD]) / os.sysconf("SC_CLK_TCK")
    return time.clock_gettime(time.CLOCK_BOOTTIME) - began


def _crash() -> None:
    log("ERROR", "cannot load the greeting cards: /var/lib/guestbook/cards does not exist; giving up")
    os._exit(1)
