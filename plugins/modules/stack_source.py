#!/usr/bin/python
# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: stack_source
short_description: Read and check a stack's folder on the controller
version_added: 0.1.0
description:
  - Reads the stack's folder, renders its C(.j2) files for the host, and checks every variable of role
    P(slipway.compose.stack#role). Returns hashes only, since rendered files may hold secrets.
  - Everything that is wrong is reported at once. The host is not connected to.
extends_documentation_fragment:
  - slipway.compose.attributes
  - slipway.compose.attributes.info_module
options:
  source:
    description: The variables of role P(slipway.compose.stack#role) by their names.
    type: dict
    required: true
author:
  - Slipway contributors (@slipway)
"""

EXAMPLES = r"""
- name: Check the stack's folder
  slipway.compose.stack_source:
    source:
      stack_name: guestbook
      stack_src: stacks/guestbook
      stack_version: 1.4.2
"""

RETURN = r"""
content_sha256:
  description: Hash over the host's files and variables.
  returned: success
  type: str
  sample: 6a92cd1fcdc8d8cdec60f33dda4db2cb1fcdcacf3410a8e05b3741f44a9b5998
started_at:
  description: When the stack was read, in seconds since 1970.
  returned: success
  type: float
  sample: 1795384800.5
limits:
  description: How long things may take, in seconds. The scripts read it as the run goes by.
  returned: success
  type: dict
  contains:
    run_timeout:
      description: The whole run; 0 is no limit.
      type: int
      sample: 3600
    guard_timeout:
      description: Without a sign of the run, until a host goes back by itself.
      type: int
      sample: 900
files:
  description: Hash of every file as it lies in the repository, by path.
  returned: success
  type: dict
  sample:
    compose.yaml: 6a92cd1fcdc8d8cdec60f33dda4db2cb1fcdcacf3410a8e05b3741f44a9b5998
compose_files:
  description: The files that Docker Compose reads, in its order.
  returned: success
  type: list
  elements: str
  sample: [compose.yaml]
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
