# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds values that would arrive as another text than the one that somebody wrote (I/O).

YAML makes 1.1 of an unquoted `1.10`, 18 of `0022`, true of `on`. Ansible's values say where they were written, so that
it can be read there again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from ansible import context
from ansible._internal._datatag._tags import Origin

from ..module_utils.core.findings import Finding

#: Top-level variables that are texts, and that look like numbers at times.
_TEXTS = ("stack_name", "stack_version")
#: In checks and hooks: what holds texts, as numbers become text there.
_TEXTS_INSIDE = ("argv", "command", "headers")
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_REFERENCE = re.compile(r"\s*\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}\s*")
_NUMBER = re.compile(r"(?<![\w.+-])[-+]?\.?[0-9][\w.+-]*")

#: What findings call a value, the key that it has, its place in the list of that key, and the value.
_Leaf = tuple[str, Any, "int | None", Any]
_Place = tuple[int, int]


class WrittenValues:
    """Compares the values of one host with what stands where they were written."""

    def __init__(self, read: Callable[[str], str], variables: Mapping[Any, Any]) -> None:
        """Read nothing yet.

        Args:
            read: returns the text of a file, decrypted.
            variables: all variables of the host, whose names say where they were written.
        """
        self._read = read
        self._variables = variables

    def findings(self, values: Mapping[str, Any]) -> list[Finding]:
        """Return a finding for each value that would arrive as another text than its own.

        Args:
            values: the value of each `stack_` variable, with Ansible's tags.
        """
        # Most values are texts, and cost nothing.
        return [
            _finding(name, self._origin(key, value))
            for name, key, number, value in _leaves(values)
            if not isinstance(value, str) or not isinstance(key, str)
            if self._differs(key, number, value)
        ]

    def _differs(self, key: Any, number: int | None, value: Any) -> bool:  # noqa: ANN401 - any variable's value
        if not isinstance(key, str):
            return True
        if value is None or isinstance(value, date):
            return True
        if isinstance(value, bool):
            node = self._after(key, number)
            return node is not None and node.value != str(value).lower()
        return isinstance(value, (int, float)) and self._is_respelled(value)

    def _is_respelled(self, value: float) -> bool:
        """Tell whether a number was written in another way than it will arrive."""
        origin = Origin.get_tag(value)
        if origin is None:
            # Whole numbers have one spelling but in YAML, and that would be known.
            return isinstance(value, float)
        texts = self._texts(origin)
        if origin.col_num is None:
            at = (origin.line_num or 1) - 1
            lines = [line for text in texts for line in text.splitlines()[at : at + 1 if origin.line_num else None]]
            spelled = {word for line in lines for word in _NUMBER.findall(line) if _number(word) == value}
        else:
            place = (origin.line_num or 1, origin.col_num)
            nodes = [_nodes(text)[0].get(place) for text in texts]
            spelled = {node.value for node in nodes if node is not None and _is_plain(node) and _read(node) == value}
        # Where no number stands, this one was computed.
        return bool(spelled) and str(value) not in spelled

    def _origin(self, key: Any, value: Any) -> Origin | None:  # noqa: ANN401 - any variable's value
        return Origin.get_tag(value) or Origin.get_tag(self._written_key(key))

    def _written_key(self, key: Any) -> Any:  # noqa: ANN401 - of any mapping
        """Return the name under which a value was written that has no place of its own, through `{{ name }}`."""
        for _reference in range(5):
            node = self._node_after(key)
            match = _REFERENCE.fullmatch(node.value) if isinstance(node, yaml.ScalarNode) else None
            found = next((name for name in self._variables if match and name == match[1]), None)
            if found is None:
                break
            key = found
        return key

    def _after(self, key: Any, number: int | None) -> yaml.ScalarNode | None:  # noqa: ANN401 - of any mapping
        node = self._node_after(self._written_key(key))
        if number is not None and isinstance(node, yaml.SequenceNode):
            node = node.value[number] if number < len(node.value) else None
        return node if isinstance(node, yaml.ScalarNode) and _is_plain(node) else None

    def _node_after(self, key: Any) -> yaml.Node | None:  # noqa: ANN401 - of any mapping
        origin = Origin.get_tag(key)
        if origin is None or origin.col_num is None:
            return None
        place = (origin.line_num or 1, origin.col_num)
        return next((found[1][place] for found in map(_nodes, self._texts(origin)) if place in found[1]), None)

    def _texts(self, origin: Origin) -> list[str]:
        if origin.path is None:
            return [text for text in map(str, context.CLIARGS.get("extra_vars") or ()) if not text.startswith("@")]
        path = str(origin.path)
        try:
            return [_text_of(self._read, path, Path(path).stat().st_mtime_ns)]
        except Exception:  # noqa: BLE001 - Ansible read it a moment ago; whatever is wrong now is not this check's affair
            return []


@lru_cache(maxsize=32)
def _text_of(read: Callable[[str], str], path: str, _changed_at: int) -> str:
    # Not Ansible's own kind of text: the parser in C takes none.
    return "".join(read(path))


@lru_cache(maxsize=32)
def _nodes(text: str) -> tuple[dict[_Place, yaml.Node], dict[_Place, yaml.Node]]:
    """Return the scalars of a document by their places, and the values of its mappings by those of their keys."""
    scalars: dict[_Place, yaml.Node] = {}
    after: dict[_Place, yaml.Node] = {}
    try:
        _collect(yaml.compose(text, Loader=_LOADER), scalars, after)
    except yaml.YAMLError:
        return {}, {}
    return scalars, after


def _leaves(values: Mapping[str, Any]) -> Iterator[_Leaf]:
    for name in _TEXTS:
        if values.get(name) is not None:
            # The key itself, since where it was written is known of that alone.
            yield from ((name, key, None, values[key]) for key in values if key == name)
    yield from _pairs("stack_env", values.get("stack_env"))
    auths = values.get("stack_registry_auth")
    for number, entry in enumerate(auths if isinstance(auths, (list, tuple)) else (), 1):
        yield from _pairs(f"stack_registry_auth, entry {number}, ", entry)
    for name in ("stack_health_checks", "stack_hooks"):
        yield from _inside(name, values.get(name))


def _pairs(where: str, value: Any) -> Iterator[_Leaf]:  # noqa: ANN401 - a user wrote it
    if isinstance(value, Mapping):
        separator = "" if where.endswith(" ") else "."
        yield from ((f"{where}{separator}{key}", key, None, item) for key, item in value.items())


def _inside(where: str, value: Any) -> Iterator[_Leaf]:  # noqa: ANN401 - a user wrote it
    if isinstance(value, (list, tuple)):
        for number, item in enumerate(value, 1):
            label = item.get("name") if isinstance(item, Mapping) else None
            yield from _inside(f"{where} {label!s}" if isinstance(label, str) else f"{where} {number}", item)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if key not in _TEXTS_INSIDE:
                yield from _inside(f"{where}.{key}", item)
            elif isinstance(item, Mapping):
                yield from _pairs(f"{where}.{key}", item)
            elif isinstance(item, (list, tuple)):
                yield from ((f"{where}.{key}, word {at + 1}", key, at, word) for at, word in enumerate(item))


def _collect(node: yaml.Node | None, scalars: dict[_Place, yaml.Node], after: dict[_Place, yaml.Node]) -> None:
    if isinstance(node, yaml.ScalarNode):
        scalars[_place(node)] = node
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _collect(item, scalars, after)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            after[_place(key)] = value
            _collect(value, scalars, after)


def _place(node: yaml.Node) -> _Place:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _is_plain(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and not node.style


def _read(node: yaml.Node) -> Any:  # noqa: ANN401 - whatever YAML makes of it
    return yaml.safe_load(node.value)


def _number(word: str) -> float | None:
    for read in (lambda text: int(text, 0), float):
        try:
            return float(read(word))
        except ValueError:
            continue
    return None


def _finding(name: str, origin: Origin | None) -> Finding:
    place = ""
    if origin is not None and origin.path is not None:
        path = Path(str(origin.path))
        path = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
        place = f" in {path}" + (f", line {origin.line_num}" if origin.line_num else "")
    elif origin is not None:
        place = f" in {origin.description}"
    return Finding(
        thing=name,
        # Not what it says, which may be a secret.
        expected="a text that arrives as it is written",
        seen=f"a name or value without quotes{place}, of which YAML makes something else",
        remedy=f"Put quotes around it{place}.",
    )
