# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user is told to type can be pasted."""

from __future__ import annotations

import pytest

from ansible_collections.slipway.compose.plugins.plugin_utils.commands import Commands, commands_of, login


@pytest.mark.parametrize(
    ("inventory", "command"),
    [
        ("/srv/inventories/lab", "scripts/deploy.sh lab --version 1.1 --limit 'all:!a'"),
        ("lab", "scripts/deploy.sh lab --version 1.1 --limit 'all:!a'"),
        (
            "/etc/ansible",
            "ansible-playbook playbooks/deploy.yml -i /etc/ansible -e stack_version=1.1 --limit 'all:!a'",
        ),
        ("", "ansible-playbook playbooks/deploy.yml -i INVENTORY -e stack_version=1.1 --limit 'all:!a'"),
    ],
)
def test_a_command_names_the_environment_or_the_inventory(inventory: str, command: str) -> None:
    assert Commands(inventory).verb("deploy", "--version", "1.1", "--limit", "all:!a") == command


def test_what_a_host_says_to_type_names_the_environment() -> None:
    finding = {"thing": "lease", "expected": "a", "seen": "b", "remedy": "Or scripts/unlock.sh ENV --run R."}
    told = {
        "msg": "scripts/unlock.sh ENV",
        "findings": [finding],
        "gate": {"seen": "scripts/x.sh ENV"},
        "changed": False,
    }
    named = commands_of({"inventory_dir": "/srv/inventories/lab"}).named(told)
    assert named["msg"] == "scripts/unlock.sh lab"
    assert named["findings"] == [{**finding, "remedy": "Or scripts/unlock.sh lab --run R."}]
    assert (named["gate"], named["changed"]) == (told["gate"], False)
    assert commands_of({}).named(told) == told


@pytest.mark.parametrize(
    ("variables", "command"),
    [
        ({}, "ssh web1"),
        ({"ansible_user": "deploy"}, "ssh deploy@web1"),
        (
            {"ansible_user": "deploy", "ansible_host": "127.0.0.1", "ansible_port": 2302},
            "ssh -p 2302 deploy@127.0.0.1",
        ),
        ({"ansible_host": "a; rm -rf /"}, "ssh 'a; rm -rf /'"),
    ],
)
def test_the_way_to_a_host_is_the_inventorys(variables: dict[str, object], command: str) -> None:
    assert login("web1", variables) == command
