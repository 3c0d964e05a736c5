"""What is shown of outputs: readable, masked, bounded."""

from __future__ import annotations

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.core.masking import Masker
from ansible_collections.slipway.compose.plugins.module_utils.core.wording import LONGEST_LINE, shown_lines, shown_text


@pytest.mark.parametrize(
    ("raw", "lines"),
    [
        (b"one\ntwo\n", ["one", "two"]),
        (b"one\n\n \ntwo", ["one", "two"]),
        (b"one\r\ntwo\r\n", ["one", "two"]),
        (b"10%\r 50%\r100%\n", ["100%"]),
        (b"\x1b[1;31mred\x1b[0m \x1b]0;title\x07text\x1b[K", ["red text"]),
        (b"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", ["link"]),
        (b"bell\x07 nul\x00 tab\tkept", ["bell nul tab\tkept"]),
        (b"caf\xc3\xa9 \xff", ["café \ufffd"]),
        ("swapped \u202egnp.exe".encode(), ["swapped gnp.exe"]),
        (b"", []),
    ],
)
def test_lines_are_readable(raw: bytes, lines: list[str]) -> None:
    assert shown_lines(raw, 10, Masker()) == lines


def test_only_the_last_lines_are_shown() -> None:
    assert shown_lines(b"a\nb\nc", 2, Masker()) == ["b", "c"]
    assert shown_lines(b"a\nb\nc", 0, Masker()) == []


def test_secrets_are_masked_before_the_cut_and_under_colours() -> None:
    masker = Masker(["hunter22"])
    raw = b"x" * (LONGEST_LINE - 4) + b"hunter22\nhunt\x1b[1mer22"
    first, second = shown_lines(raw, 5, masker)
    assert "hunt" not in first
    assert len(first) == LONGEST_LINE
    assert second == "********"


def test_texts_become_one_masked_line() -> None:
    assert shown_text("a \x1b[1mb\x1b[0m\n\n  hunter22 c\n", Masker(["hunter22"])) == "a b ******** c"
