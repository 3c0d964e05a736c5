"""What a change can break: the files that import what changed, and the gates of the changed kinds of files."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

COLLECTION = "ansible_collections.slipway.compose."
#: Stages of which every affected file runs, and those of which only a file that changed itself does.
BY_IMPORTS, BY_THEMSELVES = ("unit", "engine"), ("integration", "faults", "field")
#: What the tests directly in tests/unit read as data.
DATA = ("docs/", "examples/", "group_vars/", "inventories/", "playbooks/", "roles/", "scripts/")
ALWAYS = ("sizes", "rooms")
PYTHON_GATES = ("ruff check", "ruff format", "mypy on the collection", "mypy on scripts and tests")
GATES_OF_SUFFIX = {
    ".py": PYTHON_GATES,
    ".toml": PYTHON_GATES,
    ".yml": ("yamllint",),
    ".yaml": ("yamllint",),
    ".sh": ("shellcheck",),
}
ANSIBLE = ("roles/", "playbooks/", "molecule/", ".ansible-lint")
ALL = ("lint", *BY_IMPORTS, *BY_THEMSELVES, "molecule")


@dataclass(frozen=True)
class Selection:
    """What to run.

    Attributes:
        changed: the files that changed.
        gates: names of gates of the stage `lint`.
        tests: the test files of each stage; a stage without any is not in it.
        left_out: what of the whole run is not done.
    """

    changed: tuple[str, ...]
    gates: tuple[str, ...]
    tests: dict[str, tuple[str, ...]]
    left_out: tuple[str, ...]


def select(changed: Iterable[str], importers: Mapping[str, set[str]]) -> Selection:
    """Return what to run for these files, given who imports each file of the project (`import_graph`)."""
    files = set(changed)
    reached = _affected(files, importers)
    known = importers.keys()
    tests = {stage: {name for name in reached if name in known and _is_test(name, stage)} for stage in BY_IMPORTS}
    tests |= {stage: {name for name in files if name in known and _is_test(name, stage)} for stage in BY_THEMSELVES}
    if any(name.startswith(DATA) or name.endswith(".md") for name in files):
        tests["unit"] |= {name for name in known if PurePosixPath(name).match("tests/unit/test_*.py")}
    chosen = {stage: tuple(sorted(names)) for stage, names in tests.items() if names}
    partly = [f"{stage} in part" if stage in chosen else stage for stage in ALL if stage not in {"lint", "molecule"}]
    return Selection(
        tuple(sorted(files)), _gates(files), chosen, ("lint in part (sanity, documentation)", *partly, "molecule")
    )


def import_graph(sources: Mapping[str, str]) -> dict[str, set[str]]:
    """Return for each file which files import it; a conftest.py counts as imported by the tests beside and below it.

    Args:
        sources: text of each Python file by its path in the project.
    """
    importers: dict[str, set[str]] = {name: set() for name in sources}
    for name, text in sources.items():
        for module in _modules(name, ast.parse(text, name)):
            path = module.replace(".", "/")
            for imported in (f"{path}.py", f"{path}/__init__.py"):
                # Deleted files have importers, too.
                importers.setdefault(imported, set()).add(name)
        if name.endswith("/conftest.py"):
            folder = name.removesuffix("conftest.py")
            importers[name] |= {other for other in sources if other.startswith(folder) and other != name}
    return importers


def _modules(name: str, tree: ast.Module) -> Iterator[str]:
    package = list(PurePosixPath(name).parts[:-1])
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*start, *filter(None, [node.module])])
            found = [module, *(f"{module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for module in found:
            yield module.removeprefix(COLLECTION)
            if name.startswith("scripts/"):
                # A program's own folder is first on its path.
                yield ".".join([*package, module])


def _affected(changed: set[str], importers: Mapping[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    todo = set(changed)
    while todo:
        name = todo.pop()
        reached.add(name)
        todo |= importers.get(name, set()) - reached
    return reached


def _is_test(name: str, stage: str) -> bool:
    return name.startswith(f"tests/{stage}/") and PurePosixPath(name).match("test_*.py")


def _gates(changed: set[str]) -> tuple[str, ...]:
    found = set(ALWAYS) if changed else set()
    for name in changed:
        found.update(GATES_OF_SUFFIX.get(PurePosixPath(name).suffix, ()))
        if name == ".ci/run":
            found.add("shellcheck")
        if name.startswith(ANSIBLE):
            found.add("ansible-lint")
    return tuple(sorted(found))
