#!/usr/bin/python
# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells what runs of a stack right now, down to the bytes of its images."""

from __future__ import annotations

DOCUMENTATION = r"""
module: image_snapshot
short_description: Tell which images run for each service of a Compose project
version_added: 0.1.0
description:
  - Returns what is enough to go back to it, which is for each container its service, image, image ID and state, and for
    each image the digests under which registries know it.
  - Works for any Compose project, whoever started it.
extends_documentation_fragment:
  - slipway.compose.attributes
  - slipway.compose.attributes.info_module
options:
  stack:
    description: Name of the stack, which is the Compose project's name.
    type: str
    required: true
  root:
    description: Folder that holds the folders of all stacks.
    type: path
    default: /var/lib/slipway
requirements:
  - docker (Python library, python3-docker on Debian and Ubuntu)
author:
  - Slipway contributors (@slipway)
"""

EXAMPLES = r"""
- name: See what runs
  slipway.compose.image_snapshot:
    stack: guestbook
"""

RETURN = r"""
snapshot:
  description: What runs now.
  returned: success
  type: dict
  contains:
    stack:
      description: Name of the stack.
      type: str
      sample: guestbook
    taken_at:
      description: UTC, ISO 8601.
      type: str
      sample: "2026-11-22T21:45:00Z"
    release:
      description: ID of the last confirmed release, or null.
      type: str
      sample: 20261122T214500Z-1.4.2
    containers:
      description: All containers that Compose made for the stack's services.
      type: list
      elements: dict
    origins:
      description: The folders and files that their definitions came from.
      type: list
      elements: dict
    digests:
      description: For each image ID the names under which registries know it.
      type: dict
summary:
  description: A line for each service.
  returned: success
  type: list
  elements: str
  sample: ["web: running, registry.example.com/team/web:1.4.2"]
findings:
  description: What keeps the module from doing its work, all of it at once.
  returned: failure
  type: list
  elements: dict
  contains:
    thing:
      description: What was looked at.
      type: str
      sample: port 8080/tcp for service proxy
    expected:
      description: What had to be true.
      type: str
      sample: a free port
    seen:
      description: What was there instead.
      type: str
      sample: taken by a process of this host
    remedy:
      description: What to do next.
      type: str
      sample: Stop it, or publish another port.
"""

from typing import TYPE_CHECKING

from ..module_utils.calls.ansible_module import run_module
from ..module_utils.core.answer import Result
from ..module_utils.core.identifiers import check_names
from ..module_utils.engine.client import Engine
from ..module_utils.host.look import take_snapshot
from ..module_utils.release.store import ReleaseStore

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule


def work(module: AnsibleModule) -> Result:
    """Take the snapshot."""
    stack = module.params["stack"]
    check_names(stack, None, "by-hand")
    engine = Engine()
    store = ReleaseStore(module.params["root"], stack)
    snapshot = take_snapshot(store, engine, stack, engine.containers.of(stack))
    lines = [f"{one.service}: {one.state}, {one.image}" for one in snapshot.containers]
    return {"changed": False, "snapshot": snapshot.as_dict(), "summary": lines or [f"nothing runs of stack {stack}"]}


def main() -> None:
    """Run the module."""
    run_module(
        {"stack": {"type": "str", "required": True}, "root": {"type": "path", "default": "/var/lib/slipway"}}, work
    )


if __name__ == "__main__":
    main()
