"""What the documentation names exists: scripts, options, playbooks, variables, files, verdicts, links."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from ansible_collections.slipway.compose.plugins.plugin_utils.fleet.outcomes import EXIT_CODES
from scripts.demonstration import record
from scripts.playbook_run.arguments import ABOUT, build_parser
from tests.stages.__main__ import STAGES

ROOT = Path(__file__).resolve().parents[2]
ROLES = ROOT / "roles"
PAGES = sorted(
    [*ROOT.glob("*.md"), ROOT / "tests" / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("roles/*/README.md")]
)
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
#: The design speaks of what is still to come, too.
DESIGN = ROOT / "docs" / "architecture.md"

every_page = pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])


def blocks(page: Path, *languages: str) -> list[str]:
    return [text for language, text in FENCE.findall(page.read_text(encoding="utf-8")) if language in languages]


def commands(page: Path) -> Iterator[list[str]]:
    """Yield the words of every command line in fenced blocks and in inline code that begins with a script."""
    text = page.read_text(encoding="utf-8")
    lines = [line for block in blocks(page, "sh", "console") for line in block.splitlines()]
    # A code span may be wrapped; a table escapes its bars.
    inline = re.findall(r"`([^`]+)`", FENCE.sub("", text))
    lines += [" ".join(code.split()) for code in inline if re.match(r"(scripts/\w+\.sh|ansible-playbook) ", code)]
    for line in lines:
        yield shlex.split(line.replace("\\|", "|"), comments=True)


def known_options(script: str) -> set[str]:
    verb = Path(script).stem
    if verb in ABOUT:
        return {option for action in build_parser(verb)._actions for option in action.option_strings}  # noqa: SLF001
    return set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", (ROOT / script).read_text(encoding="utf-8")))


def options_of(role: str) -> set[str]:
    specs = yaml.safe_load((ROLES / role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    return {name for spec in specs["argument_specs"].values() for name in spec.get("options", {})}


def variables() -> set[str]:
    roles = [path.name for path in ROLES.iterdir() if path.is_dir()]
    return {name for role in roles for name in options_of(role)}


def other_names() -> set[str]:
    """Return names that begin like a variable's and are none: the inventory group, tags, modules."""
    tags = {
        tag
        for tasks in ROLES.glob("*/tasks/*.yml")
        for line in re.findall(r"tags: (.*)", tasks.read_text(encoding="utf-8"))
        for tag in re.findall(r"\w+", line)
    }
    return {"stack_hosts"} | tags | {path.stem for path in (ROOT / "plugins").glob("*/*.py")}


def wrong_words(words: list[str]) -> Iterator[str]:
    program, rest = words[0], words[1:]
    if Path(program).name == "pytest":
        yield from (word for word in rest if word.startswith("tests/") and not is_test(word))
    if program == "scripts/test.sh":
        yield from (word for word in rest if word.isalpha() and word.islower() and word not in {*STAGES, "changed"})
    if not program.startswith("scripts/"):
        return
    if not (ROOT / program).is_file():
        yield program
        return
    yield from (word for word in rest if word.startswith("-") and word.partition("=")[0] not in known_options(program))


def is_test(word: str) -> bool:
    path, _colons, name = word.partition("::")
    return (ROOT / path).exists() and f"def {name}" in ((ROOT / path).read_text(encoding="utf-8") if name else "def ")


@every_page
def test_scripts_and_their_options_exist(page: Path) -> None:
    assert [(words, wrong) for words in commands(page) if words for wrong in wrong_words(words)] == []


@every_page
def test_variables_exist(page: Path) -> None:
    named = set(
        re.findall(r"(?<![\w./-])(?:stack|host|report)_[a-z_]*[a-z](?![\w(])", page.read_text(encoding="utf-8"))
    )
    assert named - variables() - other_names() == set()


@every_page
def test_extra_variables_exist(page: Path) -> None:
    given = {word.partition("=")[0] for words in commands(page) for one, word in pairwise(words) if one == "-e"}
    assert given - variables() - {"ansible_user", "NAME"} == set()


@every_page
def test_paths_exist(page: Path) -> None:
    named = re.findall(
        r"`((?:scripts|playbooks|roles|docs|tests|plugins|examples|group_vars)/[\w./-]*)",
        page.read_text(encoding="utf-8"),
    )
    assert [path for path in named if not (ROOT / path).exists() and page != DESIGN] == []


@every_page
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        path, _hash, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        if target.startswith(("http:", "https:")):
            continue
        if not found.exists() or (anchor and anchor not in anchors(found)):
            broken.append(target)
    assert broken == []


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@every_page
def test_yaml_examples_can_be_read(page: Path) -> None:
    for block in blocks(page, "yaml"):
        assert yaml.safe_load(block)


def test_every_variable_of_a_stack_is_in_the_configuration_page() -> None:
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    assert [name for name in options_of("stack") if f"`{name}`" not in text] == []


def test_readme_has_every_verdict_with_its_exit_code() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \|", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert {word: int(code) for word, code in rows} == EXIT_CODES


def test_troubleshooting_has_every_verdict_that_is_no_success() -> None:
    found = anchors(ROOT / "docs" / "troubleshooting.md")
    assert {f"{word}-exit-code-{code}" for word, code in EXIT_CODES.items() if code} <= found


def test_the_demo_knows_where_its_stack_lies() -> None:
    environment = yaml.safe_load((ROOT / "inventories/local/group_vars/all/10_environment.yml").read_text())
    shared = yaml.safe_load((ROOT / "group_vars" / "shared.yml").read_text())
    assert environment["stack_root"].replace("{{ lookup('ansible.builtin.env', 'HOME') }}", str(Path.home())) == str(
        record.stack_root()
    )
    assert shared["stack_name"] == record.INVENTORY_STACK
