#!/usr/bin/python
# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stages, starts, confirms and takes back a release of a Compose stack on a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: release
short_description: Prepare, start, confirm, roll back and prune releases of a Docker Compose stack
version_added: 0.1.0
description:
  - Does on one host what the plays of a deployment decide. A release is an immutable folder below
    C(<root>/<stack>/releases) with the stack's files, its pinned images, and the way back from it.
  - Every state can be asked for again; the journal on the host tells what is still missing.
  - A part of this module runs on the controller. It renders the stack's files for the host, and passes them on in one
    piece that Ansible does not log.
extends_documentation_fragment:
  - slipway.compose.attributes
  - slipway.compose.run
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details:
      - Shows which files and images the release changes, with O(state=prepared).
  idempotent:
    support: full
options:
  state:
    description:
      - V(checked) looks at the host and touches nothing. With O(source) it looks for taken ports, too.
      - V(resolved) asks the registries which digests the images of O(source) have now, and touches nothing, as
        M(slipway.compose.image_digest_info) does.
      - V(prepared) checks the host, takes the lease, stages the release, takes the snapshot, proves the way back, and
        pulls. No container is touched. If anything speaks against the release, all of it is reported, and nothing is
        left behind. Without O(plan), it prepares for going to a release that the host keeps. What an earlier run left
        unfinished is settled first. The hooks C(pre_deploy) come last; one that fails is a reason to refuse. What
        ran and has ended when a pull or a hook fails, as with a crash of the engine, is started again and gated.
      - V(started) arms the guard, activates the files, starts the containers, and passes the health gate. A release
        that is confirmed already, or that this run has started, is not started again, only the gate is passed.
        The hooks C(post_deploy) or C(on_failure) come last.
      - V(confirmed) makes the release the one to go back to, disarms the guard, prunes, and gives the lease back.
      - V(rolled_back) takes the host back to what ran before, if this run touched it, with the hooks C(pre_rollback)
        and C(post_rollback) around it, removes the staging if not, and gives the lease back. Where nothing was touched
        and what ran has ended all the same, as after a crash of the engine, it is started again and gated.
      - V(renewed) has lease and guard last their whole time again.
      - V(abandoned) is for a run that was cut off. It has the guard act at once and does not wait for it; what was only
        prepared it gives back.
      - V(recovered) settles what earlier runs left unfinished, as V(prepared) does.
      - V(pruned) removes the releases and images that nothing needs any more.
    type: str
    choices: [checked, resolved, prepared, started, confirmed, rolled_back, renewed, abandoned, recovered, pruned]
    required: true
  release:
    description:
      - ID of the release. Needed with V(started), V(confirmed), V(rolled_back), and V(prepared) without O(plan).
      - With O(state=prepared) and without O(plan), V(previous) is the newest confirmed release before the current one.
    type: str
  confirm:
    description:
      - With O(state=started), confirms the release as soon as it has passed its gate. For a run that is about this host
        alone, and in which nothing else has to be asked.
    type: bool
    default: false
  force:
    description:
      - With O(state=prepared) and without O(plan), goes back past a release that was said to be irreversible.
    type: bool
    default: false
  source:
    description:
      - The variables of role P(slipway.compose.stack#role) by their names, from which the controller's part reads and
        renders the stack. Needed with O(plan) and O(state=resolved), useful with O(state=checked).
    type: dict
  from_role:
    description:
      - Takes what is not given from the variables of role P(slipway.compose.stack#role), and with O(state=prepared) and
        without O(release) the plan and O(source) as well. For the role itself.
    type: bool
    default: false
  plan:
    description: The plan, as M(slipway.compose.release_plan) returns it.
    type: dict
  payload:
    description: What the controller's part made of O(source). Not for people.
    type: str
  host:
    description:
      - Name of the host in the inventory, and in the plan. With O(state=prepared), a machine that the run has prepared
        under another name already is refused. Set by the controller's part.
    type: str
  first_host:
    description:
      - Whether this is the first host of the run, on which hooks with C(once) run, with O(state=prepared). Set by the
        controller's part.
    type: bool
    default: true
  confirm_images:
    description:
      - Whether to ask the registries once more, with O(state=prepared), and to refuse a plan with other digests. Set by
        the controller's part for the second host of the run, since the first one has named the digests of the plan.
    type: bool
    default: false
  keep_releases:
    description: How many confirmed releases to keep, at least V(2).
    type: int
    default: 5
  min_free_mb:
    description: How many megabytes (10^6 bytes) must be free for images and releases.
    type: int
    default: 512
  pull_timeout:
    description: Seconds that all images together may take to be pulled.
    type: int
    default: 600
  rollback_timeout:
    description: Seconds that the containers may take to go back.
    type: int
    default: 300
seealso:
  - module: slipway.compose.release_plan
  - module: slipway.compose.release_info
  - module: slipway.compose.health_check
  - module: slipway.compose.deploy_lease
"""

EXAMPLES = r"""
- name: Look whether the host could take any release
  slipway.compose.release:
    state: checked
    stack: guestbook

- name: Go back to the confirmed release before this one
  slipway.compose.release:
    state: prepared
    stack: guestbook
    release: previous
  register: prepared

- name: Start it, and pass its gate
  slipway.compose.release:
    state: started
    stack: guestbook
    release: "{{ prepared.release }}"

- name: Make it the current release
  slipway.compose.release:
    state: confirmed
    stack: guestbook
    release: "{{ prepared.release }}"
    keep_releases: 3
"""

RETURN = r"""
summary:
  description: A few lines for people.
  returned: always
  type: list
  elements: str
  sample: ["web: 2 running and healthy", "health gate passed after 3.2 s"]
release:
  description: ID of the release that this was about.
  returned: success, where the state is about one release
  type: str
  sample: 20261122T214500Z-1.4.2
images:
  description: Digest of each image reference.
  returned: success with O(state=resolved)
  type: dict
  sample:
    registry.example.com/team/web:1.4.2: sha256:6a92cd1fcdc8d8cdec60f33dda4db2cb1fcdcacf3410a8e05b3741f44a9b5998
unchanged:
  description: Whether the host already runs exactly this release.
  returned: success with O(state=prepared)
  type: bool
  sample: false
current:
  description: ID of the release that was confirmed before, or null.
  returned: success with O(state=prepared) or O(state=checked), and with findings
  type: str
  sample: 20261121T090000Z-1.4.1
way_back:
  description: What a rollback leads to.
  returned: success with O(state=prepared)
  type: str
  sample: release 20261121T090000Z-1.4.1
reversible:
  description: Whether the host may be taken back automatically.
  returned: success with O(state=prepared), unless the host runs the release already
  type: bool
  sample: true
pulled:
  description: Images that were pulled.
  returned: success with O(state=prepared)
  type: list
  elements: str
  sample: []
gate:
  description: What the health gate saw, as M(slipway.compose.health_check) returns it.
  returned: when the gate ran
  type: dict
said:
  description: What Docker Compose said.
  returned: when it could not start the containers
  type: str
failures:
  description: What the health gate found wrong, as M(slipway.compose.health_check) returns it.
  returned: when the gate failed
  type: list
  elements: dict
confirmed:
  description: Whether the release was confirmed with its start.
  returned: success with O(state=started)
  type: bool
  sample: false
guarded:
  description: Whether the host goes back by itself.
  returned: success with O(state=abandoned)
  type: bool
  sample: true
given_back:
  description: Whether the run had never started the release here, so that at most its staging had to go. What runs was
    not touched, and was not gated.
  returned: success with O(state=rolled_back), where no gate ran, but for check mode
  type: bool
  sample: false
down:
  description: Whether what ran has ended although nothing of it was touched, as after a crash of the engine, and does
    not stand although it was started again.
  returned: failure with O(state=prepared), O(state=rolled_back) and O(state=abandoned), where that is so
  type: bool
  sample: true
hooks:
  description: How each hook of the release ended, as M(slipway.compose.controller_hooks) returns it.
  returned: when hooks ran
  type: list
  elements: dict
pruned:
  description: Releases that were removed.
  returned: success with O(confirm), O(state=confirmed) and O(state=pruned)
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

from typing import TYPE_CHECKING, Any

from ..module_utils.calls.ansible_module import RUN_OPTIONS, run_module
from ..module_utils.calls.dispatch import STATES, bring_about
from ..module_utils.core.answer import Result

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

ARGUMENT_SPEC: dict[str, Any] = {
    **RUN_OPTIONS,
    "state": {"type": "str", "required": True, "choices": list(STATES)},
    "release": {"type": "str"},
    "confirm": {"type": "bool", "default": False},
    "force": {"type": "bool", "default": False},
    "source": {"type": "dict"},
    "from_role": {"type": "bool", "default": False},
    "plan": {"type": "dict"},
    "payload": {"type": "str", "no_log": True},
    "host": {"type": "str"},
    "first_host": {"type": "bool", "default": True},
    "confirm_images": {"type": "bool", "default": False},
    "keep_releases": {"type": "int", "default": 5},
    "min_free_mb": {"type": "int", "default": 512},
    "pull_timeout": {"type": "int", "default": 600},
    "rollback_timeout": {"type": "int", "default": 300},
}
CONSTRAINTS: dict[str, Any] = {
    "required_if": [
        ("state", "resolved", ("payload",)),
        ("state", "prepared", ("plan", "release"), True),
        ("state", "started", ("release",)),
        ("state", "confirmed", ("release",)),
        ("state", "rolled_back", ("release",)),
    ],
    "required_by": {"plan": ["payload", "host"]},
}


def work(module: AnsibleModule) -> Result:
    """Bring the release into the state that was asked for."""
    return bring_about(module.params, check_mode=module.check_mode)


def main() -> None:
    """Run the module."""
    run_module(ARGUMENT_SPEC, work, **CONSTRAINTS)


if __name__ == "__main__":
    main()
