"""The gate on rooms: which folder of `plugins/module_utils` may know of which, and which file may touch the world.

It also holds the Docker SDK to one room, for every file in `plugins`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from tests.stages.process import ROOT

#: A room imports only itself and rooms before it.
ROOMS = ("core", "boundary", "engine", "stack", "gate", "release", "hooks", "coordination", "host", "calls")
FOLDER = "plugins/module_utils"
#: The one room that imports the Docker SDK, even for types only: what the SDK raises and returns ends there.
DOOR, SDK = "engine", "docker"
#: Functions that import a library by its name.
LOADERS = ("load_library", "import_module")
#: An `__init__.py` is not counted.
FILES_OF_A_ROOM = 13
MARK = "(I/O"
#: Modules with which a file touches processes, files, the network, threads or the clock.
IO_MODULES = {
    *("asyncio", "concurrent", "fcntl", "ftplib", "glob", "grp", "http", "multiprocessing", "os", "pwd", "queue"),
    *("select", "selectors", "shutil", "signal", "socket", "ssl", "subprocess", "tempfile", "threading", "time"),
    *("docker", "requests", "urllib.request"),
}
#: What those modules have that touches nothing.
PURE_NAMES = {"os.path", "signal.Signals", "time.strftime", "time.strptime"}
COLLECTION = ("ansible_collections", "slipway", "compose", "plugins")


@dataclass(frozen=True)
class Import:
    """One name that a file imports.

    Attributes:
        line: where.
        target: the file of `plugins` that it comes from, relative to it without `.py`; else the dotted name.
        own: whether it is of this collection.
        typing: whether only a type checker imports it.
        at_import: whether it is imported when the file is, not when a function is called.
    """

    line: int
    target: str
    own: bool
    typing: bool
    at_import: bool


def misplaced(root: Path = ROOT) -> list[str]:
    """Return a line for each file, folder or import under `plugins/module_utils` that breaks a rule of the rooms."""
    base = root / FOLDER
    paths = sorted(path for path in base.rglob("*.py") if "__pycache__" not in path.parts)
    trees = {path: ast.parse(path.read_text(encoding="utf-8"), str(path)) for path in paths}
    marked = {_key(path, root) for path, tree in trees.items() if _is_io(tree)}
    found = [fault for folder in sorted({path.parent for path in paths}) for fault in _folder_faults(folder, root)]
    graphs: dict[str, dict[str, set[str]]] = {}
    for path, tree in trees.items():
        name, key = path.relative_to(root).as_posix(), _key(path, root)
        imports = list(_imports(tree, path, root))
        found += [f"{name}:{fault}" for one in imports for fault in _order_faults(_room(key), one)]
        if key not in marked:
            found += [f"{name}:{fault}" for one in imports for fault in _purity_faults(one, marked)]
        graph = graphs.setdefault(_room(key), {})
        graph[key] = {one.target for one in imports if one.own and one.at_import and _room(one.target) == _room(key)}
    found += [fault for room, graph in graphs.items() for fault in _cycle_faults(room, graph)]
    return found + [fault for path in sorted((root / "plugins").rglob("*.py")) for fault in _door_faults(path, root)]


def _folder_faults(folder: Path, root: Path) -> Iterator[str]:
    name = folder.relative_to(root).as_posix()
    if name == FOLDER:
        for path in sorted(folder.glob("*.py")):
            yield f"{name}/{path.name}:1: expected a room ({', '.join(ROOMS)}), seen a file in none: move it into one"
        return
    if _room(_key(folder / "x.py", root)) not in ROOMS:
        yield f"{name}:1: expected one of the rooms {', '.join(ROOMS)}, seen another: add it to ROOMS where it belongs"
    begin = folder / "__init__.py"
    if not begin.is_file():
        yield f"{name}:1: expected an empty __init__.py, seen none: add it, or Ansible does not send the room to hosts"
    elif begin.read_bytes():
        yield f"{name}/__init__.py:1: expected an empty file, seen content: move it into a file with a name"
    number = len(list(folder.glob("*.py"))) - int(begin.is_file())
    if number > FILES_OF_A_ROOM:
        yield f"{name}:1: expected at most {FILES_OF_A_ROOM} files, seen {number}: make a room of those on one subject"


def _order_faults(room: str, one: Import) -> Iterator[str]:
    if not one.own or room not in ROOMS:
        return
    if not one.target.startswith("module_utils/"):
        yield (
            f"{one.line}: expected imports from rooms of {FOLDER}, seen plugins/{one.target}: "
            "move what is needed into a room, or this file out"
        )
    elif (seen := _room(one.target)) in ROOMS and ROOMS.index(seen) > ROOMS.index(room):
        below = ", ".join(ROOMS[: ROOMS.index(room) + 1])
        yield f"{one.line}: expected imports from {below}, seen {one.target}: move what is needed into a room below"


def _purity_faults(one: Import, marked: set[str]) -> Iterator[str]:
    if one.typing:
        return
    io = one.target in marked if one.own else one.target not in PURE_NAMES and _touches(one.target)
    if io:
        yield (
            f"{one.line}: expected no I/O in a file without '{MARK})' in its first line, seen an import of "
            f"{one.target}: mark the file, or move the I/O out of it"
        )


def _door_faults(path: Path, root: Path) -> Iterator[str]:
    if _room(_key(path, root)) == DOOR:
        return
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    imports = [(one.line, one.target) for one in _imports(tree, path, root) if not one.own]
    for line, name in sorted([*imports, *_loaded(tree)]):
        if name.partition(".")[0] == SDK:
            yield (
                f"{path.relative_to(root).as_posix()}:{line}: expected the Docker SDK in room {DOOR} alone, seen an "
                f"import of {name}: ask through {FOLDER}/{DOOR}/client.py"
            )


def _loaded(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Return each library that is imported by its name, as in `load_library("docker")`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in LOADERS:
            yield from ((node.lineno, str(arg.value)) for arg in node.args[:1] if isinstance(arg, ast.Constant))


def _touches(name: str) -> bool:
    parts = name.split(".")
    return any(".".join(parts[:end]) in IO_MODULES for end in range(1, len(parts) + 1))


def _cycle_faults(room: str, graph: dict[str, set[str]]) -> Iterator[str]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = " <- ".join(error.args[1])
        yield (
            f"plugins/{error.args[1][0]}.py:1: expected no circle of imports in room {room}, seen {circle}: "
            "move what both need into a third file"
        )


def _imports(tree: ast.Module, path: Path, root: Path) -> Iterator[Import]:
    package = path.relative_to(root / "plugins").parts[:-1]
    for node, typing, at_import in _statements(tree, typing=False, at_import=True):
        if isinstance(node, ast.Import):
            modules = [(alias.name.split("."), "") for alias in node.names]
        else:
            parts = (node.module or "").split(".") if node.module else []
            above = package[: len(package) - node.level + 1]
            start = [*COLLECTION, *above] if node.level else []
            modules = [([*start, *parts], alias.name) for alias in node.names]
        for module, name in modules:
            own = tuple(module[: len(COLLECTION)]) == COLLECTION
            target = _own_target(module[len(COLLECTION) :], name, root) if own else ".".join([*module, name]).strip(".")
            yield Import(node.lineno, target, own, typing, at_import and not typing)


def _own_target(parts: list[str], name: str, root: Path) -> str:
    """Return the file: a name that is imported from a folder is a file in it."""
    folder = "/".join(parts)
    return f"{folder}/{name}" if (root / "plugins" / folder).is_dir() else folder


def _statements(
    node: ast.AST, *, typing: bool, at_import: bool
) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool, bool]]:
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        yield node, typing, at_import
    elif isinstance(node, ast.If) and ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}:
        for statement in node.body:
            yield from _statements(statement, typing=True, at_import=at_import)
        for statement in node.orelse:
            yield from _statements(statement, typing=typing, at_import=at_import)
    else:
        inside = at_import and not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        for child in ast.iter_child_nodes(node):
            yield from _statements(child, typing=typing, at_import=inside)


def _is_io(tree: ast.Module) -> bool:
    return MARK in (ast.get_docstring(tree) or "").partition("\n")[0]


def _key(path: Path, root: Path) -> str:
    return path.relative_to(root / "plugins").with_suffix("").as_posix()


def _room(key: str) -> str:
    """Return the room of a file; what lies deeper in a room is of that room."""
    parts = key.split("/")
    return parts[1] if len(parts) > 2 and parts[0] == "module_utils" else ""
