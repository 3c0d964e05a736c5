#!/usr/bin/python
# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: controller_hooks
short_description: Run a stack's hooks on the controller when their event happens
version_added: 0.1.0
description:
  - Runs those of the hooks in C(stack_hooks) that are on the controller and belong to an event of a run, one after the
    other. Whether the event happens follows from what the steps of role P(slipway.compose.stack#role) reported.
  - Fails if a hook fails which the deployment depends on. Every other failure is only reported.
  - Runs once for all hosts, on the controller.
extends_documentation_fragment:
  - slipway.compose.attributes
attributes:
  check_mode:
    support: full
    details:
      - In check mode no hook runs.
  diff_mode:
    support: none
  idempotent:
    support: none
    details:
      - A hook runs each time.
options:
  event:
    description:
      - V(prepared) is when every host is prepared, V(stands) when the release stands on every host, V(going_back)
        before hosts are taken back, V(gone_back) after that.
    type: str
    choices: [prepared, stands, going_back, gone_back]
    required: true
  source:
    description: The variables of role P(slipway.compose.stack#role) by their names.
    type: dict
    required: true
  hosts:
    description: Names of all hosts of the run.
    type: list
    elements: str
    required: true
  run:
    description: ID of the run.
    type: str
author:
  - Slipway contributors (@slipway)
"""

EXAMPLES = r"""
- name: Run the controller's hooks before the rollout
  slipway.compose.controller_hooks:
    event: prepared
    source: "{{ source }}"
    hosts: "{{ ansible_play_hosts_all }}"
  run_once: true
"""

RETURN = r"""
hooks:
  description: How each hook ended.
  returned: always
  type: list
  elements: dict
  contains:
    kind:
      description: The list in C(stack_hooks) that it stands in.
      type: str
      sample: pre_deploy
    name:
      description: Its name.
      type: str
      sample: tell the team
    "on":
      description: Where it ran.
      type: str
      sample: controller
    passed:
      description: Whether it ended with exit code 0 within its time limit.
      type: bool
      sample: false
    seen:
      description: How it ended.
      type: str
      sample: exit code 3 after 0.4 s
    output:
      description: The last lines that it printed, secrets masked.
      type: list
      elements: str
      sample: ["no room"]
    duration_s:
      description: How many seconds it took.
      type: float
      sample: 0.4
summary:
  description: The same for people.
  returned: always
  type: list
  elements: str
  sample: ["pre_deploy hook 'tell the team' passed after 0.4 s"]
findings:
  description: The hooks that keep the deployment from going on.
  returned: failure
  type: list
  elements: dict
  contains:
    thing:
      description: Which hook.
      type: str
      sample: pre_deploy hook 'tell the team'
    expected:
      description: What had to be true.
      type: str
      sample: exit code 0
    seen:
      description: What was there instead.
      type: str
      sample: exit code 3 after 0.4 s, and no output
    remedy:
      description: What to do next.
      type: str
      sample: Correct what it complains about.
"""
