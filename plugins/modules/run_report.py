#!/usr/bin/python
# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: run_report
short_description: Give the verdict over a run, and write it down
version_added: 0.1.0
description:
  - Judges from what every step of role P(slipway.compose.stack#role) reported how the run ended on every host, and
    writes C(verdict.json) into the run's folder on the controller.
  - Fails unless the verdict is V(deployed), V(unchanged), V(planned) or V(continued), so that Ansible's exit
    status tells it too.
  - Runs once for all hosts, on the controller.
extends_documentation_fragment:
  - slipway.compose.attributes
attributes:
  check_mode:
    support: full
    details:
      - The verdict over a run in check mode is V(planned), V(unchanged) or V(refused).
  diff_mode:
    support: none
  idempotent:
    support: full
options:
  hosts:
    description: Names of all hosts of the run.
    type: list
    elements: str
    required: true
  release:
    description: ID of the planned release.
    type: str
  plan_sha256:
    description: Hash of the plan.
    type: str
  run:
    description: ID of the run.
    type: str
  stack_folder:
    description: The stack's folder on the hosts, for messages that say what to type there.
    type: str
  runs_dir:
    description: Folder on the controller that holds the folders of runs.
    type: path
    required: true
  on_failure:
    description:
      - Whether to run the hooks C(on_failure) that are on the controller, if the run did not end well. They are taken
        from the variable C(stack_hooks) of the first host.
    type: bool
    default: false
  started_at:
    description: When the run began, in seconds since 1970.
    type: float
author:
  - Slipway contributors (@slipway)
"""

EXAMPLES = r"""
- name: Give the verdict
  slipway.compose.run_report:
    hosts: "{{ ansible_play_hosts_all }}"
    runs_dir: var/runs
"""

RETURN = r"""
verdict:
  description: How the run ended, as it is written to C(verdict.json).
  returned: always
  type: dict
  contains:
    verdict:
      description: One word.
      type: str
      sample: deployed
    exit_code:
      description: The exit code that belongs to it.
      type: int
      sample: 0
    hosts:
      description: How it ended on each host.
      type: dict
    hooks:
      description: How each hook ended, as M(slipway.compose.controller_hooks) returns it, and on which host.
      type: list
      elements: dict
summary:
  description: The verdict for people.
  returned: always
  type: list
  elements: str
  sample: ["deployed: every host runs the release, confirmed"]
path:
  description: Where it was written.
  returned: always
  type: str
  sample: var/runs/20261122T214500Z-deploy-3f2a1c/verdict.json
"""
