# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user types for an environment, ready to be pasted. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

#: Options of the scripts, and the variables that say the same to a playbook.
_VARIABLES = {
    "--version": "stack_version",
    "--to": "stack_release",
    "--run": "stack_unlock_run",
    "--lease-wait": "stack_lease_wait",
    "--plan": "stack_plan_file",
}
#: The parts of an answer that are for people.
_SAID = ("msg", "summary", "findings")
#: How texts name an environment that they do not know.
_UNNAMED = re.compile(r"(scripts/[a-z]+\.sh) ENV\b")


@dataclass(frozen=True)
class Commands:
    """The commands for one environment.

    Attributes:
        inventory: the environment's folder; its name is enough where it lies in `inventories`.
    """

    inventory: str

    @property
    def environment(self) -> str:
        """Return the name by which the scripts know the environment, "" if they do not."""
        path = PurePath(self.inventory)
        return path.name if path.parent.name == "inventories" or path.name == self.inventory else ""

    def verb(self, verb: str, *options: str) -> str:
        """Return the command of a verb.

        Args:
            verb: such as "deploy".
            *options: options of the script, each followed by its value.
        """
        if self.environment:
            return shlex.join([f"scripts/{verb}.sh", self.environment, *options])
        words = ["ansible-playbook", f"playbooks/{verb}.yml", "-i", self.inventory or "INVENTORY"]
        for name, value in zip(options[::2], options[1::2], strict=True):
            words += ["-e", f"{_VARIABLES[name]}={value}"] if name in _VARIABLES else [name, value]
        return shlex.join(words)

    def named(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """Return a host's answer with this environment's name in the commands that it says to type."""
        told = {key: value for key, value in answer.items() if key in _SAID}
        return {**answer, **self._named(told)} if self.environment else dict(answer)

    def _named(self, said: Any) -> Any:  # noqa: ANN401 - a part of an answer
        if isinstance(said, str):
            return _UNNAMED.sub(lambda found: f"{found[1]} {self.environment}", said)
        if isinstance(said, Mapping):
            return {key: self._named(value) for key, value in said.items()}
        return [self._named(one) for one in said] if isinstance(said, (list, tuple)) else said


def commands_of(variables: Mapping[str, Any]) -> Commands:
    """Return the commands for the environment that a host's variables come from."""
    return Commands(str(variables.get("inventory_dir") or ""))


def login(name: str, variables: Mapping[str, Any]) -> str:
    """Return the command that gets to a host.

    Args:
        name: the host's name in the inventory.
        variables: its variables.
    """
    user = variables.get("ansible_user")
    address = str(variables.get("ansible_host") or name)
    port = ["-p", str(variables["ansible_port"])] if variables.get("ansible_port") else []
    return shlex.join(["ssh", *port, f"{user}@{address}" if user else address])
