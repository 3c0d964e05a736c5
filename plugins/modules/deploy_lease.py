#!/usr/bin/python
# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows, takes and ends the lease of a Compose stack on a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: deploy_lease
short_description: Show, take and end the lease of a Docker Compose stack
version_added: 0.1.0
description:
  - A lease says which run may change a stack on a host. M(slipway.compose.release) takes it when it prepares a release,
    and gives it back when the release is settled. It ends by itself when its run gives no sign of life any more.
  - This module is for those who have to wait for a run, to end the lease of a dead one, or to continue one that is
    paused.
extends_documentation_fragment:
  - slipway.compose.attributes
  - slipway.compose.run
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
options:
  state:
    description:
      - Without it, the module only tells who holds the lease.
      - V(held) takes the lease for O(run).
      - V(released) ends the lease of O(run), and the command that the run still has at work on the host. It refuses to
        end that of another run, so that a lease that was taken meanwhile stays. What the run left is settled by its
        guard, or by the next run.
      - V(paused) has O(run), which must hold the lease, wait for somebody to continue it. Whether it goes on then,
        RV(lease) tells.
      - V(continued) continues O(run) if it is paused on this host, writes O(owner) down as who did, and fails if the
        run does not go on.
    type: str
    choices: [held, released, paused, continued]
  wait:
    description:
      - Seconds that V(held) waits for another run to give the lease back, V(paused) for the run to be continued, and
        V(continued) for the run to go on.
    type: int
    default: 0
  withdraw:
    description: With O(state=paused), whether the run cannot be continued any more after O(wait).
    type: bool
    default: false
seealso:
  - module: slipway.compose.release
"""

EXAMPLES = r"""
- name: See who deploys
  slipway.compose.deploy_lease:
    stack: guestbook
  register: lease

- name: End the lease of a run that is dead
  slipway.compose.deploy_lease:
    stack: guestbook
    state: released
    run: "{{ lease.lease.run }}"

- name: Continue a run that is paused
  slipway.compose.deploy_lease:
    stack: guestbook
    state: continued
    run: "{{ lease.lease.run }}"
    owner: ada@desk
"""

RETURN = r"""
lease:
  description: The lease as it is afterwards, or null if nobody holds one.
  returned: success
  type: dict
  contains:
    run:
      description: ID of the run that holds it; V(unreadable) if the file that says so is damaged.
      type: str
      sample: 20261122T214455Z-deploy-1f2e
    owner:
      description: Who started that run.
      type: str
      sample: ada@desk
    run_url:
      description: Where to look at that run, empty if there is no such page.
      type: str
      sample: ""
    taken_at:
      description: When it was taken, UTC.
      type: str
      sample: "2026-11-22T21:44:57Z"
    phase:
      description: How far the run has come on this host, V(preparing), V(prepared) or V(started).
      type: str
      sample: started
    paused_at:
      description: Since when the run waits here for somebody to continue it, UTC; empty if it does not.
      type: str
      sample: ""
    continued_by:
      description: Who told it to go on, empty if nobody has.
      type: str
      sample: ""
    goes_on:
      description: Whether it has heard that, and goes on.
      type: bool
      sample: false
    ends_in:
      description: Seconds until it ends by itself; 0 if it has.
      type: int
      sample: 893
summary:
  description: A few lines for people.
  returned: success
  type: list
  elements: str
  sample: ["nobody holds the lease"]
findings:
  description: What keeps the module from doing its work, all of it at once.
  returned: failure
  type: list
  elements: dict
  contains:
    thing:
      description: What was looked at.
      type: str
      sample: lease of stack guestbook
    expected:
      description: What had to be true.
      type: str
      sample: no other run at work on it
    seen:
      description: What was there instead.
      type: str
      sample: run 20261122T214455Z-deploy-1f2e of ada@desk since 2026-11-22T21:44:57Z
    remedy:
      description: What to do next.
      type: str
      sample: Wait for that run.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..module_utils.calls.ansible_module import RUN_OPTIONS, run_module
from ..module_utils.coordination.held_lease import StackLease
from ..module_utils.coordination.lease import Lease, how_to_continue, sentence
from ..module_utils.coordination.lock import end_command
from ..module_utils.core.answer import Result
from ..module_utils.core.clock import boot_time
from ..module_utils.core.findings import Finding, SlipwayError
from ..module_utils.core.identifiers import check_names
from ..module_utils.release.store import ReleaseStore

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

#: Seconds for a command to end by itself.
_END_S = 1.0
ARGUMENT_SPEC: dict[str, Any] = {
    **RUN_OPTIONS,
    "state": {"type": "str", "choices": ["held", "released", "paused", "continued"]},
    "wait": {"type": "int", "default": 0},
    "withdraw": {"type": "bool", "default": False},
}


def work(module: AnsibleModule) -> Result:
    """Show the lease, or change it first."""
    params = module.params
    check_names(params["stack"], None, params["run"])
    store = ReleaseStore(params["root"], params["stack"], params["run"])
    lease = StackLease(store, params["guard_timeout"], params["owner"], params["run_url"])
    changed = False
    if params["state"] == "held":
        changed = not lease.is_held()
        if not module.check_mode:
            store.make()
            lease.acquire(params["wait"])
    elif params["state"] == "released":
        changed = _release(lease, store.folder, params["run"], check_mode=module.check_mode)
    elif params["state"] == "paused" and not module.check_mode:
        lease.pause(params["wait"], withdraw=params["withdraw"])
    elif params["state"] == "continued":
        changed = _continue(lease, params, check_mode=module.check_mode)
    held = lease.held()
    return {"changed": changed, "lease": _as_result(held), "summary": [_summary(held, params["state"])]}


def _release(lease: StackLease, folder: Path, run: str, *, check_mode: bool) -> bool:
    """End the lease of a run, if it holds it.

    Raises:
        SlipwayError: another run does.
    """
    held = lease.held()
    if held is None:
        return False
    _see_run(held, run, "end")
    if not check_mode:
        # A command of that run may still be at work here, with the lock.
        end_command(folder, run, _END_S)
        with lease.locked():
            lease.release()
    return True


def _continue(lease: StackLease, params: Mapping[str, Any], *, check_mode: bool) -> bool:
    """Continue a run if it is paused on this host.

    Raises:
        SlipwayError: another run holds the lease, or the run does not go on.
    """
    held = lease.held()
    if held is None:
        return False
    _see_run(held, params["run"], "continue")
    if check_mode:
        return held.pauses(boot_time())
    return lease.resume(params["owner"] or "somebody", params["wait"])


def _see_run(held: Lease, run: str, verb: str) -> None:
    """Raise `SlipwayError` if it is another run that holds the lease."""
    if held.run != run:
        seen = f"that of run {held.run} of {held.owner or 'somebody'}"
        raise SlipwayError([Finding("lease", f"the lease of run {run}", seen, f"To {verb} it: --run {held.run}.")])


def _as_result(held: Lease | None) -> dict[str, Any] | None:
    if held is None:
        return None
    known = {key: value for key, value in held.as_dict().items() if key not in ("lasts_s", "renewed")}
    return {**known, "ends_in": max(0, round(held.left_s(boot_time())))}


def _summary(held: Lease | None, state: str | None) -> str:
    if held is None:
        return "nobody holds the lease"
    if state in ("paused", "continued") and held.goes_on:
        return f"continued by {held.continued_by}"
    if state == "paused":
        return f"paused, {how_to_continue(held.run)}" if held.paused_at else "nobody continued it"
    return sentence(held, boot_time())


def main() -> None:
    """Run the module."""
    run_module(ARGUMENT_SPEC, work)


if __name__ == "__main__":
    main()
