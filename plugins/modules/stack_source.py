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
  - Reads the stack's folder, renders its C(.j2) files for each host, and checks every variable of role
    P(slipway.compose.stack#role), as it has them for each host. Returns hashes only, since rendered files may hold
    secrets.
  - What is decided once for a run must be the same on all hosts, such as C(stack_name) and C(stack_root), and no two
    hosts may have the same address.
  - Everything that is wrong is reported at once. No host is connected to. Runs once for all hosts.
extends_documentation_fragment:
  - slipway.compose.attributes
  - slipway.compose.attributes.info_module
options:
  hosts:
    description: Names of the hosts. If empty, the one that the task runs for.
    type: list
    elements: str
    default: []
  in_waves:
    description:
      - Whether the play that rolls the release out cuts the hosts into batches, and batches of more than C(forks) hosts
        into parts, as C(playbooks/deploy.yml) does. If not, all hosts change together, and C(stack_guard_timeout) has
        to last for all of their turns.
    type: bool
    default: true
author:
  - Slipway contributors (@slipway)
"""

EXAMPLES = r"""
- name: Check the stack's folder
  slipway.compose.stack_source:
    hosts: "{{ ansible_play_hosts_all }}"
  vars:
    stack_name: guestbook
    stack_src: stacks/guestbook
    stack_version: 1.4.2
"""

RETURN = r"""
hosts:
  description:
    - By the name of each host C(content_sha256), the hash over its files and variables. After a failure, C(findings),
      those that are about this host.
  returned: always
  type: dict
  sample:
    web1:
      content_sha256: 6a92cd1fcdc8d8cdec60f33dda4db2cb1fcdcacf3410a8e05b3741f44a9b5998
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
longest_silence:
  description: The seconds in which other hosts hear nothing while one uses up every limit that it has.
  returned: success
  type: float
  sample: 420.0
files:
  description: Hash of every file as it lies in the repository, by path.
  returned: success
  type: dict
  sample:
    compose.yaml: 6a92cd1fcdc8d8cdec60f33dda4db2cb1fcdcacf3410a8e05b3741f44a9b5998
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
