# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the parts of a Compose project that each command of Compose, the way back's too, would fetch from elsewhere."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import yaml

from ..module_utils.core.findings import Finding
from ..module_utils.stack.interpolation import Interpolation

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
#: What Compose takes for a project in a Git repository or a registry.
_REMOTE = re.compile(r"[a-z][a-z0-9+.-]*://|github\.com/|[^/\s@]+@[^/\s:]+:", re.IGNORECASE)
_WORDS = re.compile(rb"include|extends|_file")


def remote_findings(
    files: Mapping[str, bytes], compose_files: Sequence[str], values: Mapping[str, str]
) -> list[Finding]:
    """Return a finding for each part that is not in the stack's folder.

    Args:
        files: the content of each file of the stack, by its path.
        compose_files: those that Compose reads; what these name is read as well.
        values: the variables that are set.
    """
    found: dict[Finding, None] = {}
    waiting, seen = list(compose_files), set[str]()
    while waiting:
        name = waiting.pop(0)
        if name in seen or name not in files:
            continue
        seen.add(name)
        for what, text in _parts(files[name]):
            path = Interpolation(values).of(text)
            if _REMOTE.match(path):
                found[_finding(f"{what} in {name}")] = None
            else:
                waiting.append(posixpath.normpath(posixpath.join(posixpath.dirname(name), path)))
    return list(found)


def _finding(thing: str) -> Finding:
    return Finding(
        thing,
        "a file of the stack's folder",
        # Not its address, which may hold a password.
        "a remote one, which Compose would fetch anew for each command, and for the way back as well",
        "Copy it into the stack's folder, and name that path.",
    )


@lru_cache(maxsize=64)
def _parts(content: bytes) -> tuple[tuple[str, str], ...]:
    """Return the other files that a Compose file names: what each is, and the path as written."""
    if not _WORDS.search(content):
        return ()
    try:
        document = _entries(yaml.compose(content, Loader=_LOADER))
    except (yaml.YAMLError, UnicodeDecodeError):
        # Compose says so.
        return ()
    parts = [("include", path) for path in _paths(document.get("include"), "path", "project_directory", "env_file")]
    for name, service in _entries(document.get("services")).items():
        for key, inner in (("extends", "file"), ("env_file", "path"), ("label_file", "path")):
            node = _entries(service).get(key)
            if key != "extends" or isinstance(node, yaml.MappingNode):
                parts += [(f"{key} of service {name}", path) for path in _paths(node, inner)]
    return tuple(parts)


def _paths(node: yaml.Node | None, *keys: str) -> Iterator[str]:
    if isinstance(node, yaml.ScalarNode):
        yield str(node.value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _paths(item, *keys)
    elif isinstance(node, yaml.MappingNode):
        for key in keys:
            yield from _paths(_entries(node).get(key))


def _entries(node: yaml.Node | None) -> dict[str, yaml.Node]:
    """Return a mapping's values; what it merges in (`<<`) counts where it says nothing itself."""
    if not isinstance(node, yaml.MappingNode):
        return {}
    own = {str(key.value): value for key, value in node.value if isinstance(key, yaml.ScalarNode)}
    merged = own.pop("<<", None)
    sources = merged.value if isinstance(merged, yaml.SequenceNode) else [merged]
    for source in reversed(sources):
        own = {**_entries(source), **own}
    return own
