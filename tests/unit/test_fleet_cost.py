# SPDX-License-Identifier: GPL-3.0-or-later
"""What a fleet costs its controller grows with the number of hosts, and no faster."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.vars.hostvars import HostVars
from ansible.vars.manager import VariableManager

from ansible_collections.slipway.compose.plugins.plugin_utils.fleet.steps import collect

ROLE = Path(__file__).resolve().parents[2] / "roles" / "stack"
#: What a task, once for each host, would look at all hosts with.
EVERYBODY = ("hostvars |", "hostvars,")


def tasks(entries: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for entry in entries:
        yield {key: value for key, value in entry.items() if key != "block"}
        yield from tasks(entry.get("block", []))


def texts(value: Any) -> Iterator[str]:  # noqa: ANN401 - whatever a task holds
    if isinstance(value, str):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from texts(item)


def asks_everybody(value: Any) -> bool:  # noqa: ANN401 - likewise
    return any(sign in text for text in texts(value) for sign in EVERYBODY)


@pytest.mark.parametrize(
    "path", sorted((ROLE / "tasks").rglob("*.yml")), ids=lambda path: path.relative_to(ROLE / "tasks").as_posix()
)
def test_only_what_runs_once_looks_at_all_hosts(path: Path) -> None:
    found = [task for task in tasks(yaml.safe_load(path.read_text())) if asks_everybody(task)]
    assert [task["name"] for task in found if not task.get("run_once")] == []


def test_no_variable_that_each_host_evaluates_looks_at_all_hosts() -> None:
    assert not asks_everybody(yaml.safe_load((ROLE / "vars" / "main.yml").read_text()))


def test_each_host_is_looked_up_once_and_nothing_that_it_reported_is_evaluated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"host{number}" for number in range(20)]
    (tmp_path / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": dict.fromkeys(names)}}))
    loader = DataLoader()
    inventory = InventoryManager(loader, sources=str(tmp_path / "hosts.yml"))
    manager = VariableManager(loader, inventory)
    hostvars = HostVars(inventory, manager, loader)
    for name in names:
        manager.set_nonpersistent_facts(name, {"__stack_plan": {"plan": {"hosts": dict.fromkeys(names, "0")}}})
    looked_up: list[str] = []
    get_vars = manager.get_vars

    def counted(**options: Any) -> Any:  # noqa: ANN401 - as Ansible declares it
        looked_up.append(options["host"].name)
        return get_vars(**options)

    monkeypatch.setattr(manager, "get_vars", counted)
    steps = collect(hostvars, names)
    assert looked_up == names
    shared = [manager.get_vars(host=inventory.get_host(name))["__stack_plan"]["plan"] for name in names]
    assert all(steps[name].value("plan", "plan") is plan for name, plan in zip(names, shared, strict=True))


@pytest.mark.parametrize("path", sorted((ROLE.parents[1] / "playbooks").glob("*.yml")), ids=lambda path: path.stem)
def test_each_play_has_a_strategy_of_its_own(path: Path) -> None:
    """What runs once for all hosts needs the linear strategy, whatever the environment says (ANSIBLE_STRATEGY)."""
    expected = "ansible.builtin.free" if path.stem == "abandon" else "ansible.builtin.linear"
    assert {play.get("strategy") for play in yaml.safe_load(path.read_text())} == {expected}


def test_what_one_task_finds_out_for_all_hosts_is_registered_for_all_of_them() -> None:
    """Ansible runs such an action once in any case; only of a task that says so it registers the result everywhere."""
    actions = ROLE.parents[1] / "plugins" / "action"
    bypass = {f"slipway.compose.{one.stem}" for one in actions.glob("*.py") if "BYPASS_HOST_LOOP" in one.read_text()}
    everywhere = [task for path in (ROLE / "tasks").rglob("*.yml") for task in tasks(yaml.safe_load(path.read_text()))]
    found = [task for task in everywhere if bypass & set(task)]
    assert len(found) > len(bypass)
    assert [task["name"] for task in found if not task.get("run_once")] == []
