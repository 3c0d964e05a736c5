# SPDX-License-Identifier: GPL-3.0-or-later
"""The table in docs/reliability.md is made from the tests of faults."""

from __future__ import annotations

import os
import re
from pathlib import Path

from tests.faults.table import Fault, gather

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
TABLE = re.compile(r"(<!-- faults: begin[^>]*-->\n\n)(.*?)(\n<!-- faults: end -->)", re.DOTALL)
HEAD = "| when | what dies | what is promised | test |\n| --- | --- | --- | --- |\n"
FEWEST = 30


def row(one: Fault) -> str:
    """Return one line of the table."""
    cells = (one.phase.value, one.dies, one.promised, f"`{one.name}`")
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"


def test_the_table_of_faults_is_that_of_the_tests() -> None:
    table = HEAD + "".join(map(row, gather()))
    assert TABLE.search(PAGE.read_text()), "expected the marks that begin and end the table"
    expected = TABLE.sub(lambda found: found[1] + table + found[3], PAGE.read_text())

    if os.environ.get("WRITE_RELIABILITY") == "1":
        PAGE.write_text(expected)

    assert PAGE.read_text() == expected, "run again with WRITE_RELIABILITY=1 to write the table anew"


def test_there_are_enough_faults_and_each_has_a_name_of_its_own() -> None:
    names = [one.name for one in gather()]
    assert len(names) >= FEWEST
    assert sorted(set(names)) == sorted(names)


def test_each_fault_says_in_a_sentence_what_is_promised() -> None:
    for one in gather():
        assert one.dies, one
        assert one.promised.endswith("."), one
