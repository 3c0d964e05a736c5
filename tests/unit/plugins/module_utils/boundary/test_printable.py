# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts from elsewhere: nothing obeys them."""

from __future__ import annotations

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.boundary.printable import (
    from_ansible,
    one_line,
    printable,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("as it is: \u00e9 \u2713\tand\nso on", "as it is: \u00e9 \u2713\tand\nso on"),
        ("a\x1b[31mred\x1b[0m", "ared"),
        ("a\x1b[2J\x1b[1;1Hb", "ab"),
        ("a\x9b31mb", "ab"),
        ("a\x1b]0;title\x07b", "ab"),
        ("a\x1b]8;;http://x\x1b\\b", "ab"),
        ("a\x1bPq...\x1b\\b", "ab"),
        ("a\x1b]52;c;never ended", "a52;c;never ended"),
        ("a\rb\x08c\x00d\x7fe\x85f", "abcdef"),
        ("a\u202eb\u2066c\u2028d", "abcd"),
        ("a\ud800b", "ab"),
        ("x ##[add-mask]y ##vso[task.complete]z # #", "x # #[add-mask]y # #vso[task.complete]z # #"),
    ],
)
def test_a_terminal_is_shown_text_and_nothing_else(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_a_line_is_one() -> None:
    assert (
        one_line(" runs 1.0\n::error::forged\r\n\tverdict: deployed\x1b[0m ")
        == " runs 1.0 ::error::forged verdict: deployed"
    )


def test_a_line_is_not_taken_for_ours() -> None:
    text = "::error::a\n  ::add-mask::b\nverdict: deployed\n a verdict: none ::c"
    assert from_ansible(text) == "| ::error::a\n  | ::add-mask::b\n| verdict: deployed\n a verdict: none ::c"
    assert from_ansible("\x1b[0;31m::error::\x1b[0m") == "\x1b[0;31m| ::error::\x1b[0m"


def test_only_ansibles_colours_are_obeyed() -> None:
    text = "\x1b[0;32m00:01 \x1b[2Jok\x1b]0;title\x07\x1b[0m\n\r##[error]x"
    assert from_ansible(text) == "\x1b[0;32m00:01 ok\x1b[0m\n# #[error]x"
