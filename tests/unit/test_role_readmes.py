"""The table of variables in a role's README is made from its argument specs."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROLES = Path(__file__).resolve().parents[2] / "roles"
TABLE = re.compile(r"(<!-- variables: begin[^>]*-->\n\n)(.*?)(\n<!-- variables: end -->)", re.DOTALL)
HEAD = "| variable | type | default | meaning |\n| --- | --- | --- | --- |\n"

Options = dict[str, dict[str, Any]]


def table(options: Options) -> str:
    """Return the table that documents these options."""
    return HEAD + "".join(rows(options))


def rows(options: Options, prefix: str = "") -> Iterator[str]:
    """Return one row for each option, and after it one for each of its suboptions."""
    for name, option in options.items():
        kind = f"list of {option['elements']}" if "elements" in option else option["type"]
        cells = (f"`{prefix}{name}`", kind, default_of(option), prose(option["description"]))
        escaped = [cell.replace("|", "\\|") for cell in cells]
        yield f"| {' | '.join(escaped)} |\n"
        yield from rows(option.get("options", {}), f"{prefix}{name}[].")


def default_of(option: dict[str, Any]) -> str:
    """Return what the column `default` says."""
    if "default" not in option:
        return "required" if option.get("required") else ""
    default = option["default"]
    return f"`{default if isinstance(default, str) and default else json.dumps(default)}`"


def prose(description: str | list[str]) -> str:
    """Return a description as Markdown."""
    text = description if isinstance(description, str) else " ".join(description)
    return re.sub(r"\bC\(([^)]*)\)", r"`\1`", text)


@pytest.mark.parametrize("readme", sorted(ROLES.glob("*/README.md")), ids=lambda path: path.parent.name)
def test_the_table_of_variables_is_the_argument_spec(readme: Path) -> None:
    specs = yaml.safe_load((readme.parent / "meta" / "argument_specs.yml").read_text())["argument_specs"]
    options: Options = {}
    for spec in specs.values():
        options |= spec.get("options", {})
    assert TABLE.search(readme.read_text()), (
        "expected the marks that begin and end the table, as in roles/host/README.md"
    )
    expected = TABLE.sub(lambda found: found[1] + table(options) + found[3], readme.read_text())

    if os.environ.get("WRITE_READMES") == "1":
        readme.write_text(expected)

    assert readme.read_text() == expected, "run again with WRITE_READMES=1 to write the table anew"


def test_a_table_shows_defaults_and_suboptions() -> None:
    options: Options = {
        "web_names": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "description": ["Names.", "See C(hosts)."],
            "options": {"name": {"type": "str", "default": "", "description": "a|b"}},
        },
    }

    assert table(options) == (
        HEAD
        + "| `web_names` | list of dict | required | Names. See `hosts`. |\n"
        + '| `web_names[].name` | str | `""` | a\\|b |\n'
    )
