# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory through which Ansible reaches the hosts of a fleet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.fleet.host import Host

SSH_REUSE = "-o ControlMaster=auto -o ControlPersist=60s -o ServerAliveInterval=10 -o ServerAliveCountMax=3"


def inventory(hosts: Sequence[Host], user: str | None = None) -> dict[str, object]:
    """Return the hosts as an inventory whose group `stack_hosts` they are."""
    return {"all": {"children": {"stack_hosts": {"hosts": {host.name: _variables(host, user) for host in hosts}}}}}


def write_inventory(
    path: Path, hosts: Sequence[Host], user: str | None = None, variables: Mapping[str, object] | None = None
) -> Path:
    """Write the inventory as YAML and return its path.

    Args:
        path: where to write it.
        hosts: which hosts it names.
        user: who logs in; each host's own user when it is None.
        variables: what the group `all` sets.
    """
    content = inventory(hosts, user)
    if variables:
        content["all"] = {**dict(content["all"]), "vars": dict(variables)}  # type: ignore[call-overload]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("---\n" + yaml.safe_dump(content, sort_keys=False))
    return path


def _variables(host: Host, user: str | None) -> dict[str, object]:
    return {
        "ansible_host": "127.0.0.1",
        "ansible_port": host.ssh_port,
        "ansible_user": user or host.user,
        "ansible_ssh_args": f"-F /dev/null {SSH_REUSE}",
        "ansible_ssh_common_args": " ".join(host.ssh_options()),
        "ansible_python_interpreter": "/usr/bin/python3",
        "fleet_url": host.url(path=""),
    }
