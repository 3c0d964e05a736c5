#!/usr/bin/python
# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks the registries which bytes the tags of a stack's images name now."""

from __future__ import annotations

DOCUMENTATION = r"""
module: image_digest_info
short_description: Resolve image tags to digests through this host's engine
version_added: 0.1.0
description:
  - Resolves image references to digests, without pulling anything. The engine of the host asks, so that its registry
    settings, certificates and credentials hold.
  - Given a stack's O(source), it lets Docker Compose resolve the project first, and takes the images of its services.
    An invalid Compose file, variables that nothing sets, services that only C(build:), and images that cannot be
    resolved are all reported at once.
extends_documentation_fragment:
  - slipway.compose.attributes
  - slipway.compose.attributes.info_module
options:
  images:
    description: Image references to resolve, beside those of O(source).
    type: list
    elements: str
    default: []
  source:
    description:
      - The variables of role P(slipway.compose.stack#role) by their names, from which the controller's part reads and
        renders the stack.
    type: dict
  stack:
    description: Name of the stack. Set by the controller's part.
    type: str
  payload:
    description: What the controller's part made of O(source). Not for people.
    type: str
requirements:
  - docker (Python library, python3-docker on Debian and Ubuntu)
  - Docker Compose plugin 2.24 or newer, with O(source)
author:
  - Slipway contributors (@slipway)
"""

EXAMPLES = r"""
- name: Find out which bytes a tag names
  slipway.compose.image_digest_info:
    images:
      - registry.example.com/team/web:1.4.2
"""

RETURN = r"""
images:
  description: Digest of each image reference.
  returned: success
  type: dict
  sample:
    registry.example.com/team/web:1.4.2: sha256:6a92cd1fcdc8d8cdec60f33dda4db2cb1fcdcacf3410a8e05b3741f44a9b5998
summary:
  description: A line for people.
  returned: success
  type: list
  elements: str
  sample: ["3 images resolved"]
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
from ..module_utils.core.wording import counted
from ..module_utils.host.preflight import resolve_images
from ..module_utils.stack.payload import Payload

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule


def work(module: AnsibleModule) -> Result:
    """Resolve the images of the stack and those named besides."""
    payload = Payload.unpack(module.params["payload"]) if module.params["payload"] else None
    digests = resolve_images(module.params["stack"], payload, module.params["images"])
    return {"changed": False, "images": digests, "summary": [f"{counted(len(digests), 'image')} resolved"]}


def main() -> None:
    """Run the module."""
    run_module(
        {
            "images": {"type": "list", "elements": "str", "default": []},
            "source": {"type": "dict"},
            "stack": {"type": "str"},
            "payload": {"type": "str", "no_log": True},
        },
        work,
        required_together=[("stack", "payload")],
    )


if __name__ == "__main__":
    main()
