#!/usr/bin/python
# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells which releases a host keeps, which one is confirmed, and whether that is what runs."""

from __future__ import annotations

DOCUMENTATION = r"""
module: release_info
short_description: Tell a stack's releases, its journal, and whether what runs is what was confirmed
version_added: 0.1.0
description:
  - Reads the stack's folder and asks the engine; touches nothing.
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
  journal_lines:
    description: How many of the journal's last lines to return.
    type: int
    default: 20
requirements:
  - docker (Python library, python3-docker on Debian and Ubuntu)
author:
  - Slipway contributors (@slipway)
"""

EXAMPLES = r"""
- name: See what runs, and what could be gone back to
  slipway.compose.release_info:
    stack: guestbook
"""

RETURN = r"""
current:
  description: ID of the last confirmed release, or null.
  returned: success
  type: str
  sample: 20261122T214500Z-1.4.2
unfinished:
  description: ID of a release that was begun and never settled, or null.
  returned: success
  type: str
  sample: null
stands:
  description: Whether exactly the confirmed release runs, or nothing if none is.
  returned: success
  type: bool
  sample: true
drift:
  description: In what the host differs from the confirmed release, in words.
  returned: success
  type: list
  elements: str
  sample: []
releases:
  description: The releases that the host keeps, the newest first.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: ID of the release.
      type: str
      sample: 20261122T214500Z-1.4.2
    version:
      description: Its version.
      type: str
      sample: 1.4.2
    state:
      description: The last event that the journal has of it; V(damaged) if its record cannot be read.
      type: str
      sample: confirmed
    created_at:
      description: UTC, ISO 8601.
      type: str
      sample: "2026-11-22T21:45:00Z"
    created_by:
      description: Who deployed it.
      type: str
      sample: ci@runner
    commit:
      description: Git commit of its files; empty if unknown.
      type: str
      sample: 4c01db0b339c4c01db0b339c4c01db0b339c4c01
    images:
      description: Pinned image of each service.
      type: dict
containers:
  description: What runs now, as M(slipway.compose.image_snapshot) returns it.
  returned: success
  type: list
  elements: dict
guard_in:
  description: Seconds until the guard takes the unfinished release back, null if none is armed.
  returned: success
  type: int
  sample: null
journal:
  description: The journal's last entries, the oldest first.
  returned: success
  type: list
  elements: dict
summary:
  description: A few lines for people.
  returned: success
  type: list
  elements: str
  sample: ["runs release 20261122T214500Z-1.4.2"]
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

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ..module_utils.calls.ansible_module import run_module
from ..module_utils.coordination import lease
from ..module_utils.coordination.after_boot import is_enabled
from ..module_utils.coordination.guard import LOG_FILE, is_present, read_task
from ..module_utils.coordination.held_lease import StackLease
from ..module_utils.core.answer import Result
from ..module_utils.core.findings import Finding, SlipwayError
from ..module_utils.core.host_clock import boot_time
from ..module_utils.core.identifiers import check_names
from ..module_utils.engine.client import Engine
from ..module_utils.host.look import take_snapshot
from ..module_utils.host.rollback_target import differences
from ..module_utils.release import journal
from ..module_utils.release.documents import NEEDED_TO_START
from ..module_utils.release.store import ReleaseStore

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ansible.module_utils.basic import AnsibleModule

    from ..module_utils.engine.containers import ContainerSnapshot, Snapshot
    from ..module_utils.release.journal import JournalEntry


_DAMAGED = "damaged"
#: How the lines of a summary begin that tell of other releases than those that run or are under way.
_HISTORY = ("also kept: ", "taken back since ", "never confirmed: ")


def work(module: AnsibleModule) -> Result:
    """Read the stack's folder and ask the engine."""
    stack = module.params["stack"]
    check_names(stack, None, "by-hand")
    engine = Engine()
    store = ReleaseStore(module.params["root"], stack)
    snapshot = take_snapshot(store, engine, stack, engine.containers.of(stack))
    entries = store.entries()
    unfinished = journal.unfinished(entries)
    drift = _drift(store, snapshot)
    at_work = _at_work(store)
    releases = _releases(store, journal.states(entries))
    damaged = [f"damaged: {finding.thing}" for finding in store.journal_findings()]
    damaged += [f"damaged: {finding.thing}" for one in reversed(store.kept()) for finding in _damage(store, one)]
    return {
        "changed": False,
        "current": snapshot.release,
        "unfinished": unfinished,
        "stands": not drift and unfinished is None,
        "drift": drift,
        "releases": releases,
        "containers": [container.as_record() for container in snapshot.containers],
        "guard_in": at_work.guard_in,
        "journal": [asdict(entry) for entry in entries[-module.params["journal_lines"] :]],
        "summary": [*at_work.words, *_told(_summary(store, snapshot, drift, entries, at_work), module), *damaged],
    }


def _told(summary: Sequence[str], module: AnsibleModule) -> list[str]:
    """Leave out what was, where only the end of the journal is asked for."""
    return [line for line in summary if module.params["journal_lines"] > 1 or not line.startswith(_HISTORY)]


@dataclass(frozen=True)
class _AtWork:
    """Who is at work on the stack: in words, and in how many seconds the guard acts if one is armed."""

    words: list[str]
    guard_in: int | None


def _at_work(store: ReleaseStore) -> _AtWork:
    now = boot_time()
    held = StackLease(store, 0.0).held()
    words = [lease.sentence(held, now)] if held is not None and held.left_s(now) > 0 else []
    try:
        order = read_task(store.folder)
    except SlipwayError as error:
        return _AtWork([*words, *(finding.sentence() for finding in error.findings)], None)
    if order is None or not is_present(store.folder):
        # No guard outlives its process: the next run does its work.
        return _AtWork(words, None)
    left = max(0, round(order.left_s(now)))
    if not is_enabled(store.folder):
        words.append(f"if this host restarts, nobody takes release {order.release} back before the next run")
    if left:
        words.append(f"the guard takes release {order.release} back in {left} s unless run {order.run} confirms it")
    else:
        log = store.folder / LOG_FILE
        words.append(f"the guard is about to take release {order.release} back; what it waits for: {log} on the host")
    return _AtWork(words, left)


def _drift(store: ReleaseStore, snapshot: Snapshot) -> list[str]:
    if snapshot.release is None:
        return [f"{one.name} runs, but Slipway started no release" for one in snapshot.containers]
    kept = store.folder_of(snapshot.release)
    damage = [finding.sentence() for finding in kept.damage()]
    try:
        record, hashes = kept.record, kept.config_hashes
    except SlipwayError:
        return damage
    files = [f"file {path} is not the release's" for path in store.drift(record.files)]
    return [*damage, *differences(record, hashes, snapshot.containers), *files]


def _damage(store: ReleaseStore, release: str) -> tuple[Finding, ...]:
    """Return what keeps the host from going to a release that it keeps."""
    return tuple(store.folder_of(release).damage(NEEDED_TO_START))


def _releases(store: ReleaseStore, states: dict[str, str]) -> list[dict[str, Any]]:
    return [_release(store, release, states.get(release, "unknown")) for release in reversed(store.kept())]


def _release(store: ReleaseStore, release: str, state: str) -> dict[str, Any]:
    # Nothing depends on an old one unless somebody goes back to it, and then its files are read again.
    state = _DAMAGED if _damage(store, release) else state
    try:
        record = store.folder_of(release).record
    except SlipwayError:
        unknown = dict.fromkeys(("version", "created_at", "created_by", "commit"), "")
        return {"id": release, "state": _DAMAGED, **unknown, "images": {}}
    return {
        "id": release,
        "version": record.version,
        "state": state,
        "created_at": record.created_at,
        "created_by": record.created_by,
        "commit": record.commit,
        "images": dict(record.images),
    }


def _summary(
    store: ReleaseStore, snapshot: Snapshot, drift: list[str], entries: Sequence[JournalEntry], at_work: _AtWork
) -> list[str]:
    lines = [f"runs release {snapshot.release}" if snapshot.release else "no release is confirmed here"]
    unfinished = journal.unfinished(entries)
    if unfinished and at_work.guard_in is None:
        script = store.release_folder(unfinished) / "rollback.sh"
        lines.append(f"release {unfinished} was begun and never settled; the next run takes it back, or: sh {script}")
    lines += [f"differs: {difference}" for difference in drift]
    lines += [f"{one.service}: {_state(one)}" for one in snapshot.containers]
    states, once, good = journal.states(entries), journal.confirmed(entries), journal.proven(entries)
    others = [release for release in reversed(store.kept()) if release != snapshot.release]
    kept = [release for release in others if release in good]
    fallen = [release for release in others if release in once and release not in good]
    bad = [f"{release} ({states.get(release, 'unknown')})" for release in others if release not in once]
    lines += [f"also kept: {', '.join(kept)}"] if kept else []
    lines += [f"taken back since it was confirmed: {', '.join(fallen)}"] if fallen else []
    # What it left is there to look at; nobody is taken back to what never stood.
    return [*lines, f"never confirmed: {', '.join(bad)}"] if bad else lines


def _state(container: ContainerSnapshot) -> str:
    if container.state == "exited":
        # The engine calls everything unhealthy that has ended.
        return f"exited with code {container.exit_code}"
    return f"{container.state} {container.health}".strip()


def main() -> None:
    """Run the module."""
    run_module(
        {
            "stack": {"type": "str", "required": True},
            "root": {"type": "path", "default": "/var/lib/slipway"},
            "journal_lines": {"type": "int", "default": 20},
        },
        work,
    )


if __name__ == "__main__":
    main()
