"""Every role's argument specs and defaults say the same, and name every variable after the role."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

ROLES = Path(__file__).resolve().parents[2] / "roles"
Variables = dict[str, Any]

WELL = {
    "main": {
        "short_description": "Does it",
        "options": {"web_port": {"type": "int", "default": 80, "description": "P"}},
    }
}


def read(path: Path) -> Variables:
    """Return the variables of a YAML file; a role without the file has none."""
    return (yaml.safe_load(path.read_text(encoding="utf-8")) or {}) if path.exists() else {}


def same(left: object, right: object) -> bool:
    """Return whether two values are equal and of one type: 1 is not true, and 3 is not '3'."""
    return type(left) is type(right) and left == right


def findings(role: str, specs: Variables, defaults: Variables) -> list[str]:
    """Return everything in which a role's argument specs and defaults disagree or are incomplete."""
    found: list[str] = []
    documented: set[str] = set()
    for entry, spec in specs.items():
        options: Variables = spec.get("options", {})
        documented |= options.keys()
        if not spec.get("short_description"):
            found.append(f"{role}/{entry}: no short_description")
        for name, option in options.items():
            found += [f"{role}/{entry}: {name}: {problem}" for problem in option_problems(role, name, option, defaults)]
    public = {name for name in defaults if not name.startswith("__")}
    found += [f"{role}: {name} has a default and is in no argument spec" for name in sorted(public - documented)]
    found += [
        f"{role}: {name}: expected a name that begins {role}_" for name in sorted(public) if not named(role, name)
    ]
    return found


def option_problems(role: str, name: str, option: Variables, defaults: Variables) -> list[str]:
    """Return what is wrong with one option of one entry point."""
    problems = [f"no {key}" for key in ("type", "description") if not option.get(key)]
    if not named(role, name):
        problems.append(f"expected a name that begins {role}_")
    if option.get("required") and name in defaults:
        problems.append("required, and yet it has a default")
    if ("default" in option) != (name in defaults):
        where = "the argument spec" if "default" in option else "defaults/main.yml"
        problems.append(f"only {where} has a default")
    elif name in defaults and not same(option["default"], defaults[name]):
        problems.append(f"documented default {option['default']!r}, true default {defaults[name]!r}")
    return problems


def named(role: str, name: str) -> bool:
    """Return whether a variable carries the role's prefix."""
    return name.startswith(f"{role}_")


@pytest.mark.parametrize("role", sorted(path.name for path in ROLES.iterdir() if path.is_dir()))
def test_specs_equal_defaults(role: str) -> None:
    specs = read(ROLES / role / "meta" / "argument_specs.yml").get("argument_specs", {})
    assert findings(role, specs, read(ROLES / role / "defaults" / "main.yml")) == []


@pytest.mark.parametrize("role", sorted(path.name for path in ROLES.iterdir() if path.is_dir()))
def test_each_entry_point_has_its_tasks(role: str) -> None:
    specs = read(ROLES / role / "meta" / "argument_specs.yml").get("argument_specs", {})
    assert specs, f"roles/{role}/meta/argument_specs.yml: expected an entry point, seen none"
    assert [entry for entry in specs if not (ROLES / role / "tasks" / f"{entry}.yml").exists()] == []


@pytest.mark.parametrize(
    ("specs", "defaults", "expected"),
    [
        pytest.param(WELL, {"web_port": 80}, [], id="in order"),
        pytest.param(
            WELL, {"web_port": 81}, ["web/main: web_port: documented default 80, true default 81"], id="value"
        ),
        pytest.param(
            WELL, {"web_port": "80"}, ["web/main: web_port: documented default 80, true default '80'"], id="type"
        ),
        pytest.param(WELL, {}, ["web/main: web_port: only the argument spec has a default"], id="no default"),
        pytest.param(
            WELL,
            {"web_port": 80, "web_name": "a"},
            ["web: web_name has a default and is in no argument spec"],
            id="undocumented",
        ),
        pytest.param(WELL, {"web_port": 80, "__web_seen": []}, [], id="internal"),
        pytest.param(
            {"main": {"options": {"port": {"type": "int"}}}},
            {"port": 80},
            [
                "web/main: no short_description",
                "web/main: port: no description",
                "web/main: port: expected a name that begins web_",
                "web/main: port: only defaults/main.yml has a default",
                "web: port: expected a name that begins web_",
            ],
            id="everything at once",
        ),
    ],
)
def test_gate_finds(specs: Variables, defaults: Variables, expected: list[str]) -> None:
    assert findings("web", specs, defaults) == expected
