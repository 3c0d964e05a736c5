# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which values of a stack are secrets: the rule that docs/configuration.md states under "What is masked"."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from ..core.masking import Secret
from .bundle import FileBundle

#: The name says that the value is one, however short and plain it is.
_SECRET_NAME = re.compile(
    r"PASS|PWD|SECRET|TOKEN|KEY|CRED|AUTH|PRIVATE|CERT|DSN|SALT|PEPPER|SEED|SIGN|JWT|COOKIE|SESSION|ENCRYPT|WEBHOOK"
    r"|LICEN[CS]E|(?:^|[_-])(?:PIN|PW|PSK|OTP|TOTP|SIG)(?:[_-]|$)",
    re.IGNORECASE,
)
#: They say nothing, whatever they are the value of.
_SWITCH = re.compile(r"true|false|yes|no|on|off|none|null|[0-9]{1,2}|", re.IGNORECASE)
#: A word, or a number as ports, sizes and seconds are: what settings hold, and what logs are made of.
_PLAIN = re.compile(r"[A-Za-z]+|-?[0-9]{1,6}|[0-9]{1,3}(?:\.[0-9]{1,5}){1,3}")
_USER_INFO = re.compile(r"//([^/\s:@]*):([^/\s@]+)@")
_PAIR = re.compile(r"""\s*(?:export\s+)?["']?([\w.-]+)["']?\s*[:=]\s*(.+?)\s*,?""")
_VARIABLE_LINE = re.compile(r"(?:export\s+)?[A-Za-z_][A-Za-z0-9_.-]*(?:=|$)")
#: Headers that say what is asked for, not who asks.
_OPEN_HEADERS = ("accept", "content-", "host", "user-agent", "cache-control", "connection")
_SHORTEST_PART = 4


def variable_secrets(env: Mapping[str, str], public: Collection[str] = ()) -> list[Secret]:
    """Return the values that may be secrets, of variables that come from no file of secrets.

    Any value may be one, but a plain word or number whose variable is not called like a secret, and part of a text that
    is shown anyway.

    Args:
        env: variables by name.
        public: texts that are shown anyway, such as version and image references.
    """
    found: list[Secret] = []
    for name, value in env.items():
        found += _passwords_inside(name, value)
        if _SWITCH.fullmatch(value):
            continue
        if _SECRET_NAME.search(name) or not (_PLAIN.fullmatch(value) or any(value in text for text in public)):
            found.append(Secret(value, name))
    return found


def env_file_secrets(text: str, public: Collection[str] = ()) -> list[Secret]:
    """Return the values in a file of `NAME=value` lines: all of them, but switches and what is shown anyway."""
    values = env_file_values(text)
    found = [secret for name, value in values.items() for secret in _passwords_inside(name, value)]
    return found + [
        Secret(value, name)
        for name, value in values.items()
        if not _SWITCH.fullmatch(value) and (_SECRET_NAME.search(name) or not any(value in one for one in public))
    ]


def env_file_values(text: str) -> dict[str, str]:
    """Return the values in a file of `NAME=value` lines by name, quotes and comments taken off."""
    values: dict[str, str] = {}
    for line in text.splitlines():
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        value = value.strip()
        if equals and not name.startswith("#"):
            quoted = re.match(r"""(["'])(.*?)\1""", value)
            values[name.strip()] = quoted[2] if quoted else value.partition(" #")[0].strip()
    return values


def file_secrets(path: str, text: str) -> list[Secret]:
    """Return the content of a file of secrets: as a whole, and the values in it if it has some."""
    values = [text, *(match[2].strip("'\"") for line in text.splitlines() if (match := _PAIR.fullmatch(line)))]
    values += _leaves(_json(text))
    return [Secret(text, path), *(Secret(value, path) for value in values if len(value) >= _SHORTEST_PART)]


def bundle_secrets(bundle: FileBundle) -> list[Secret]:
    """Return what can be told before Compose has read the files: secrets of `stack_env`, and what is called .env."""
    public = (bundle.env.get("STACK_VERSION", ""),)
    found = variable_secrets(bundle.env, public)
    for file in bundle.files:
        if is_env_file(file.path):
            found += env_file_secrets(file.content.decode(errors="replace"), public)
    return found


def is_env_file(path: str) -> bool:
    """Tell whether a file is called as one with settings."""
    return path.endswith(".env") or path.rpartition("/")[2].startswith(".env")


def given_secrets(
    given: Iterable[tuple[str, str]], secret_names: Collection[str], bundle: FileBundle, public: Collection[str]
) -> list[Secret]:
    """Return the secrets among what a resolved project gives to its containers.

    Args:
        given: name and value of every variable that a container gets.
        secret_names: names of variables that the project's `secrets:` come from.
        bundle: files and environment of the release.
        public: texts that are shown anyway, such as version and image references.
    """
    given = list(given)
    names = {name for name, _value in given}
    texts = [file.content.decode(errors="replace") for file in bundle.files if file.path not in bundle.compose_files]
    files = [env_file_values(text) for text in texts if _holds_pairs_only(text)]
    from_file = names.intersection(name for values in files for name in values)
    env = {**{name: value for values in files for name, value in values.items()}, **bundle.env}
    found = [Secret(env[name], name) for name in secret_names if env.get(name)]
    for name, value in given:
        found += variable_secrets({name: value}, public)
        if name in from_file and not _SWITCH.fullmatch(value) and not any(value in text for text in public):
            found.append(Secret(value, name))
    return list(dict.fromkeys(found))


def _holds_pairs_only(text: str) -> bool:
    lines = [line for line in map(str.strip, text.splitlines()) if line and not line.startswith("#")]
    return bool(lines) and all(_VARIABLE_LINE.match(line) for line in lines)


def check_secrets(checks: Iterable[Mapping[str, Any]]) -> list[Secret]:
    """Return what declared checks send that nobody else may see."""
    found: list[Secret] = []
    for check in checks:
        headers = check.get("headers")
        for name, value in headers.items() if isinstance(headers, Mapping) else ():
            if not str(name).lower().startswith(_OPEN_HEADERS):
                found += [Secret(part, f"header {name}") for part in _header_parts(str(value))]
        found += [Secret(part, "body") for part in _body_parts(check.get("body"))]
        found += _address_secrets(str(check.get("url") or ""))
        found += _argument_secrets([str(word) for word in check.get("argv") or () if isinstance(check["argv"], list)])
    return found


def _argument_secrets(words: list[str]) -> list[Secret]:
    """Return the arguments whose name says so: `--token=VALUE`, `--password VALUE`, `Authorization: Bearer VALUE`."""
    pairs = [tuple(word.lstrip("-").partition("=")[::2]) for word in words]
    pairs += [
        (one.lstrip("-"), after) for one, after in zip(words, words[1:]) if one.startswith("-") and "=" not in one
    ]
    headers = [word.partition(": ") for word in words]
    pairs += [(name, part) for name, colon, value in headers if colon for part in _header_parts(value)]
    return [Secret(value, name) for name, value in pairs if value and _SECRET_NAME.search(name)]


def auth_secrets(auths: Iterable[Mapping[str, Any]]) -> list[Secret]:
    """Return the passwords of registries."""
    return [
        Secret(str(auth["password"]), f"password for {auth.get('registry')}") for auth in auths if auth.get("password")
    ]


def _passwords_inside(name: str, value: str) -> list[Secret]:
    passwords = [password for _user, password in _USER_INFO.findall(value)]
    return [Secret(part, name) for password in passwords for part in dict.fromkeys((password, unquote(password)))]


def _address_secrets(url: str) -> list[Secret]:
    try:
        query = parse_qsl(urlsplit(url).query)
    except ValueError:
        return []
    return _passwords_inside("password in url", url) + variable_secrets(
        {name: value for name, value in query if _SECRET_NAME.search(name)}
    )


def _header_parts(value: str) -> list[str]:
    """Return a header's value, and what of it programs may write alone: a token, a password, a cookie's value."""
    scheme, _space, rest = value.strip().partition(" ")
    parts = [value, rest] if scheme.isalpha() else [value]
    if scheme.lower() == "basic":
        try:
            pair = base64.b64decode(rest.strip(), validate=True).decode()
            parts += [pair, pair.partition(":")[2]]
        except ValueError:
            pass
    parts += [pair.partition("=")[2] for pair in value.split(";")]
    return [part for part in parts if part.strip() and not _SWITCH.fullmatch(part.strip())]


def _body_parts(body: object) -> list[str]:
    if body is None:
        return []
    if not isinstance(body, str):
        return [part for part in _leaves(body) if len(part) >= _SHORTEST_PART] + [json.dumps(body)]
    pairs = [value for _name, value in parse_qsl(body)]
    return [body, *(part for part in (*pairs, *_leaves(_json(body))) if len(part) >= _SHORTEST_PART)]


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _leaves(document: object) -> Iterator[str]:
    if isinstance(document, Mapping):
        document = list(document.values())
    if isinstance(document, list):
        for value in document:
            yield from _leaves(value)
    elif document is not None and not isinstance(document, bool):
        yield str(document)
