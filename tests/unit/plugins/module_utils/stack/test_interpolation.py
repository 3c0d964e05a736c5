# SPDX-License-Identifier: GPL-3.0-or-later
"""What is put in for variables; every row is what Compose 2.26 and 5.6 do."""

from __future__ import annotations

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.stack.bundle import BundledFile, FileBundle
from ansible_collections.slipway.compose.plugins.module_utils.stack.interpolation import (
    Assignment,
    Interpolation,
    assignments,
    dotenv,
)


@pytest.mark.parametrize(
    ("text", "arrives", "missing"),
    [
        ("$A$$x${B}", "1$x", {"B"}),
        ("${B:+-${C}}", "", set()),
        ("${A:+-${D}}", "-", {"D"}),
        ("${E:-${F}}", "", {"F"}),
        ("${E-x}", "", set()),
        ("${E+x}", "x", set()),
        ("${G:-${H:-x}}", "x", set()),
        ("$2y$10$I", "$2y$10", {"I"}),
        ("${J:?no}", "", {"J"}),
        ("a${", "a${", set()),
        ("${1}", "${1}", set()),
        ("${A:-}}", "1}", set()),
        ("no variable", "no variable", set()),
    ],
)
def test_a_text_arrives_as_compose_makes_it(text: str, arrives: str, missing: set[str]) -> None:
    interpolation = Interpolation({"A": "1", "E": ""})
    assert interpolation.of(text) == arrives
    assert interpolation.missing == missing


def test_a_file_of_values_is_read_as_compose_reads_it() -> None:
    text = """\
# comment
A="x\\$y $$z \\n \\\\ \\q"
B=x\\$y
export C=a#b #c
D='a\\'b $C'
E: x
F =1
G="${A:-x}"
NO_VALUE
H="two
lines"

I=
J=${ABOVE}
"""
    assert dotenv(text, {"ABOVE": "up", "A": "env"}) == {
        "A": "x$y $z \n \\ \\q", "B": "x\\", "C": "a#b", "D": "a'b $C", "E": "x", "F": "1", "G": "env",
        "H": "two\nlines", "I": "", "J": "up",
    }  # fmt: skip
    lines = {one.name: one.line for one in assignments(text)}
    assert lines == {"A": 2, "B": 3, "C": 4, "D": 5, "E": 6, "F": 7, "G": 8, "H": 10, "I": 13, "J": 14}


@pytest.mark.parametrize("text", ["", "\n\n", "#", "A", "=x", '"', "A='", 'A="\\', "A=\\", "${", "\0\xff", "é=1\nB=2"])
def test_anything_can_be_read(text: str) -> None:
    assert all(isinstance(one, Assignment) for one in assignments(text))
    Interpolation({}).of(text)


def test_settings_are_those_of_dotenv_and_the_environment_wins() -> None:
    bundle = FileBundle(
        (BundledFile(".env", executable=False, content=b"TOKEN=one\nA=${B}\n"),), {"B": "2", "A": "3"}, ()
    )
    assert bundle.settings == {"TOKEN": "one", "A": "3", "B": "2"}
