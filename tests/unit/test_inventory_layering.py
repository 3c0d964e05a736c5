"""What the environments share and what each of them sets, as Ansible itself sees it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import yaml

PROJECT = Path(__file__).resolve().parents[2]
INVENTORIES = PROJECT / "inventories"
SHARED = PROJECT / "group_vars" / "shared.yml"
STACK = PROJECT / "examples" / "guestbook" / "stack"
ENVIRONMENTS = ("local", "production", "staging")
REMOTE = ("production", "staging")
HOSTS = {
    "local": ["this_machine"],
    "production": [f"web{number}.example.com" for number in (1, 2, 3, 4)],
    "staging": [f"staging{number}.example.com" for number in (1, 2)],
}
NEEDED = {"stack_name", "stack_src", "stack_env", "stack_health_checks"}

in_every_environment = pytest.mark.parametrize("environment", ENVIRONMENTS)


def ansible(program: str, *arguments: str, folder: Path = PROJECT) -> str:
    result = subprocess.run(
        [str(Path(sys.executable).with_name(program)), *arguments],
        capture_output=True,
        check=False,
        cwd=folder,
        env={**os.environ, "ANSIBLE_CONFIG": str(PROJECT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"},
        text=True,
        timeout=60,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@lru_cache
def listed(environment: str, folder: Path = PROJECT) -> dict[str, Any]:
    text = ansible("ansible-inventory", "-i", str(INVENTORIES / environment), "--list", folder=folder)
    inventory: dict[str, Any] = json.loads(text)
    return inventory


def variables(environment: str, folder: Path = PROJECT) -> dict[str, Any]:
    every_host = listed(environment, folder)["_meta"]["hostvars"]
    first: dict[str, Any] = every_host[HOSTS[environment][0]]
    return first


def own(environment: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((folder_of(environment) / "10_environment.yml").read_text())
    return content


def folder_of(environment: str) -> Path:
    return INVENTORIES / environment / "group_vars" / "all"


def shared() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(SHARED.read_text())
    return content


def names_used(pattern: str, *texts: str) -> set[str]:
    return {name for text in texts for name in re.findall(rf"\b{pattern}\w+", text)}


def test_no_environment_is_left_out() -> None:
    assert sorted(path.name for path in INVENTORIES.iterdir() if path.is_dir()) == list(ENVIRONMENTS)


@in_every_environment
def test_the_targets_are_the_group_stack_hosts(environment: str) -> None:
    assert sorted(listed(environment)["stack_hosts"]["hosts"]) == HOSTS[environment]


@in_every_environment
def test_the_shared_file_is_linked_and_not_copied(environment: str) -> None:
    link = folder_of(environment) / "00_shared.yml"

    assert link.readlink() == Path("../../../../group_vars/shared.yml")
    assert link.resolve() == SHARED


@in_every_environment
def test_what_an_environment_does_not_set_is_the_shared_value(environment: str) -> None:
    expected = {name: value for name, value in shared().items() if name not in own(environment)}

    assert expected.items() <= variables(environment).items()


@in_every_environment
@pytest.mark.parametrize("folder", [PROJECT, PROJECT / "playbooks", Path("/")], ids=["project", "playbooks", "root"])
def test_what_an_environment_sets_wins_wherever_the_command_is_started(environment: str, folder: Path) -> None:
    assert own(environment).items() <= variables(environment, folder).items()


def test_an_environment_does_override_shared_values() -> None:
    overridden = {environment: sorted(shared().keys() & own(environment)) for environment in ENVIRONMENTS}

    assert all(overridden.values()), overridden


def test_no_group_can_have_the_shared_files_name() -> None:
    groups = {group for environment in ENVIRONMENTS for group in listed(environment)}

    assert SHARED.stem not in groups
    assert [path.name for path in SHARED.parent.iterdir()] == [SHARED.name]


@in_every_environment
def test_every_variable_that_the_stack_needs_is_set(environment: str) -> None:
    templates = [path.read_text() for path in STACK.rglob("*.j2")]
    used = names_used("guestbook_", SHARED.read_text(), *templates)

    assert used | NEEDED <= variables(environment).keys()


def test_every_environment_sets_the_same_variables_of_the_stack() -> None:
    names = {
        environment: sorted(name for name in variables(environment) if name.startswith("guestbook_"))
        for environment in ENVIRONMENTS
    }

    assert names["local"] == names["production"] == names["staging"]


@in_every_environment
def test_every_variable_that_compose_interpolates_is_in_stack_env(environment: str) -> None:
    text = (STACK / "compose.yaml").read_text()
    without_default = set(re.findall(r"(?<!\$)\$\{(\w+)\}", text)) - {"STACK_VERSION"}

    assert without_default <= variables(environment)["stack_env"].keys()


@in_every_environment
def test_every_role_variable_exists(environment: str) -> None:
    ours = {name for name in variables(environment) if name.startswith(("stack_", "host_"))}
    known = set()
    for spec in (PROJECT / "roles").glob("*/meta/argument_specs.yml"):
        for entry_point in yaml.safe_load(spec.read_text())["argument_specs"].values():
            known |= entry_point.get("options", {}).keys()

    assert ours <= known


@pytest.mark.parametrize("environment", REMOTE)
def test_every_secret_is_named_in_the_vault_example(environment: str) -> None:
    example: dict[str, Any] = yaml.safe_load((folder_of(environment) / "vault.yml.example").read_text())
    used = names_used("vault_", (folder_of(environment) / "10_environment.yml").read_text())

    assert example.keys() == used
    assert set(example.values()) == {""}


@pytest.mark.parametrize("environment", REMOTE)
def test_no_secret_is_in_git(environment: str) -> None:
    secrets = {
        "guestbook_db_password": own(environment)["guestbook_db_password"],
        **{entry["registry"]: entry["password"] for entry in own(environment)["stack_registry_auth"]},
    }

    assert {name: value for name, value in secrets.items() if not re.fullmatch(r"\{\{ vault_\w+ \}\}", value)} == {}


RENDER = """
- hosts: {host}
  connection: local
  gather_facts: false
  vars:
    ansible_python_interpreter: "{{{{ ansible_playbook_python }}}}"
  tasks:
    - ansible.builtin.copy:
        content: "{{{{ dict(names | zip(names | map('extract', hostvars[inventory_hostname]))) | to_json }}}}"
        dest: {destination}
        mode: "0600"
      vars:
        names: {names}
"""


@in_every_environment
def test_every_value_can_be_rendered(environment: str, tmp_path: Path) -> None:
    playbook, destination = tmp_path / "render.yml", tmp_path / "seen.json"
    names = sorted(own(environment).keys() | shared().keys())
    playbook.write_text(RENDER.format(host=HOSTS[environment][0], destination=destination, names=json.dumps(names)))

    vault = json.dumps({"vault_guestbook_db_password": "one", "vault_registry_password": "two"})

    ansible("ansible-playbook", "-i", str(INVENTORIES / environment), str(playbook), "-e", vault)

    seen = json.loads(destination.read_text())
    assert seen.keys() == set(names)
    assert Path(seen["stack_src"]).resolve() == STACK
    assert seen["stack_env"]["GUESTBOOK_PORT"].endswith(f":{seen['guestbook_port']}")
    assert seen["guestbook_db_password"] in {"one", "demo-password-and-no-secret"}
