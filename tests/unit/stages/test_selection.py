from __future__ import annotations

from tests.stages import lint
from tests.stages.selection import ALWAYS, GATES_OF_SUFFIX, Selection, import_graph, select

PLUGINS = "ansible_collections.slipway.compose.plugins"
SOURCES = {
    "plugins/module_utils/core/a.py": "",
    "plugins/module_utils/stack/b.py": "from ..core.a import A",
    "plugins/module_utils/stack/c.py": "def later():\n    from ..core import a",
    "scripts/run.py": "from parts.one import One",
    "scripts/parts/one.py": "",
    "tests/support/look.py": f"from {PLUGINS}.module_utils.stack.b import B",
    "tests/unit/test_tree.py": "",
    "tests/unit/stack/test_b.py": f"from {PLUGINS}.module_utils.stack import b",
    "tests/unit/stack/test_other.py": "",
    "tests/unit/scripts/test_run.py": "from scripts.run import main",
    "tests/engine/conftest.py": "from tests.support import look",
    "tests/engine/test_c.py": "",
    "tests/faults/test_cut.py": "from tests.support.look import look",
}


def chosen(*changed: str) -> Selection:
    return select(changed, import_graph(SOURCES))


def test_tests_that_import_what_changed_run_however_far_away() -> None:
    found = chosen("plugins/module_utils/core/a.py").tests
    assert found == {"unit": ("tests/unit/stack/test_b.py",), "engine": ("tests/engine/test_c.py",)}


def test_only_changed_files_of_slow_stages_run() -> None:
    assert chosen("tests/faults/test_cut.py").tests == {"faults": ("tests/faults/test_cut.py",)}


def test_imports_of_a_programs_own_folder_count() -> None:
    found = chosen("scripts/parts/one.py").tests["unit"]
    assert found == ("tests/unit/scripts/test_run.py", "tests/unit/test_tree.py")


def test_deleted_file_affects_who_still_imports_it() -> None:
    sources = {name: text for name, text in SOURCES.items() if name != "plugins/module_utils/stack/b.py"}
    found = select(["plugins/module_utils/stack/b.py"], import_graph(sources)).tests
    assert found["unit"] == ("tests/unit/stack/test_b.py",)


def test_deleted_test_does_not_run() -> None:
    assert chosen("tests/unit/stack/test_gone.py", "tests/faults/test_gone.py").tests == {}


def test_data_runs_the_tests_that_read_the_tree() -> None:
    for name in ("roles/stack/tasks/main.yml", "docs/hooks.md", "README.md", "inventories/local/hosts.yml"):
        assert chosen(name).tests == {"unit": ("tests/unit/test_tree.py",)}


def test_gates_follow_from_the_kinds_of_files() -> None:
    assert chosen("roles/stack/tasks/main.yml").gates == ("ansible-lint", "rooms", "sizes", "yamllint")
    assert chosen("scripts/test.sh").gates == ("rooms", "shellcheck", "sizes")
    assert chosen("docs/hooks.md").gates == ("rooms", "sizes")
    assert chosen().gates == ()


def test_gates_have_the_names_that_lint_gives_them() -> None:
    named = {name for names in GATES_OF_SUFFIX.values() for name in names} | {*ALWAYS, "ansible-lint"}
    assert named <= {gate.name for gate in lint.gates()}


def test_what_does_not_run_is_said() -> None:
    found = chosen("tests/faults/test_cut.py").left_out
    assert found == (
        "lint in part (sanity, documentation)",
        "unit",
        "engine",
        "integration",
        "faults in part",
        "field",
        "molecule",
    )
