# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets become asterisks."""

from __future__ import annotations

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.core.masking import (
    MASK,
    Masker,
    dotenv_values,
    secret_values,
)


@pytest.mark.parametrize(
    ("known", "text", "masked"),
    [
        ([], "nothing to hide", "nothing to hide"),
        (["hunter22"], "password=hunter22;", f"password={MASK};"),
        (["hunter22", "hunter22-long"], "hunter22-long hunter22", f"{MASK} {MASK}"),
        (["abc"], "abc is too short to be hidden", "abc is too short to be hidden"),
        (["", "    "], "spaces    stay", "spaces    stay"),
        (["first line\nsecond line\n"], "... second line", f"... {MASK}"),
        (["a.c*e[f"], "a.c*e[f abcceef", f"{MASK} abcceef"),
    ],
)
def test_every_known_secret_is_replaced(known: list[str], text: str, masked: str) -> None:
    assert Masker(known).mask(text) == masked


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("DB_PASSWORD", "short", True),
        ("API_TOKEN", "x1y2z", True),
        ("NAME", "guestbook-production", True),
        ("NAME", "web", False),
        ("PORT", "8080", False),
        ("SECRET_MODE", "true", False),
        ("IMAGE", "registry.example.com/web", False),
    ],
)
def test_which_values_may_be_secrets(name: str, value: str, *, secret: bool) -> None:
    found = secret_values({name: value}, ["registry.example.com/web:1.0"])
    assert (value in found) is secret


def test_the_password_in_an_address_is_a_secret_of_its_own() -> None:
    assert "s3same" in secret_values({"DATABASE_URL": "postgresql://app:s3same@db/app"})


def test_values_of_an_env_file_lose_their_quotes() -> None:
    text = "# TOKEN=comment-value\n\nTOKEN='abcd1234'\nPASSWORD=\"efgh\"\nPORT=80\nno pair here\n"
    assert sorted(dotenv_values(text)) == ["abcd1234", "efgh"]
