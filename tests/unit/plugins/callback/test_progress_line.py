# SPDX-License-Identifier: GPL-3.0-or-later
"""The line at the bottom of a terminal."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from ansible_collections.slipway.compose.plugins.plugin_utils.progress_line import (
    SILENCE_S,
    ProgressLine,
    fitted,
    progress_text,
    terminal_width,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Terminal:
    def __init__(self) -> None:
        self.reader, self.writer = os.pipe()
        os.set_blocking(self.reader, False)

    def seen(self) -> str:
        try:
            return os.read(self.reader, 65536).decode()
        except BlockingIOError:
            return ""


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    pipe = Terminal()
    yield pipe
    os.close(pipe.reader)
    os.close(pipe.writer)


def test_a_pipe_counts_as_80_columns(terminal: Terminal) -> None:
    assert terminal_width(terminal.writer) == 80


@pytest.mark.parametrize(
    ("text", "width", "cut"),
    [("abc", 3, "abc"), ("abcd", 3, "ab…"), ("", 3, ""), ("日本", 4, "日本"), ("日本語", 4, "日…"), ("ab", 0, "…")],
)
def test_a_line_never_wraps(text: str, width: int, cut: str) -> None:
    assert fitted(text, width) == cut


def test_the_line_names_task_seconds_and_hosts() -> None:
    assert progress_text("Gate", 3.9, ["a", "b"]) == "      Gate · 3 s · a, b"
    assert progress_text("Gate", 0, []) == "      Gate · 0 s"


def test_the_line_is_rewritten_hidden_while_others_print_and_gone_at_the_end(terminal: Terminal) -> None:
    clock = Clock()
    line = ProgressLine(terminal.writer, clock)
    line.draw()
    assert terminal.seen() == ""

    line.start("Gate")
    line.waits_for("a")
    line.waits_for("b")
    line.heard_from("a")
    line.heard_from("nobody")
    clock.now = 2
    line.draw()
    assert terminal.seen() == "\r\x1b[K      Gate · 2 s · b"

    with line.hidden():
        assert terminal.seen() == "\r\x1b[K"
    with line.hidden():
        assert terminal.seen() == ""

    line.draw()
    assert terminal.seen()
    line.finish()
    assert terminal.seen() == "\r\x1b[K"
    line.draw()
    assert terminal.seen() == ""


def test_a_terminal_that_went_away_ends_the_line() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    line = ProgressLine(writer)
    line.start("Gate")
    line.draw()
    line.draw()
    line.finish()
    os.close(writer)


def test_a_log_gets_a_line_after_each_silence(terminal: Terminal) -> None:
    clock = Clock()
    line = ProgressLine(terminal.writer, clock, stamp=lambda: "00:42")
    line.start("Gate")
    for number in range(6):
        line.waits_for(f"web{number}")
    clock.now = SILENCE_S - 1
    line.draw()
    assert terminal.seen() == ""
    clock.now = SILENCE_S
    line.draw()
    line.draw()
    assert terminal.seen() == "00:42       Gate · 10 s · web0, web1, web2, web3, … (6 hosts)\n"
    clock.now += SILENCE_S - 1
    with line.hidden():
        pass
    clock.now += SILENCE_S - 1
    line.draw()
    assert terminal.seen() == ""
