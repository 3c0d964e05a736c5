#!/usr/bin/python
# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: release_plan
short_description: Decide a deployment once for the whole fleet, and write the plan down
version_added: 0.1.0
description:
  - Writes C(plan.json) on the controller, with the version, the digest of every image, the hash of every file, the
    hosts and the batches. The plan has a SHA-256 over all of it.
  - If C(stack_plan_file) is set, that plan is taken instead, provided that nothing which it decided has changed since,
    and that it has the hash C(stack_plan_sha256) if that is set.
  - Runs once for all hosts, on the controller.
extends_documentation_fragment:
  - slipway.compose.attributes
attributes:
  check_mode:
    support: full
    details:
      - A plan changes no host, so it is written in check mode too.
  diff_mode:
    support: none
  idempotent:
    support: partial
    details:
      - A plan carries the time at which it was made.
options:
  source:
    description: The variables of role P(slipway.compose.stack#role) by their names.
    type: dict
    required: true
  sources:
    description: What M(slipway.compose.stack_source) returned as C(hosts).
    type: dict
    required: true
  files:
    description: What it returned as C(files).
    type: dict
    required: true
  left_out:
    description: Names of the hosts that the run goes on without, because they cannot be reached.
    type: list
    elements: str
    default: []
  images:
    description: Digest of every image reference, as M(slipway.compose.image_digest_info) returns it.
    type: dict
    default: {}
  runs_dir:
    description: Folder on the controller that holds the folders of runs.
    type: path
    required: true
  run:
    description: ID of the run. If empty, one is made.
    type: str
author:
  - Slipway contributors (@slipway)
"""

EXAMPLES = r"""
- name: Write the plan
  slipway.compose.release_plan:
    source: "{{ source }}"
    sources: "{{ stack.hosts }}"
    files: "{{ stack.files }}"
    images: "{{ resolved.images }}"
    runs_dir: var/runs
"""

RETURN = r"""
plan:
  description: The plan, as it is written.
  returned: success
  type: dict
fleet_sha256:
  description: Hash over the hosts and batches of the plan, which stands for these where one host gets its part of it.
  returned: success
  type: str
  sample: 6a92cd1fcdc8d8cdec60f33dda4db2cb1fcdcacf3410a8e05b3741f44a9b5998
run:
  description: ID of the run.
  returned: success
  type: str
  sample: 20261122T214500Z-deploy-3f2a1c
path:
  description: Where the plan was written.
  returned: success
  type: str
  sample: var/runs/20261122T214500Z-deploy-3f2a1c/plan.json
summary:
  description: A line for people.
  returned: success
  type: list
  elements: str
  sample: ["release 20261122T214500Z-1.4.2 on 2 hosts, 3 images pinned, plan 6a92cd1fcdc8"]
attention:
  description: What nobody may overlook, such as a release that is not reversible.
  returned: success
  type: list
  elements: str
  sample: []
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
