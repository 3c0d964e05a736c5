"""The variables in each role's README are made from its argument specs: python -m tests.gates.variable_tables."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROLES = Path(__file__).resolve().parents[2] / "roles"
BEGIN = "<!-- variables: begin (made from meta/argument_specs.yml) -->"
END = "<!-- variables: end -->"
HEAD = "| variable | type | default | meaning |\n| --- | --- | --- | --- |\n"
Options = dict[str, dict[str, Any]]


def options_of(role: str) -> Options:
    """Return the options of all of a role's entry points by name, in the order in which they come first."""
    specs = yaml.safe_load((ROLES / role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    merged: Options = {}
    for spec in specs["argument_specs"].values():
        for name, option in spec.get("options", {}).items():
            merged.setdefault(name, option)
    return merged


def table(role: str) -> str:
    """Return the table of a role's variables."""
    return HEAD + "".join(f"{row}\n" for row in _rows(options_of(role), ""))


def _rows(options: Options, prefix: str) -> Iterator[str]:
    for name, option in options.items():
        cells = (f"`{prefix}{name}`", _type(option), _default(option), _meaning(option))
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
        if "options" in option:
            below = "[]." if option.get("type") == "list" else "."
            yield from _rows(option["options"], prefix + name + below)


def _type(option: dict[str, Any]) -> str:
    kind = str(option.get("type", "str"))
    return f"{kind} of {option['elements']}" if "elements" in option else kind


def _default(option: dict[str, Any]) -> str:
    if option.get("required"):
        return "required"
    if "default" not in option:
        return ""
    value = option["default"]
    return f"`{value}`" if isinstance(value, str) and value else f"`{json.dumps(value)}`"


def _meaning(option: dict[str, Any]) -> str:
    said = option["description"]
    text = " ".join(said) if isinstance(said, list) else str(said)
    if "choices" in option:
        text += f" One of {', '.join(f'`{choice}`' for choice in option['choices'])}."
    return re.sub(r"C\(([^)]*)\)", r"`\1`", text)


def with_table(readme: str, role: str) -> str:
    """Return a README with the table as it has to be; raise `ValueError` if it has no place for it."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"roles/{role}/README.md: expected the lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{table(role)}\n{END}{after}"


def main() -> None:
    """Write every role's table into its README."""
    for readme in sorted(ROLES.glob("*/README.md")):
        readme.write_text(with_table(readme.read_text(encoding="utf-8"), readme.parent.name), encoding="utf-8")
        print(f"written: {readme}")


if __name__ == "__main__":
    main()
