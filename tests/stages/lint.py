"""The gates that read the code without running it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.stages import sanity, side_by_side
from tests.stages.outcome import Outcome
from tests.stages.process import BIN, Completed, project_files, run
from tests.stages.rooms import misplaced
from tests.stages.sizes import oversized

COLLECTION = "ansible_collections.slipway.compose"
#: Folders of programs beside the collection; they are read as ordinary Python.
PROGRAMS = ("scripts/", "tests/")
TIMEOUT_SECONDS = 600.0
SHELLCHECK_EXTRAS = (
    "avoid-negated-conditions",
    "avoid-nullary-conditions",
    "check-unassigned-uppercase",
    "deprecate-which",
    "useless-use-of-cat",
)


@dataclass(frozen=True)
class Gate:
    """A check with a name."""

    name: str
    check: Callable[[], Completed]


def gates() -> list[Gate]:
    """Return every gate, the slowest first so that the others run beside it."""
    return [
        Gate("ansible-test sanity", partial(sanity.check, sanity.ALL_BUT_PYLINT)),
        Gate("ansible-test sanity, pylint", partial(sanity.check, sanity.PYLINT)),
        _command("ansible-lint", "ansible-lint", "--offline", "--nocolor", "--format", "pep8"),
        _command("mypy on the collection", "mypy", *_collection_packages()),
        _command("mypy on scripts and tests", "mypy", *_programs()),
        _command("antsibull-docs", "antsibull-docs", "lint-collection-docs", "--plugin-docs", "."),
        _command("yamllint", "yamllint", "--strict", "--format", "parsable", "."),
        _command("ruff check", "ruff", "check", "--output-format", "concise", "."),
        _command("ruff format", "ruff", "format", "--check", "--output-format", "concise", "."),
        _command("shellcheck", "shellcheck", "-f", "gcc", "-x", "-o", ",".join(SHELLCHECK_EXTRAS), *_shell_files()),
        _command("antsibull-changelog", "antsibull-changelog", "lint"),
        _command("workflow schema", "check-jsonschema", "--builtin-schema", "vendor.github-workflows", *_workflows()),
        _command("issue forms", "check-jsonschema", "--builtin-schema", "vendor.github-issue-forms", *_issue_forms()),
        _command("zizmor", "zizmor", "--offline", "--pedantic", "--no-progress", ".github"),
        Gate("sizes", partial(_findings, oversized)),
        Gate("rooms", partial(_findings, misplaced)),
    ]


def outcomes() -> Iterator[Outcome]:
    """Run all gates and return each result as it comes."""
    yield from run_gates(gates())


def run_gates(wanted: list[Gate]) -> Iterator[Outcome]:
    """Run some gates, two at a time, and return each result as it comes."""
    yield from side_by_side.outcomes([partial(_outcome, gate) for gate in wanted], 2)


def _outcome(gate: Gate) -> Outcome:
    began = time.monotonic()
    try:
        completed = gate.check()
    except Exception as error:  # noqa: BLE001 - a gate that breaks has failed; the others still have their say
        return Outcome(gate.name, 0, 1, time.monotonic() - began, f"{type(error).__name__}: {error}")
    failed = int(completed.exit_code != 0)
    return Outcome(gate.name, 1 - failed, failed, completed.seconds, completed.output)


def _command(name: str, *argv: str) -> Gate:
    program, *arguments = argv
    return Gate(name, lambda: run([str(BIN / program), *arguments], timeout=TIMEOUT_SECONDS))


def _findings(find: Callable[[], list[str]]) -> Completed:
    began = time.monotonic()
    found = find()
    return Completed(int(bool(found)), "\n".join(found), time.monotonic() - began)


def _collection_packages() -> list[str]:
    """Return `-p PACKAGE` for each kind of plugin; a package brings the rooms below it."""
    kinds = {Path(name).parts[1] for name in project_files(".py") if name.startswith("plugins/")}
    return [word for kind in sorted(kinds) for word in ("-p", f"{COLLECTION}.plugins.{kind}")]


def _programs() -> list[str]:
    return [name for name in project_files(".py") if name.startswith(PROGRAMS)]


def _shell_files() -> list[str]:
    return project_files(".sh", ".ci/run")


def _workflows() -> list[str]:
    return [name for name in project_files(".yml", ".yaml") if name.startswith(".github/workflows/")]


def _issue_forms() -> list[str]:
    forms = [name for name in project_files(".yml") if name.startswith(".github/ISSUE_TEMPLATE/")]
    return [name for name in forms if not name.endswith("/config.yml")]
