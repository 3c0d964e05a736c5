# SPDX-License-Identifier: GPL-3.0-or-later
"""A release on three hosts, and the next ones, which may behave differently on some of them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from tests.fleet import Fleet, Host, Probe
from tests.support import observed
from tests.support.attempt import Attempt
from tests.support.console import console
from tests.support.probe_stack import OFTEN, app, compose
from tests.support.project import Project, Run
from tests.support.waiting import await_that

#: Limits that a probe needs on a busy machine, so that no guard is waited for longer than a minute.
QUICK = {"stack_start_timeout": 20, "stack_gate_timeout": 20, "stack_guard_timeout": 60, "stack_healthy_for": 1}
CRASH_AFTER_S = 8
#: Seconds for what a cancelled run told its hosts to come to its end.
SETTLE_S = 60.0
OK = 200
SERVICE = {"PROBE_BEHAVIOUR": "${BEHAVIOUR}", "PROBE_CRASH_AFTER": str(CRASH_AFTER_S), "PROBE_START_AFTER": "7"}


class Rollout:
    """A release on three hosts.

    Attributes:
        hosts: where it stands.
        project: the user's project.
        first: the release that stands at the beginning of a test.
        old: its version.
        new: the version that a test deploys.
    """

    def __init__(self, fleet: Fleet, root: Path) -> None:
        """Lay the project out; nothing is deployed yet."""
        self.hosts = fleet.hosts
        self._registry = fleet.registry
        self._numbers = itertools.count()
        self.project = Project(root / "project", fleet, "app")
        image = f"{fleet.registry.address}/probe:${{STACK_VERSION}}"
        self.project.stack({"compose.yaml": compose({"app": app(image, environment=SERVICE, healthcheck=OFTEN)})})
        self.first = self.old = self.new = ""

    def another(self) -> str:
        """Return a version that was not deployed yet."""
        version = f"1.{next(self._numbers)}"
        Probe(version).push(self._registry)
        return version

    def ready(self) -> None:
        """See to it that one release stands on all hosts with nothing under way, and name a version to deploy next."""
        stand = {self._at_rest(host) for host in self.hosts}
        if not self.first or None in stand:
            # Nobody waits for the lease of a run that a host has not heard of again.
            for host in self.hosts:
                host.wipe()
            stand = {None}
        if len(stand) > 1 or None in stand:
            run = self.deploy(self.another(), {}, stack_serial="100%")
            run.expect(0, "deployed")
            stand = {self._at_rest(host) for host in self.hosts}
        ((self.first, self.old),) = (one for one in stand if one is not None)
        self.new = self.another()
        self.configure({})

    def settles(self) -> None:
        """Wait until every host runs the first release, with nothing of a run left undone on one."""
        await_that("the first release, and nothing undone", self._all_at_rest, SETTLE_S)

    def _all_at_rest(self) -> bool:
        return all(self._at_rest(host) == (self.first, self.old) for host in self.hosts)

    def _at_rest(self, host: Host) -> tuple[str, str] | None:
        """Return release and version of a host that has nothing under way; None if something is, or nothing stands."""
        left = console(host, f"ls {observed.ROOT}/app 2>/dev/null || :").split()
        release, (status, page) = observed.current_release(host, "app"), observed.ask(host)
        under_way = {"lease.json", "guard.json"}.intersection(left)
        return (release, page) if release and status == OK and not under_way else None

    def configure(self, behaviours: Mapping[str, str], **variables: object) -> None:
        """Let the next version behave differently on some hosts."""
        behaviour = f"{{{{ {dict(behaviours)!r}.get(inventory_hostname, 'healthy') }}}}"
        known = {"stack_env": {"BEHAVIOUR": behaviour}, "stack_serial": 1, **QUICK}
        self.project.environment(None, **{**known, **variables})

    def deploy(self, version: str, behaviours: Mapping[str, str] | None = None, **variables: object) -> Run:
        """Deploy a version to its end."""
        self.configure(behaviours or {}, **variables)
        return self.project.deploy(version)

    def begin(self, version: str, behaviours: Mapping[str, str] | None = None, **variables: object) -> Attempt:
        """Begin to deploy a version."""
        self.configure(behaviours or {}, **variables)
        return self.project.begin("deploy", "--version", version)

    def pages(self) -> list[str]:
        """Return the version that each host serves."""
        return [observed.answer(host) for host in self.hosts]

    def states(self, run: Run) -> list[str]:
        """Return each host's state by the verdict."""
        return [run.host(host.name)[0] for host in self.hosts]

    def events(self, host: Host, release: str) -> dict[str, datetime]:
        """Return when each event of a release came last on a host, by the host's journal."""
        lines = [line for line in observed.journal(host, "app") if line["release"] == release]
        return {line["event"]: datetime.fromisoformat(line["at"]) for line in lines}
