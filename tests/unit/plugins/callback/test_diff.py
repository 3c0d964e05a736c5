# SPDX-License-Identifier: GPL-3.0-or-later
"""Differences as --diff shows them."""

from __future__ import annotations

from ansible_collections.slipway.compose.plugins.plugin_utils.rollout_text import printable_diff


def test_a_files_content_cannot_move_the_cursor() -> None:
    diff = {"before": "a\x1b[2J\n", "after": "b\x07\n", "before_header": "x\x9b1m", "other": 7}
    shown = {"before": "a\n", "after": "b\n", "before_header": "x", "other": 7}
    assert printable_diff(diff) == printable_diff([diff]) == [shown]
    assert printable_diff("text") == []
