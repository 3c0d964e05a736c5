# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that YAML makes into something else, as Ansible really loads them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultLib, VaultSecret

from ansible_collections.slipway.compose.plugins.plugin_utils.written_values import WrittenValues


def respelled(path: Path, loader: DataLoader | None = None, **more: Any) -> list[str]:
    loader = loader or DataLoader()
    values = loader.load_from_file(str(path)) | more
    findings = WrittenValues(loader.get_text_file_contents, values).findings(values)
    for finding in findings:
        assert str(path) in finding.remedy or more
    return [finding.thing for finding in findings]


@pytest.mark.parametrize(
    "written",
    ["1.10", "0022", "on", "yes", "True", "OFF", "22:30", "1_000", "1.0e+3", "0x1F", ".5", "+5", "-0", ".inf",
     "~", "null", "", "2024-01-01", "2024-01-01 10:00:00", "!!float 1", "&anchor 1.10"],
)  # fmt: skip
def test_what_would_arrive_otherwise_is_found_with_its_line(tmp_path: Path, written: str) -> None:
    path = tmp_path / "all.yml"
    path.write_text(f"stack_env:\n  GOOD: fine\n  BAD: {written}\n")
    loader = DataLoader()
    values = loader.load_from_file(str(path))
    found = WrittenValues(loader.get_text_file_contents, values).findings(values)
    assert [finding.thing for finding in found] == ["stack_env.BAD"]
    assert found[0].remedy == f"Put quotes around it in {path}, line 3."


@pytest.mark.parametrize(
    "written",
    ["8080", "0", "-1", "1.5", "true", "false", "1e3", "v1.10", '"1.10"', "'on'", '"~"', "!!str 1.10", "|\n    1.10",
     "22:30:00.5.1", "1.10.0", "0o22"],
)  # fmt: skip
def test_what_arrives_as_written_is_left_alone(tmp_path: Path, written: str) -> None:
    path = tmp_path / "all.yml"
    path.write_text(f"stack_env:\n  GOOD: {written}\n")
    assert respelled(path) == []


@pytest.mark.parametrize("written", ["NO", "ON", "off", "1"])
def test_a_name_that_yaml_changes_is_found(tmp_path: Path, written: str) -> None:
    path = tmp_path / "all.yml"
    path.write_text(f"stack_env:\n  {written}: text\n  GOOD: text\n")
    assert len(respelled(path)) == 1
    path.write_text(f"stack_env:\n  '{written}': text\n")
    assert respelled(path) == []


def test_every_place_where_a_value_becomes_text_is_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "all.yml"
    path.write_text("""\
stack_version: 1.10
stack_env: {A: 1.10, B: on, C: "1.10"}
stack_registry_auth: [{registry: r, username: u, password: 0022}]
stack_health_checks:
  - {name: front, type: http, url: "http://h/", status: [0200], timeout: 1.0, headers: {X-Level: 1.10}}
  - {name: on host, type: command, argv: [check, 0022, 22, off, true]}
stack_hooks:
  pre_deploy:
    - {name: tell, command: [tell, 1_000]}
    - {name: once, run: {service: web, command: [tell, 1.10]}}
""")
    assert respelled(path) == [
        "stack_version",
        "stack_env.A",
        "stack_env.B",
        "stack_registry_auth, entry 1, password",
        "stack_health_checks front.headers.X-Level",
        "stack_health_checks on host.argv, word 2",
        "stack_health_checks on host.argv, word 4",
        "stack_hooks.pre_deploy tell.command, word 2",
        "stack_hooks.pre_deploy once.run.command, word 2",
    ]


def test_values_that_another_variable_has_are_read_where_that_stands(tmp_path: Path) -> None:
    path = tmp_path / "all.yml"
    path.write_text("level: 1.10\nswitch: on\nfine: true\nstack_env: {A: '{{ switch }}', B: '{{ fine }}'}\n")
    loader = DataLoader()
    values = loader.load_from_file(str(path))
    keys = list(values["stack_env"])
    # As templating gives them: the number with its own place, the switch without one.
    templated = {"stack_env": {keys[0]: True, keys[1]: True, "C": values["level"]}}
    found = WrittenValues(loader.get_text_file_contents, values).findings(templated)
    places = {finding.thing: finding.remedy.rpartition(", ")[2] for finding in found}
    assert places == {"stack_env.A": "line 2.", "stack_env.C": "line 1."}


def test_an_encrypted_file_is_read_decrypted_and_nothing_of_it_is_told(tmp_path: Path) -> None:
    secrets = [("default", VaultSecret(b"open"))]
    path = tmp_path / "vault.yml"
    path.write_bytes(VaultLib(secrets).encrypt("stack_env: {PIN: 0815, PORT: 8080, CODE: 0022}\n"))
    loader = DataLoader()
    loader.set_vault_secrets(secrets)
    values = loader.load_from_file(str(path))
    (finding,) = WrittenValues(loader.get_text_file_contents, values).findings(values)
    assert finding.thing == "stack_env.CODE"
    assert "0022" not in finding.sentence()
    assert "18" not in finding.sentence()


def test_json_has_no_lines_and_is_compared_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "all.json"
    path.write_text('{"stack_env": {"A": 1.10, "B": 1.5, "C": 8080, "D": true, "E": "1.10"}}')
    assert respelled(path) == ["stack_env.A"]


def test_a_number_with_a_fraction_from_nowhere_is_refused_a_whole_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "all.yml"
    path.write_text("stack_name: shop\n")
    assert respelled(path, stack_env={"A": 1.5, "B": 2, "C": True}) == ["stack_env.A"]


@pytest.mark.parametrize("value", [5, True, None, "text", [[1.5]], [None], {"a": {"b": [1.5]}}])
@pytest.mark.parametrize("name", ["stack_env", "stack_registry_auth", "stack_health_checks", "stack_hooks"])
def test_what_has_another_shape_is_left_to_the_check_of_types(name: str, value: object) -> None:
    found = WrittenValues(lambda _path: "", {}).findings({name: value})
    assert all(finding.thing.startswith(name) for finding in found)


def test_a_line_of_an_inventory_says_how_a_number_was_written(tmp_path: Path) -> None:
    inventory = tmp_path / "hosts"
    inventory.write_text("[all]\nh level=1.10 size=1.5 mask=0x1F port=8080 note=x-1.1\n")
    hosts = InventoryManager(DataLoader(), str(inventory))
    values = hosts.get_host("h").get_vars()
    env = {"stack_env": {name: values[name] for name in ("level", "size", "mask", "port", "note")}}
    found = WrittenValues(DataLoader().get_text_file_contents, values).findings(env)
    assert [finding.thing for finding in found] == ["stack_env.level", "stack_env.mask"]
    assert found[0].remedy.endswith(f"{inventory}, line 2.")
