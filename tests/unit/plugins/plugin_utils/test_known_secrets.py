# SPDX-License-Identifier: GPL-3.0-or-later
"""What the controller masks of a stack whose files no Compose has resolved."""

from __future__ import annotations

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.core.masking import Masker
from ansible_collections.slipway.compose.plugins.module_utils.stack.bundle import BundledFile, FileBundle
from ansible_collections.slipway.compose.plugins.plugin_utils.known_secrets import (
    confidential_files,
    stack_secrets,
)

COMPOSE = """
services:
  web:
    env_file: [./config.monitoring, {path: other.settings}]
    environment: {SALT: inline-only-value-77, MODE: quiet, EMPTY: }
  db:
    env_file: third
    environment: ["PEPPER=listed", "PASSED_ON"]
secrets:
  cert: {file: ./secrets/cert.pem}
  phrase: {environment: PHRASE}
"""
VARIABLES = {
    "stack_name": "shop",
    "stack_version": "20261127",
    "stack_env": {"PHRASE": "opensesame", "PIN": 4711, "VERSION": "20261127"},
    "stack_registry_auth": [{"registry": "r", "username": "pull", "password": "regpw"}],
}
FILES = {
    "compose.yaml": COMPOSE,
    "config.monitoring": "ADMIN=correct\n",
    "other.settings": "OTHER=horse\n",
    "third": "THIRD=battery\n",
    "secrets/cert.pem": "-----BEGIN-----\nMIIBfakeline2of3\n",
}


def shown(text: str, files: dict[str, str] | None) -> str:
    bundle = None
    if files is not None:
        entries = tuple(BundledFile(path, executable=False, content=text.encode()) for path, text in files.items())
        bundle = FileBundle(entries, {"PHRASE": "opensesame"}, ("compose.yaml",))
    return Masker(stack_secrets(VARIABLES, bundle)).mask(text)


@pytest.mark.parametrize(
    "secret",
    [
        "inline-only-value-77",
        "listed",
        "correct",
        "horse",
        "battery",
        "MIIBfakeline2of3",
        "opensesame",
        "4711",
        "regpw",
    ],
)
def test_every_source_is_known(secret: str) -> None:
    assert secret not in shown(f"it said {secret}.", FILES)


def test_what_is_no_secret_stays_readable() -> None:
    text = "starting 20261127 of shop quiet"
    assert shown(text, FILES) == text


@pytest.mark.parametrize("compose", ["services: [", "7", "services: 7\nsecrets: [x]", "services: {web: !reset null}"])
def test_files_that_cannot_be_read_leave_the_variables(compose: str) -> None:
    assert "4711" not in shown("4711", {"compose.yaml": compose})
    assert "4711" not in shown("4711", None)


def test_files_of_secrets_are_known_by_what_the_compose_file_says() -> None:
    compose = (
        b"services: {web: {env_file: [live.settings]}}\nsecrets: {pin: {file: ./keys/pin}, by: {environment: PIN}}\n"
    )
    contents = {"compose.yaml": compose, "live.settings": b"A=1", "keys/pin": b"90817", ".env": b"B=2", "page": b"open"}
    files = tuple(BundledFile(path, executable=False, content=content) for path, content in contents.items())
    assert confidential_files(FileBundle(files, {}, ("compose.yaml",))) == {"live.settings", "keys/pin", ".env"}


@pytest.mark.parametrize("line", ["a: 2024-13-45", "a: 0x_", "a: !reset null", "a: !override [1]"])
def test_whatever_else_a_compose_file_holds_its_secrets_are_known(line: str) -> None:
    compose = f"x-odd: {{{line}}}\nsecrets: {{pin: {{file: ./keys/pin}}}}\n".encode()
    files = (BundledFile("compose.yaml", executable=False, content=compose), BundledFile("keys/pin", False, b"0123"))  # noqa: FBT003
    bundle = FileBundle(files, {}, ("compose.yaml",))
    assert confidential_files(bundle) == {"keys/pin"}
    assert "0123" not in Masker(stack_secrets({}, bundle)).mask("it is 0123")


def test_files_that_are_included_name_secrets_as_well() -> None:
    contents = {
        "compose.yaml": b"include: [more/db.yml]\n",
        "more/db.yml": b"secrets: {pin: {file: pin}}\nservices: {db: {environment: {PIN: 0471}}}\n",
        "more/pin": b"90817",
    }
    files = tuple(BundledFile(path, executable=False, content=content) for path, content in contents.items())
    bundle = FileBundle(files, {}, ("compose.yaml",))
    assert confidential_files(bundle) == {"more/pin"}
    assert Masker(stack_secrets({}, bundle)).mask("0471 90817") == "[masked PIN] [masked more/pin]"
