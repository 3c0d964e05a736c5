# SPDX-License-Identifier: GPL-3.0-or-later
"""Regular expressions: none that is to fit a whole text lets a line end pass."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path for folder in ("plugins", "scripts") for path in (ROOT / folder).rglob("*.py"))


def loose_ends(source: str) -> Iterator[str]:
    """Yield the patterns that end with `$`, which also fits before a line end: `fullmatch` does not."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            is_re = isinstance(node.func.value, ast.Name) and node.func.value.id == "re"
            parts = [part for part in ast.walk(node.args[0]) if isinstance(part, ast.Constant)]
            text = "".join(str(part.value) for part in parts)
            if is_re and text.endswith("$"):
                yield text


def test_no_pattern_ends_where_a_line_does() -> None:
    assert [(path.name, text) for path in SOURCES for text in loose_ends(path.read_text())] == []


def test_one_that_does_is_found() -> None:
    assert list(loose_ends("import re\nID = re.compile(rf'^{X}[a-z]+$')\n")) == ["^[a-z]+$"]
    assert list(loose_ends("import re\nID = re.compile('[a-z]+')\n")) == []
