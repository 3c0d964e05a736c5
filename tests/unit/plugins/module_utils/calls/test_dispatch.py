# SPDX-License-Identifier: GPL-3.0-or-later
"""A state of the module `release` is a row and a file."""

from __future__ import annotations

import ast
from pathlib import Path

from ansible_collections.slipway.compose.plugins.module_utils.calls import dispatch

FOLDER = Path(dispatch.__file__).parent / "states"


def test_each_state_has_its_file_and_each_file_its_row() -> None:
    files = {path.stem for path in FOLDER.glob("*.py")} - {"__init__"}
    assert files == set(dispatch.STATES)


def test_ansible_finds_every_state_when_it_packs_the_module() -> None:
    # It follows import statements, and knows nothing of import_module.
    tree = ast.parse(Path(dispatch.__file__).read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == "states"]
    assert {alias.name for node in imports for alias in node.names} == set(dispatch.STATES)
