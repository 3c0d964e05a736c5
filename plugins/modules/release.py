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
      - V(prepared) checks the host, stages the release, takes the snapshot, proves the way back, and pulls. No
        container is touched. If anything speaks against the release, all of it is reported, and nothing is left behind.
        Without O(plan), it prepares for going to a release that the host keeps. A release that an earlier run left
        unfinished is rolled back first.
      - V(started) activates the files, starts the containers, and passes the health gate. A release that is confirmed
        already is not started again, only the gate is passed.
      - V(confirmed) makes the release the one to go back to, and prunes.
      - V(rolled_back) takes the host back to what ran before, if this run touched it, and removes the staging if not.
      - V(pruned) removes the releases and images that nothing needs any more.
    type: str
    choices: [checked, prepared, started, confirmed, rolled_back, pruned]
    required: true
  stack:
    description: Name of the stack, which is the Compose project's name.
    type: str
    required: true
  root:
    description: Folder that holds the folders of all stacks. The user who connects must own it.
    type: path
    default: /var/lib/slipway
  release:
    description:
      - ID of the release. Not needed with O(plan), nor with O(state=checked) and O(state=pruned).
      - With O(state=prepared) and without O(plan), V(previous) is the newest confirmed release before the current one.
    type: str
  run:
    description: ID of the run, for the journal.
    type: str
    default: by-hand
  source:
    description:
      - The variables of role P(slipway.compose.stack#role) by their names, from which the controller's part reads and
        renders the stack. Needed with O(plan), useful with O(state=checked).
    type: dict
  plan:
    description: The plan, as M(slipway.compose.release_plan) returns it.
    type: dict
  payload:
    description: What the controller's part made of O(source). Not for people.
    type: str
  host:
    description: Name of the host in the plan. Set by the controller's part.
    type: str
  keep_releases:
    description: How many confirmed releases to keep, at least V(2).
    type: int
    default: 5
  min_free_mb:
    description: How many megabytes (10^6 bytes) must be free for images and releases.
    type: int
    default: 512
  pull_timeout:
    description: Seconds that the engine may be silent while it pulls.
    type: int
    default: 600
  rollback_timeout:
    description: Seconds that the containers may take to go back.
    type: int
    default: 300
requirements:
  - docker (Python library, python3-docker on Debian and Ubuntu)
  - requests (Python library, python3-requests on Debian and Ubuntu)
  - jmespath (Python library, python3-jmespath on Debian and Ubuntu)
  - Docker Compose plugin 2.24 or newer
seealso:
  - module: slipway.compose.release_plan
  - module: slipway.compose.release_info
  - module: slipway.compose.health_check
author:
  - Slipway contributors (@slipway)
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
  returned: success, except with O(state=checked) and O(state=pruned)
  type: str
  sample: 20261122T214500Z-1.4.2
unchanged:
  description: Whether the host already runs exactly this release.
  returned: success with O(state=prepared)
  type: bool
  sample: false
current:
  description: ID of the release that was confirmed before, or null.
  returned: success with O(state=prepared)
  type: str
  sample: 20261121T090000Z-1.4.1
way_back:
  description: What the way back leads to.
  returned: success with O(state=prepared)
  type: str
  sample: release 20261121T090000Z-1.4.1
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
failures:
  description: What the health gate found wrong, as M(slipway.compose.health_check) returns it.
  returned: when the gate failed
  type: list
  elements: dict
pruned:
  description: Releases that were removed.
  returned: success with O(state=confirmed) and O(state=pruned)
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

from typing import TYPE_CHECKING, Any, Callable

from ansible_collections.slipway.compose.plugins.module_utils.deployment import (
    Deployment,
    StartFailedError,
    prune,
    recover,
)
from ansible_collections.slipway.compose.plugins.module_utils.engine import Engine
from ansible_collections.slipway.compose.plugins.module_utils.gate_report import GateReport
from ansible_collections.slipway.compose.plugins.module_utils.module_edge import Result, run_module
from ansible_collections.slipway.compose.plugins.module_utils.plan import Plan
from ansible_collections.slipway.compose.plugins.module_utils.preparation import (
    Preparation,
    Prepared,
    previous_release,
)
from ansible_collections.slipway.compose.plugins.module_utils.readiness import look, meet_engine
from ansible_collections.slipway.compose.plugins.module_utils.release_order import Payload, ReleaseOrder
from ansible_collections.slipway.compose.plugins.module_utils.release_record import check_names
from ansible_collections.slipway.compose.plugins.module_utils.release_store import ReleaseStore
from ansible_collections.slipway.compose.plugins.module_utils.wording import counted

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

ARGUMENT_SPEC: dict[str, Any] = {
    "state": {
        "type": "str",
        "required": True,
        "choices": ["checked", "prepared", "started", "confirmed", "rolled_back", "pruned"],
    },
    "stack": {"type": "str", "required": True},
    "root": {"type": "path", "default": "/var/lib/slipway"},
    "release": {"type": "str"},
    "run": {"type": "str", "default": "by-hand"},
    "source": {"type": "dict"},
    "plan": {"type": "dict"},
    "payload": {"type": "str", "no_log": True},
    "host": {"type": "str"},
    "keep_releases": {"type": "int", "default": 5},
    "min_free_mb": {"type": "int", "default": 512},
    "pull_timeout": {"type": "int", "default": 600},
    "rollback_timeout": {"type": "int", "default": 300},
}


def work(module: AnsibleModule) -> Result:
    """Bring the release into the state that was asked for."""
    params = module.params
    states: dict[str, Callable[[AnsibleModule, ReleaseStore], Result]] = {
        "checked": _checked,
        "prepared": _prepared,
        "started": _started,
        "confirmed": _confirmed,
        "rolled_back": _rolled_back,
        "pruned": _pruned,
    }
    check_names(params["stack"], params["release"], params["run"])
    store = ReleaseStore(params["root"], params["stack"], params["run"])
    try:
        return states[params["state"]](module, store)
    except StartFailedError as error:
        return _start_failed(params["release"], error)


def _checked(module: AnsibleModule, store: ReleaseStore) -> Result:
    params = module.params
    payload = Payload.unpack(params["payload"]) if params["payload"] else None
    look(store, params["stack"], payload, params["min_free_mb"], params["pull_timeout"])
    return {"changed": False, "summary": ["this host can take a release"]}


def _prepared(module: AnsibleModule, store: ReleaseStore) -> Result:
    params = module.params
    summary = []
    if params["plan"]:
        payload = Payload.unpack(params["payload"])
        engine = meet_engine(store, params["min_free_mb"], payload.auths, params["pull_timeout"])
        order = ReleaseOrder(Plan.from_dict(params["plan"]), params["host"], payload)
        summary += [] if module.check_mode else recover(store, engine, params["rollback_timeout"])
        prepared = _preparation(module, store, engine).of_new(order)
    else:
        engine = meet_engine(store, params["min_free_mb"], timeout_s=params["pull_timeout"])
        summary += [] if module.check_mode else recover(store, engine, params["rollback_timeout"])
        release = previous_release(store) if params["release"] == "previous" else params["release"]
        prepared = _preparation(module, store, engine).of_kept(release)
    return {
        "changed": not prepared.unchanged,
        "release": prepared.release,
        "unchanged": prepared.unchanged,
        "current": prepared.snapshot.release,
        "way_back": prepared.goal,
        "pulled": list(prepared.pulled),
        "summary": summary + _prepared_summary(prepared),
        "diff": _prepared_diff(prepared),
    }


def _preparation(module: AnsibleModule, store: ReleaseStore, engine: Engine) -> Preparation:
    return Preparation(store, engine, min_free_mb=module.params["min_free_mb"], check_mode=module.check_mode)


def _prepared_summary(prepared: Prepared) -> list[str]:
    if prepared.unchanged:
        return [f"runs release {prepared.release} already"]
    pulled = f"{counted(len(prepared.pulled), 'image')} to pull" if prepared.pulled else "every image is here"
    return [f"ready for release {prepared.release}: {pulled}; the way back leads to {prepared.goal}"]


def _prepared_diff(prepared: Prepared) -> dict[str, str]:
    before = [f"release {prepared.snapshot.release or 'none'}"]
    before += [f"{one.service}: {one.image}" for one in prepared.snapshot.containers]
    after = [f"release {prepared.release}"]
    after += [f"{service}: {image}" for service, image in sorted(prepared.images.items())]
    after += [f"file {path}: changed" for path in prepared.files_changed]
    return {"before": "\n".join(before) + "\n", "after": "\n".join(before if prepared.unchanged else after) + "\n"}


def _started(module: AnsibleModule, store: ReleaseStore) -> Result:
    release = module.params["release"]
    if module.check_mode:
        return {"changed": True, "release": release, "summary": [f"would start release {release}"]}
    deployment = Deployment(store, Engine(), release)
    if deployment.settled:
        report = deployment.gate()
        return {"changed": False, "release": release, "gate": report.as_dict(), "summary": report.summary()}
    report = deployment.start()
    return {"changed": True, "release": release, "gate": report.as_dict(), "summary": report.summary()}


def _confirmed(module: AnsibleModule, store: ReleaseStore) -> Result:
    release = module.params["release"]
    if module.check_mode:
        changed = store.current() != release
        return {"changed": changed, "release": release, "pruned": [], "summary": [f"would confirm release {release}"]}
    engine = Engine()
    changed = Deployment(store, engine, release).confirm()
    pruned = prune(store, engine, module.params["keep_releases"])
    summary = [f"confirmed release {release}"] + ([f"pruned {', '.join(pruned)}"] if pruned else [])
    return {"changed": changed or bool(pruned), "release": release, "pruned": pruned, "summary": summary}


def _rolled_back(module: AnsibleModule, store: ReleaseStore) -> Result:
    release = module.params["release"]
    deployment = Deployment(store, Engine(), release)
    if module.check_mode:
        return {"changed": deployment.touched, "release": release, "summary": ["would go back to what ran before"]}
    staged = deployment.staged
    report: GateReport | None = deployment.roll_back(module.params["rollback_timeout"])
    if report is None:
        summary = [f"gave release {release} back; nothing was touched"] if staged else []
        return {"changed": staged, "release": release, "summary": summary}
    goal = store.read_json(release, "snapshot.json").get("goal")
    summary = [f"went back to {goal}", *report.summary()]
    return {"changed": True, "release": release, "gate": report.as_dict(), "summary": summary}


def _pruned(module: AnsibleModule, store: ReleaseStore) -> Result:
    pruned = prune(store, Engine(), module.params["keep_releases"], check_mode=module.check_mode)
    summary = [f"pruned {', '.join(pruned)}" if pruned else "nothing to prune"]
    return {"changed": bool(pruned), "pruned": pruned, "summary": summary}


def _start_failed(release: str, error: StartFailedError) -> Result:
    said = (
        f"Docker Compose could not start it:\n  {error.said.replace(chr(10), chr(10) + '  ')}\n" if error.said else ""
    )
    return {
        "failed": True,
        "changed": True,
        "release": release,
        "msg": f"{error.subject} does not stand.\n{said}{error.report.message()}",
        "gate": error.report.as_dict(),
        "failures": [failure.as_dict() for failure in error.report.failures],
        "summary": error.report.summary(),
    }


def main() -> None:
    """Run the module."""
    run_module(
        ARGUMENT_SPEC,
        work,
        required_if=[
            ("state", "prepared", ("plan", "release"), True),
            ("state", "started", ("release",)),
            ("state", "confirmed", ("release",)),
            ("state", "rolled_back", ("release",)),
        ],
        required_by={"plan": ["payload", "host"]},
    )


if __name__ == "__main__":
    main()
