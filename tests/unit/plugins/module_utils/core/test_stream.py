# SPDX-License-Identifier: GPL-3.0-or-later
"""What comes is passed on, silence is told, errors arrive."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.core.stream import timely


def test_what_comes_is_passed_on_to_its_end() -> None:
    assert list(timely(lambda: [1, 2, 3], 10.0)) == [1, 2, 3]


def test_silence_is_told_and_nobody_waits_for_what_is_silent() -> None:
    released = threading.Event()

    def silent() -> Iterator[int]:
        yield 1
        released.wait(30)
        yield 2

    following = timely(silent, 0.01)
    assert [next(following), next(following), next(following)] == [1, None, None]
    released.set()


def test_an_error_arrives_where_somebody_listens() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        list(timely(broken, 10.0))
