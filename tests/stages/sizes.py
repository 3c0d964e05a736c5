"""The gate on length: a long file or function is a sign that something wants another home."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.stages.process import ROOT, project_files

FILE_LINES = 400
FUNCTION_LINES = 40
#: Ansible reads the documentation of all of a role's entry points from this one file.
UNBOUNDED = "/meta/argument_specs.yml"


def oversized(names: list[str] | None = None, root: Path = ROOT) -> list[str]:
    """Return a line for each file and function that is too long."""
    found: list[str] = []
    for name in project_files(".py", ".sh", ".yml", ".yaml") if names is None else names:
        text = (root / name).read_text(encoding="utf-8")
        lines = text.count("\n")
        if lines > FILE_LINES and not name.endswith(UNBOUNDED):
            found.append(f"{name}:1: {lines} lines, at most {FILE_LINES} expected: split it by what it is about")
        if name.endswith(".py"):
            found += _long_functions(name, ast.parse(text, name))
    return found


def _long_functions(name: str, tree: ast.Module) -> list[str]:
    return [
        f"{name}:{node.lineno}: {node.name} has {_length(node)} lines, at most {FUNCTION_LINES} expected: split it"
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and _length(node) > FUNCTION_LINES
    ]


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count a function's lines without its docstring."""
    first = node.body[0]
    docstring = (first.end_lineno or first.lineno) - first.lineno + 1 if ast.get_docstring(node) is not None else 0
    return (node.end_lineno or node.lineno) - node.lineno + 1 - docstring
