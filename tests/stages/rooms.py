"""The gate on rooms: a file imports only rooms below its own, and a pure file imports nothing that does I/O.

A file whose docstring says "(I/O" in its first line does I/O; every other file is pure.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tests.stages.process import ROOT, project_files

FOLDER = PurePosixPath("plugins/module_utils")
#: The rooms, the lowest first.
ROOMS = ("core", "engine", "stack", "gate", "release", "hooks", "coordination", "host", "calls")
MOST_FILES = 13
#: Modules that reach the disk, the network, other processes or the machine.
IO_MODULES = frozenset({
    "docker", "fcntl", "http", "multiprocessing", "os", "requests", "shutil", "socket", "ssl", "subprocess",
    "tempfile", "threading", "urllib3",
})  # fmt: skip
_PREFIX = "ansible_collections.slipway.compose."


@dataclass(frozen=True)
class Import:
    """An import of a file.

    Attributes:
        line: where it stands.
        module: dotted name; of the collection's own from "plugins" on.
        only_types: whether it is for type checkers alone.
    """

    line: int
    module: str
    only_types: bool


@dataclass(frozen=True)
class Source:
    """A file of a room.

    Attributes:
        name: its path in the project.
        does_io: whether its docstring says that it does I/O.
        imports: what it imports, wherever in the file.
    """

    name: str
    does_io: bool
    imports: tuple[Import, ...]

    @property
    def room(self) -> str:
        """Return the room, "" for a file that lies in none."""
        inside = PurePosixPath(self.name).relative_to(FOLDER).parts
        return inside[0] if len(inside) > 1 else ""

    @property
    def module(self) -> str:
        """Return its dotted name, from "plugins" on."""
        return ".".join(PurePosixPath(self.name).with_suffix("").parts)


def misplaced(names: list[str] | None = None, root: Path = ROOT) -> list[str]:
    """Return a line for each import and file that is where it must not be."""
    mine = [
        name
        for name in (project_files(".py") if names is None else names)
        if PurePosixPath(name).is_relative_to(FOLDER)
    ]
    sources = [
        read(name, (root / name).read_text(encoding="utf-8")) for name in mine if not name.endswith("__init__.py")
    ]
    doing_io = {source.module for source in sources if source.does_io}
    modules = {source.module for source in sources}
    found = [line for source in sources for line in _complaints(source, modules, doing_io)]
    for room in sorted({source.room for source in sources} - {""}):
        files = sum(source.room == room for source in sources)
        if f"{FOLDER}/{room}/__init__.py" not in mine:
            found.append(f"{FOLDER}/{room}:1: expected an empty __init__.py, seen none: Ansible needs it")
        if files > MOST_FILES:
            found.append(f"{FOLDER}/{room}:1: {files} files, at most {MOST_FILES} expected: split the room")
    return found


def read(name: str, text: str) -> Source:
    """Return what a file's text says of itself."""
    tree = ast.parse(text, name)
    first_line = (ast.get_docstring(tree) or "").partition("\n")[0]
    package = PurePosixPath(name).parent.parts
    return Source(name, "(I/O" in first_line, tuple(_imports(tree, package, only_types=False)))


def _imports(node: ast.AST, package: tuple[str, ...], *, only_types: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(child.lineno, alias.name, only_types) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            base = package[: len(package) + 1 - child.level] if child.level else ()
            module = ".".join((*base, *([child.module] if child.module else []))).removeprefix(_PREFIX)
            # What is named may be a module (`from . import journal`) or a name in one.
            yield from (Import(child.lineno, f"{module}.{alias.name}", only_types) for alias in child.names)
        else:
            for_types = (
                isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING"
            )
            yield from _imports(child, package, only_types=only_types or for_types)


def _complaints(source: Source, modules: set[str], doing_io: set[str]) -> Iterator[str]:
    if source.room not in ROOMS:
        yield f"{source.name}:1: expected in one of the rooms {', '.join(ROOMS)}, seen elsewhere: move it"
        return
    for one in source.imports:
        wrong = _beyond(source, one) or _impure(source, one, modules, doing_io)
        if wrong:
            yield f"{source.name}:{one.line}: {wrong}"


def _beyond(source: Source, one: Import) -> str:
    """Say what is wrong with where an import leads, "" if nothing is."""
    parts = one.module.split(".")
    if parts[0] != "plugins":
        return ""
    if parts[1] != "module_utils":
        return f"expected only what is sent to hosts, seen plugins/{parts[1]}: move what is shared into a room"
    if parts[2] not in ROOMS[: ROOMS.index(source.room) + 1]:
        return f"expected no room above {source.room}, seen {parts[2]}: move what is shared down"
    return ""


def _impure(source: Source, one: Import, modules: set[str], doing_io: set[str]) -> str:
    """Say how an import makes a pure file do I/O, "" if it does not."""
    if source.does_io or one.only_types:
        return ""
    target = one.module if one.module in modules else one.module.rpartition(".")[0]
    if target in doing_io:
        return f'expected a pure file to import pure files, seen {target}: mark it "(I/O)", or move the code'
    if one.module.partition(".")[0] in IO_MODULES:
        return f'expected a pure file to do no I/O, seen {one.module}: mark it "(I/O)", or move the code'
    return ""
