# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for what can be seen, with a limit."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.fleet.command import CommandError

POLL_S = 0.4


def await_that(what: str, seen: Callable[[], object], timeout: float) -> float:
    """Wait until something is seen, and return how many seconds that took.

    Args:
        what: what is waited for, for the message.
        seen: tells whether it is there; an error says why not.
        timeout: seconds.

    Raises:
        AssertionError: it took too long.
    """
    began = time.monotonic()
    while True:
        reason = ""
        try:
            if seen():
                return time.monotonic() - began
        except (AssertionError, CommandError) as error:  # a container can go between two looks
            reason = f": {error}"
        assert time.monotonic() - began < timeout, f"not seen within {timeout:.0f} s: {what}{reason}"
        time.sleep(POLL_S)
