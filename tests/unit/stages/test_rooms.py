"""The gate on rooms finds every import that leads up, and every pure file that does I/O."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stages.rooms import MOST_FILES, misplaced

PURE, DOES_IO = '"""Values."""\n', '"""Reads the disk (I/O)."""\n'
COLLECTION = "ansible_collections.slipway.compose.plugins"


def complaints(root: Path, files: dict[str, str]) -> list[str]:
    """Return what the gate says of files of module_utils, by path; each room has its __init__.py."""
    rooms = {f"{Path(name).parent}/__init__.py": "" for name in files if "/" in name}
    names = []
    for name, text in {**rooms, **files}.items():
        path = root / "plugins" / "module_utils" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        names.append(str(path.relative_to(root)))
    return misplaced(sorted(names), root)


def test_the_projects_own_rooms_are_in_order() -> None:
    assert misplaced() == []


@pytest.mark.parametrize(
    ("statement", "seen"),
    [
        ("from ..host.deployment import Deployment", "seen host"),
        ("from ..host import deployment", "seen host"),
        (f"from {COLLECTION}.module_utils.host.deployment import Deployment", "seen host"),
        ("def later():\n    from ..calls import states", "seen calls"),
        ("from ...plugin_utils.fleet import course", "seen plugins/plugin_utils"),
    ],
)
def test_an_import_that_leads_up_is_found(tmp_path: Path, statement: str, seen: str) -> None:
    found = complaints(tmp_path, {"gate/health.py": DOES_IO + statement})
    assert len(found) == 1
    assert found[0].startswith("plugins/module_utils/gate/health.py:")
    assert seen in found[0]


@pytest.mark.parametrize(
    "statement",
    [
        "import subprocess",
        "def later():\n    import docker",
        "from os import path",
        "from . import disk",
        "from .disk import read",
        f"from {COLLECTION}.module_utils.stack.disk import read",
    ],
)
def test_a_pure_file_that_does_io_is_found(tmp_path: Path, statement: str) -> None:
    found = complaints(tmp_path, {"stack/plan.py": PURE + statement, "stack/disk.py": DOES_IO})
    assert len(found) == 1
    assert found[0].startswith("plugins/module_utils/stack/plan.py:")


@pytest.mark.parametrize(
    "text",
    [
        PURE + "import json\nfrom ..core.findings import Finding",
        PURE + "if TYPE_CHECKING:\n    from .disk import Disk",
        DOES_IO + "import subprocess\nfrom .disk import read",
    ],
)
def test_what_keeps_the_rules_is_left_alone(tmp_path: Path, text: str) -> None:
    files = {"stack/plan.py": text, "stack/disk.py": DOES_IO, "core/findings.py": PURE}
    assert complaints(tmp_path, files) == []


def test_a_file_outside_the_rooms_is_found(tmp_path: Path) -> None:
    assert len(complaints(tmp_path, {"loose.py": PURE, "cellar/wine.py": PURE})) == 2


def test_a_room_needs_its_init_file_and_has_an_end(tmp_path: Path) -> None:
    found = complaints(tmp_path, {f"core/part{number}.py": PURE for number in range(MOST_FILES + 1)})
    assert [line.partition(",")[0] for line in found] == [f"plugins/module_utils/core:1: {MOST_FILES + 1} files"]
    (tmp_path / "plugins/module_utils/core/__init__.py").unlink()
    assert "expected an empty __init__.py" in misplaced(["plugins/module_utils/core/part0.py"], tmp_path)[0]
