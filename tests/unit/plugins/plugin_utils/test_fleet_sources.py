# SPDX-License-Identifier: GPL-3.0-or-later
"""The stack as it is read for all hosts at once: what each gets, and what is wrong with them together."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from ansible_collections.slipway.compose.plugins.plugin_utils import fleet_sources
from ansible_collections.slipway.compose.plugins.plugin_utils.fleet.steps import collect
from ansible_collections.slipway.compose.plugins.plugin_utils.fleet_sources import HostSource, read_sources, told_once
from ansible_collections.slipway.compose.plugins.plugin_utils.release_request import ExaminedRequest, examine_request

Variables = dict[str, Any]


@pytest.fixture
def common(tmp_path: Path) -> Variables:
    (tmp_path / "compose.yaml").write_text("services: {}\n")
    return {"stack_name": "shop", "stack_src": str(tmp_path), "stack_version": "1.0", "stack_root": "/var/lib/slipway"}


def read(
    monkeypatch: pytest.MonkeyPatch, hosts: dict[str, Variables], *, in_waves: bool = True
) -> dict[str, HostSource]:
    """Read the stack for hosts that have these variables."""
    loader = DataLoader()
    monkeypatch.setattr(fleet_sources, "_variables", lambda _action, _variables, host: hosts[host])
    action: Any = SimpleNamespace(_templar=Templar(loader, variables={}), _loader=loader)
    return read_sources(action, {"ansible_forks": 25}, list(hosts), in_waves=in_waves)


def findings(sources: dict[str, HostSource]) -> list[str]:
    return [finding.sentence() for finding in told_once(sources)]


def test_each_host_gets_its_own(monkeypatch: pytest.MonkeyPatch, common: Variables, tmp_path: Path) -> None:
    (tmp_path / "name.j2").write_text("{{ inventory_hostname }}")
    sources = read(monkeypatch, {name: {**common, "inventory_hostname": name} for name in ("one", "two")})
    assert findings(sources) == []
    assert len({source.content_sha256 for source in sources.values()}) == 2
    assert {tuple(source.files) for source in sources.values()} == {("compose.yaml", "name.j2")}


def test_hosts_with_equal_variables_are_examined_once(monkeypatch: pytest.MonkeyPatch, common: Variables) -> None:
    examined: list[Variables] = []

    def counted(action: Any, source: Variables, variables: Variables) -> ExaminedRequest:  # noqa: ANN401
        examined.append(source)
        return examine_request(action, source, variables)

    monkeypatch.setattr(fleet_sources, "examine_request", counted)
    alike = {f"host{number}": {**common, "inventory_hostname": f"host{number}"} for number in range(50)}
    sources = read(monkeypatch, {**alike, "other": {**common, "stack_env": {"SIZE": "2"}}})
    assert findings(sources) == []
    assert len(examined) == 2
    assert len({sources[host].content_sha256 for host in alike}) == 1
    assert sources["other"].content_sha256 != sources["host0"].content_sha256


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("stack_name", "store"),
        ("stack_root", "/srv/slipway"),
        ("stack_version", "1.1"),
        ("stack_serial", [1]),
        ("stack_bake_time", 10),
        ("stack_guard_timeout", 800),
        ("stack_reversible", False),
        ("stack_hooks", {"pre_deploy": [{"name": "tell", "command": ["true"], "on": "controller"}]}),
    ],
)
def test_what_is_one_for_the_fleet_must_not_differ(
    monkeypatch: pytest.MonkeyPatch, common: Variables, name: str, other: object
) -> None:
    sources = read(monkeypatch, {"one": common, "two": {**common, name: other}, "three": common})
    (finding,) = findings(sources)
    assert finding.startswith(f"{name}: expected the same on every host of a run")
    assert "on one, three; " in finding
    assert " on two. " in finding


def test_what_is_a_hosts_own_may_differ(monkeypatch: pytest.MonkeyPatch, common: Variables) -> None:
    own = {
        "stack_env": {"SIZE": "2"},
        "stack_gate_timeout": 60,
        "stack_health_checks": [{"name": "up", "type": "tcp", "host": "127.0.0.1", "port": 80}],
        "stack_hooks": {"pre_deploy": [{"name": "warm", "command": ["true"]}]},
    }
    assert findings(read(monkeypatch, {"one": common, "two": {**common, **own}})) == []


@pytest.mark.parametrize(
    ("one", "two", "twins"),
    [
        ({"ansible_host": "10.0.0.7"}, {"ansible_host": "10.0.0.7"}, "10.0.0.7:22"),
        ({"ansible_host": "10.0.0.7"}, {"ansible_host": "10.0.0.7", "ansible_port": 22}, "10.0.0.7:22"),
        ({}, {"ansible_host": "one", "ansible_user": "another"}, "one:22"),
        ({"ansible_host": "10.0.0.7", "ansible_port": 2201}, {"ansible_host": "10.0.0.7", "ansible_port": 2202}, ""),
        ({"ansible_host": "10.0.0.7"}, {"ansible_host": "10.0.0.8"}, ""),
    ],
)
def test_two_names_for_one_address_are_refused(
    monkeypatch: pytest.MonkeyPatch, common: Variables, one: Variables, two: Variables, twins: str
) -> None:
    sources = read(monkeypatch, {"one": {**common, **one}, "two": {**common, **two}, "three": common})
    expected = f"one, two: address {twins}: expected one host of the inventory, seen one, two. "
    assert [text.startswith(expected) for text in findings(sources)] == ([True] if twins else [])


@pytest.mark.parametrize(
    ("changed", "in_waves", "refused"),
    [
        ({}, True, False),
        ({"stack_serial": ["80%"], "stack_bake_time": 10}, True, True),
        ({"stack_serial": [1, "100%"], "stack_bake_time": 10}, True, False),
        ({"stack_serial": ["80%"], "stack_pause_after": "batch"}, True, True),
        # A play of one's own calls all hosts in one batch.
        ({}, False, True),
        ({"stack_guard_timeout": 2000}, False, False),
    ],
    ids=str,
)
def test_a_guard_outlasts_every_turn_of_its_batch(
    monkeypatch: pytest.MonkeyPatch, common: Variables, changed: Variables, *, in_waves: bool, refused: bool
) -> None:
    fleet = {f"host{number}": {**common, **changed} for number in range(100)}
    found = findings(read(monkeypatch, fleet, in_waves=in_waves))
    assert [text.partition(":")[0] for text in found] == (["stack_guard_timeout"] if refused else [])


def test_what_cannot_be_evaluated_is_the_finding_of_its_host(
    monkeypatch: pytest.MonkeyPatch, common: Variables
) -> None:
    broken = {**common, "stack_env": {"SIZE": trust_as_template("{{ nobody_sets_this }}")}, "stack_name": "Not a name"}
    sources = read(monkeypatch, {"one": {**common, "stack_name": "Not a name"}, "two": broken})
    name, size = findings(sources)
    assert name.startswith("stack_name: ")
    assert size.startswith("two: stack_env: expected a value, seen ")
    assert "nobody_sets_this" in size


def test_a_host_answers_for_its_own_findings_alone() -> None:
    found = {"thing": "stack_env", "expected": "a value", "seen": "none", "remedy": "Set it."}
    result = {
        "failed": True,
        "msg": "all",
        "findings": [found],
        "hosts": {"one": {"findings": []}, "two": {"findings": [found]}},
    }
    steps = collect({name: {"__stack_source": result} for name in ("one", "two")}, ["one", "two"])
    assert {name: one.refused for name, one in steps.items()} == {"one": False, "two": True}
    assert steps["two"].refusal == "stack_env: expected a value, seen none. Set it."
