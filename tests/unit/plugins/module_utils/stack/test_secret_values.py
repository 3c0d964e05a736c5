# SPDX-License-Identifier: GPL-3.0-or-later
"""Which values are secrets: by where they come from, not by their length."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.core.masking import Masker, Secret
from ansible_collections.slipway.compose.plugins.module_utils.stack.bundle import BundledFile, FileBundle
from ansible_collections.slipway.compose.plugins.module_utils.stack.secret_values import (
    auth_secrets,
    bundle_secrets,
    check_secrets,
    env_file_secrets,
    file_secrets,
    given_secrets,
    variable_secrets,
)

PUBLIC = ["bad-crash", "registry.example.com/web:bad-crash"]


def values(secrets: list[Secret]) -> set[str]:
    return {secret.value for secret in secrets}


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("DB_PASSWORD", "9081726354", True),
        ("SMTP_USER_PWD", "pw4you!", True),
        ("SESSION_SALT", "inline-only-value-77", True),
        ("API_TOKEN", "x1y", True),
        ("DOOR_PIN", "4711", True),
        ("WHATEVER", "9081726354", True),
        ("WHATEVER", "pw4you!", True),
        ("NAME", "guestbook-production", True),
        ("MODE", "crash", False),
        ("GREETING", "welcome", False),
        ("PORT", "8080", False),
        ("RATIO", "1.10", False),
        ("SPINNER", "4711", False),
        ("SECRET_MODE", "true", False),
        ("EMPTY_PASSWORD", "", False),
        ("STACK_VERSION", "bad-crash", False),
        ("TAG", "bad-crash", False),
        ("REGISTRY", "registry.example.com", False),
    ],
)
def test_which_variables_are_secrets(name: str, value: str, *, secret: bool) -> None:
    assert (value in values(variable_secrets({name: value}, PUBLIC))) is secret


def test_the_password_in_an_address_is_a_secret_of_its_own() -> None:
    found = values(variable_secrets({"DATABASE_URL": "postgresql://app:s3%40me@db/app"}))
    assert {"s3%40me", "s3@me"} <= found


def test_every_value_of_an_env_file_is_a_secret_but_switches() -> None:
    text = "# TOKEN=comment\n\nexport TOKEN='ab # cd'\nWORD=correct # why\nSHORT=x7\n"
    text += "DEBUG=1\nLOUD=true\nTAG=bad-crash\nno pair\n"
    assert values(env_file_secrets(text, PUBLIC)) == {"ab # cd", "correct", "x7"}


def test_what_containers_are_given_is_judged_by_its_source() -> None:
    files = (
        BundledFile("compose.yaml", executable=False, content=b"services: {}\n"),
        BundledFile("config.monitoring", executable=False, content=b"ADMIN=admin\nWORD=correct\n"),
        BundledFile("nginx.conf", executable=False, content=b"MODE=crash\nserver {}\n"),
    )
    bundle = FileBundle(files, {"MODE": "crash", "PHRASE": "opensesame"}, ("compose.yaml",))
    given = [("ADMIN", "admin"), ("WORD", "overridden"), ("MODE", "crash"), ("X", "inline-only-value-77")]
    found = given_secrets(given, {"PHRASE"}, bundle, ["web"])
    assert values(found) == {"admin", "overridden", "inline-only-value-77", "opensesame"}


def test_before_compose_has_read_them_files_called_env_are_known() -> None:
    files = (BundledFile("a/web.env", executable=False, content=b"WORD=correct\n"),)
    assert values(bundle_secrets(FileBundle(files, {"STACK_VERSION": "1.0"}, ()))) == {"correct"}


def test_a_file_of_secrets_is_one_and_so_are_the_values_in_it() -> None:
    masker = Masker(file_secrets("secrets/app", 'password = hunter22\n{"a": ["correct"]}\n'))
    assert "hunter22" not in masker.mask("got hunter22")
    assert "correct" not in Masker(file_secrets("app", '{"a": ["correct", 90817]}')).mask("correct 90817")


def test_what_checks_send_is_secret() -> None:
    basic = base64.b64encode(b"user:swordfish").decode()
    checks: list[dict[str, Any]] = [
        {"headers": {"Authorization": "Bearer tok3n", "X-Key": 90817, "Accept": "text/html"}},
        {"headers": {"Authorization": f"Basic {basic}"}, "body": {"login": {"password": "SECRETBODY"}}},
        {"url": "https://me:in-url@host/?token=in-query&page=front"},
        {"argv": ["ask", "--password=in-argv", "--page=front"]},
        {"body": "password=form%20value"},
        {"headers": "wrong", "body": 7, "argv": "wrong"},
    ]
    masker = Masker(check_secrets(checks))
    for secret in ("tok3n", "90817", basic, "swordfish", "SECRETBODY", "in-url", "in-query", "in-argv", "form value"):
        assert secret not in masker.mask(f"seen: {secret}!"), secret
    assert masker.mask("text/html front ask") == "text/html front ask"


def test_registry_passwords_are_secret() -> None:
    assert auth_secrets([{"registry": "r", "username": "pull", "password": "pw"}]) == [Secret("pw", "password for r")]


@pytest.mark.parametrize(
    ("argv", "hidden"),
    [
        (["mysqladmin", "--password", "hunterword"], "hunterword"),
        (["x", "--token=first", "--token=second"], "first"),
        (["curl", "-H", "Authorization: Bearer xyzzy1"], "xyzzy1"),
    ],
)
def test_an_argument_whose_name_says_so_is_masked_wherever_it_stands(argv: list[str], hidden: str) -> None:
    assert hidden not in Masker(check_secrets([{"argv": argv}])).mask(" ".join(argv))
    assert argv[0] in Masker(check_secrets([{"argv": argv}])).mask(" ".join(argv))
