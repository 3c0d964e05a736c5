# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The secrets of a stack as the controller knows them, where no Compose has resolved its files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from posixpath import dirname, join, normpath
from typing import Any

import yaml

from ..module_utils.core.masking import Secret
from ..module_utils.stack.bundle import FileBundle
from ..module_utils.stack.secret_values import (
    auth_secrets,
    bundle_secrets,
    env_file_secrets,
    file_secrets,
    given_secrets,
    is_env_file,
    variable_secrets,
)


class _Loader(getattr(yaml, "CBaseLoader", yaml.BaseLoader)):  # type: ignore[misc]
    """Leaves every value as it was written, and takes Compose's own tags, such as `!reset`, for none."""


def _untagged(loader: Any, _suffix: str, node: yaml.Node) -> Any:  # noqa: ANN401 - YAML of any shape
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)


_Loader.add_multi_constructor("!", _untagged)


def stack_secrets(variables: Mapping[str, Any], bundle: FileBundle | None) -> list[Secret]:
    """Return the secrets of a stack.

    Args:
        variables: the role's variables.
        bundle: files and environment, rendered for a host; None if they cannot be read.
    """
    environment = {str(name): str(value) for name, value in (variables.get("stack_env") or {}).items()}
    public = (str(variables.get("stack_version") or ""), str(variables.get("stack_name") or ""))
    found = [*variable_secrets(environment, public), *auth_secrets(variables.get("stack_registry_auth") or [])]
    if bundle is None:
        return found
    texts = {file.path: file.content.decode(errors="replace") for file in bundle.files}
    found += bundle_secrets(bundle)
    for folder, document in _documents(bundle):
        given = [pair for service in _entries(document, "services") for pair in _pairs(service.get("environment"))]
        names = {str(one["environment"]) for one in _entries(document, "secrets") if "environment" in one}
        found += given_secrets(given, names, bundle, public)
        for path in _files_of_variables(folder, document):
            found += env_file_secrets(texts.get(path, ""), public)
        for path in _files_of_secrets(folder, document):
            found += file_secrets(path, texts.get(path, ""))
    return found


def confidential_files(bundle: FileBundle) -> set[str]:
    """Return the paths of the files whose content is secret, and may be short enough to be found by its hash."""
    named = [path for one in _documents(bundle) for path in (*_files_of_variables(*one), *_files_of_secrets(*one))]
    return {file.path for file in bundle.files if file.path in named or is_env_file(file.path)}


def _files_of_variables(folder: str, document: Mapping[str, Any]) -> list[str]:
    services = _entries(document, "services")
    return _paths(folder, (path for service in services for path in _env_files(service.get("env_file"))))


def _files_of_secrets(folder: str, document: Mapping[str, Any]) -> list[str]:
    return _paths(folder, (str(one["file"]) for one in _entries(document, "secrets") if "file" in one))


def _paths(folder: str, paths: Iterable[str]) -> list[str]:
    """Return what paths in a file may mean: an included one starts from its own folder, or from the project's."""
    return sorted({normpath(join(base, path)) for path in paths for base in ("", folder)})


def _documents(bundle: FileBundle) -> list[tuple[str, dict[str, Any]]]:
    """Return what may be Compose files, each with its folder: one that is included or extended may have any name."""
    files = [file for file in bundle.files if file.path.endswith((".yaml", ".yml"))]
    read = [(dirname(file.path), _document(file.content.decode(errors="replace"))) for file in files]
    return [(folder, document) for folder, document in read if document is not None]


def _entries(document: Mapping[str, Any], kind: str) -> list[Mapping[str, Any]]:
    return [one for one in _mapping(document.get(kind)).values() if isinstance(one, Mapping)]


def _document(text: str) -> dict[str, Any] | None:
    try:
        document = yaml.load(text, _Loader)  # noqa: S506 - it makes nothing but texts, lists and mappings
    except (yaml.YAMLError, ValueError, RecursionError):
        # What is no YAML at all, the host says with its reason.
        return None
    return document if isinstance(document, dict) else None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _pairs(environment: object) -> Iterator[tuple[str, str]]:
    if isinstance(environment, Mapping):
        yield from ((str(name), str(value)) for name, value in environment.items() if value is not None)
    elif isinstance(environment, list):
        for entry in environment:
            name, equals, value = str(entry).partition("=")
            if equals:
                yield name, value


def _env_files(entries: object) -> Iterator[str]:
    for entry in entries if isinstance(entries, list) else [entries]:
        path = entry.get("path") if isinstance(entry, Mapping) else entry
        if path is not None:
            yield str(path)
