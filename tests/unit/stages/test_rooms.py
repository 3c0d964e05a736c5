"""Each rule of the rooms, broken in a tree of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stages.rooms import FILES_OF_A_ROOM, ROOMS, misplaced

PURE = '"""Says."""\n'
IO = '"""Does (I/O)."""\n'


def tree(root: Path, files: dict[str, str]) -> list[str]:
    """Write files into rooms that are right, and return what the gate says without its advice."""
    for room in ROOMS:
        (root / "plugins/module_utils" / room).mkdir(parents=True)
        (root / "plugins/module_utils" / room / "__init__.py").touch()
    for name, text in files.items():
        path = root / "plugins/module_utils" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return misplaced(root)


def test_the_project_obeys() -> None:
    assert misplaced() == []


def test_imports_from_below_and_from_the_own_room_pass(tmp_path: Path) -> None:
    files = {"core/a.py": PURE, "core/b.py": f"{PURE}from .a import A\n", "stack/c.py": f"{PURE}from ..core import a\n"}
    assert tree(tmp_path, files) == []


@pytest.mark.parametrize(
    "line",
    [
        "from ..stack.a import A",
        "from ..stack import a",
        "from ansible_collections.slipway.compose.plugins.module_utils.stack.a import A",
        "def later():\n    from ..stack.a import A",
    ],
)
def test_import_from_a_room_above_is_named(tmp_path: Path, line: str) -> None:
    (found,) = tree(tmp_path, {"stack/a.py": PURE, "engine/b.py": f"{PURE}{line}\n"})
    number = 2 + line.count("\n")
    expected = f"engine/b.py:{number}: expected imports from core, boundary, engine, seen module_utils/stack/a: move"
    assert found.startswith(f"plugins/module_utils/{expected}")


@pytest.mark.parametrize("kind", ["plugin_utils", "modules", "action"])
def test_import_of_controller_code_is_named(tmp_path: Path, kind: str) -> None:
    (found,) = tree(tmp_path, {"calls/b.py": f"{IO}from ...{kind}.x import X\n"})
    assert f"calls/b.py:2: expected imports from rooms of plugins/module_utils, seen plugins/{kind}/x" in found


def test_file_outside_of_every_room_is_named(tmp_path: Path) -> None:
    (found,) = tree(tmp_path, {"a.py": PURE})
    assert found.startswith("plugins/module_utils/a.py:1: expected a room (core, ")


def test_unknown_room_is_named(tmp_path: Path) -> None:
    (found,) = tree(tmp_path, {"attic/__init__.py": "", "attic/a.py": PURE})
    assert found.startswith("plugins/module_utils/attic:1: expected one of the rooms core, ")


def test_room_without_a_beginning_is_named(tmp_path: Path) -> None:
    (found,) = tree(tmp_path, {"stack/kinds/a.py": PURE})
    assert found.startswith("plugins/module_utils/stack/kinds:1: expected an empty __init__.py, seen none")


def test_beginning_with_content_is_named(tmp_path: Path) -> None:
    (found,) = tree(tmp_path, {"core/__init__.py": PURE})
    assert found.startswith("plugins/module_utils/core/__init__.py:1: expected an empty file, seen content")


def test_crowded_room_is_named(tmp_path: Path) -> None:
    files = {f"core/a{number}.py": PURE for number in range(FILES_OF_A_ROOM + 1)}
    (found,) = tree(tmp_path, files)
    assert found.startswith("plugins/module_utils/core:1: expected at most 13 files, seen 14")


def test_circle_is_named(tmp_path: Path) -> None:
    (found,) = tree(tmp_path, {"core/a.py": f"{PURE}from .b import B\n", "core/b.py": f"{PURE}from . import a\n"})
    assert "expected no circle of imports in room core, seen module_utils/core/" in found


@pytest.mark.parametrize(
    "line",
    ["def later():\n    from .b import B", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from . import b"],
)
def test_import_that_waits_makes_no_circle(tmp_path: Path, line: str) -> None:
    assert tree(tmp_path, {"core/a.py": f"{PURE}{line}\n", "core/b.py": f"{PURE}from .a import A\n"}) == []


@pytest.mark.parametrize(
    "line",
    ["import os", "import subprocess", "from time import sleep", "import urllib.request", "from urllib import request"],
)
def test_io_in_a_pure_file_is_named(tmp_path: Path, line: str) -> None:
    (found,) = tree(tmp_path, {"core/a.py": f"{PURE}{line}\n"})
    assert "core/a.py:2: expected no I/O in a file without '(I/O)' in its first line" in found


def test_pure_file_that_imports_an_io_file_is_named(tmp_path: Path) -> None:
    (found,) = tree(tmp_path, {"core/a.py": IO, "core/b.py": f"{PURE}from . import a\n"})
    assert "core/b.py:2: expected no I/O" in found
    assert "seen an import of module_utils/core/a: mark the file" in found


@pytest.mark.parametrize(
    "line",
    [
        "from pathlib import Path",
        "from os import path",
        "from time import strptime",
        "from urllib.parse import urlsplit",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import subprocess",
    ],
)
def test_pure_imports_pass(tmp_path: Path, line: str) -> None:
    assert tree(tmp_path, {"core/a.py": f"{PURE}{line}\n"}) == []


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("import docker", "docker"),
        ("from docker import DockerClient", "docker.DockerClient"),
        ("def later():\n    import docker.errors", "docker.errors"),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import docker", "docker"),
        ("from ..core.libraries import load_library\nload_library('docker')", "docker"),
    ],
)
def test_import_of_the_docker_sdk_outside_of_its_room_is_named(tmp_path: Path, line: str, name: str) -> None:
    files = {"core/libraries.py": PURE, "gate/a.py": f"{IO}{line}\n", "engine/b.py": f"{IO}{line}\n"}
    (found,) = tree(tmp_path, files)
    expected = f"gate/a.py:{2 + line.count(chr(10))}: expected the Docker SDK in room engine alone, seen an import of "
    assert found.startswith(f"plugins/module_utils/{expected}{name}: ask through ")


def test_import_of_the_docker_sdk_at_an_edge_is_named(tmp_path: Path) -> None:
    (tmp_path / "plugins/modules").mkdir(parents=True)
    (tmp_path / "plugins/modules/a.py").write_text("import docker\n", encoding="utf-8")
    (found,) = tree(tmp_path, {})
    assert found.startswith("plugins/modules/a.py:1: expected the Docker SDK in room engine alone")


def test_marked_file_may_do_io(tmp_path: Path) -> None:
    assert tree(tmp_path, {"core/a.py": '"""Asks (I/O: the kernel)."""\nimport os\n'}) == []
