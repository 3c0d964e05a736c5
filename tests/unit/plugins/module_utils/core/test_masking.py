# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets are replaced by what they are called, in every form in which programs write them."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.core.masking import MASK, Masker, Secret


@pytest.mark.parametrize(
    ("known", "text", "masked"),
    [
        ([], "nothing to hide", "nothing to hide"),
        (["hunter22"], "password=hunter22;", f"password={MASK};"),
        (["hunter22", "hunter22-long"], "hunter22-long hunter22", f"{MASK} {MASK}"),
        (["abc"], "abc=abc, abcd is another word", f"{MASK}={MASK}, abcd is another word"),
        (["", "    "], "spaces    stay", "spaces    stay"),
        (["first line\nsecond line\n"], "... second line", f"... {MASK}"),
        (["{\n  long enough\n}"], "a {} of its own, long enough", f"a {{}} of its own, {MASK}"),
        (["a.c*e[f"], "a.c*e[f abcceef", f"{MASK} abcceef"),
        (["9081726354"], "got 9081726354", f"got {MASK}"),
    ],
)
def test_every_known_secret_is_replaced(known: list[str], text: str, masked: str) -> None:
    assert Masker(known).mask(text) == masked


def test_a_mask_says_what_it_masked() -> None:
    assert Masker([Secret("pw4you!", "SMTP_PWD")]).mask("SMTP_PWD=pw4you!") == "SMTP_PWD=[masked SMTP_PWD]"


SECRET = 'pä "ss"/w\\rd & <x>?\'\n'


@pytest.mark.parametrize(
    "written",
    [
        json.dumps(SECRET.strip()),
        json.dumps(SECRET.strip(), ensure_ascii=False),
        repr(SECRET.strip()),
        quote(SECRET.strip(), safe=""),
        quote(SECRET.strip(), safe="").lower(),
        f"https://host/?q={quote(SECRET.strip())}&x=1",
        base64.b64encode(SECRET.encode()).decode(),
        *(base64.b64encode(f"{user}:{SECRET.strip()}".encode()).decode() for user in ("a", "ab", "abc")),
        base64.urlsafe_b64encode(f"ab:{SECRET.strip()}".encode()).decode(),
    ],
)
def test_other_ways_to_write_a_secret_are_masked(written: str) -> None:
    shown = Masker([Secret(SECRET, "key")]).mask(f"it said {written} there")
    assert "[masked key]" in shown
    assert len(shown.replace("[masked key]", "")) <= len('it said "" there') + len("https://host/?q=&x=1")
    assert shown.startswith("it said")
    assert shown.endswith("there")


def test_a_secret_is_not_in_the_representation_of_its_value() -> None:
    assert "hunter22" not in repr(Secret("hunter22", "password"))
