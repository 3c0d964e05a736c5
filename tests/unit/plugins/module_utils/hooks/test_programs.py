"""The programs of hooks: found on the machine or among the stack's files, or found missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.hooks.programs import found_program, program_findings
from ansible_collections.slipway.compose.plugins.module_utils.stack.hooks import CONTROLLER, PRE_DEPLOY, TARGET, Hook

FILES = {"hooks/run.sh": True, "hooks/data.txt": False}


@pytest.mark.parametrize(
    ("program", "wrong"),
    [
        ("sh", ""),
        ("/bin/sh", ""),
        ("./hooks/run.sh", ""),
        ("hooks/../hooks/run.sh", ""),
        ("no-such-program", "expected a program on the target, seen none"),
        ("/no/such/program", "expected a program on the target, seen none"),
        ("/etc/passwd", "expected a program on the target, seen none"),
        ("./hooks/gone.sh", "expected a file of the stack, seen no such file"),
        ("../hooks/run.sh", "expected a file of the stack, seen no such file"),
        ("./hooks/data.txt", "expected a file that may be executed, seen one that may not. chmod +x hooks/data.txt"),
    ],
)
def test_a_missing_program_is_found(program: str, wrong: str) -> None:
    findings = program_findings([Hook(PRE_DEPLOY, "a", (program, "x"))], TARGET, FILES)
    assert len(findings) == bool(wrong)
    assert wrong in "".join(finding.sentence() for finding in findings)


def test_only_commands_of_this_place_are_looked_for() -> None:
    hooks = (
        Hook(PRE_DEPLOY, "inside", ("nothing",), "web"),
        Hook(PRE_DEPLOY, "outside", ("nothing",), place=CONTROLLER),
    )
    assert program_findings(hooks, TARGET, FILES) == []
    (finding,) = program_findings(hooks, CONTROLLER, FILES)
    assert "on the controller" in finding.sentence()


def test_a_program_of_the_stack_is_run_from_its_folder() -> None:
    folder = Path("/srv/files")
    assert found_program(("./hooks/run.sh", "./x"), folder) == ["/srv/files/hooks/run.sh", "./x"]
    assert found_program(("sh", "./x"), folder) == ["sh", "./x"]
    assert found_program(("/bin/sh",), folder) == ["/bin/sh"]
