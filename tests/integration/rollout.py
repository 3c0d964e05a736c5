# SPDX-License-Identifier: GPL-3.0-or-later
"""A version on four hosts, and the next ones, which may behave differently on some of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from tests.fleet import Fleet, Host, Probe
from tests.support import observed
from tests.support.attempt import Attempt
from tests.support.probe_stack import app, compose
from tests.support.project import Project, Run
from tests.support.waiting import await_that

#: Limits that a probe needs on a busy machine, so that no guard is waited for much longer than a minute.
QUICK = {"stack_start_timeout": 30, "stack_gate_timeout": 30, "stack_guard_timeout": 75, "stack_healthy_for": 1}
CRASH_AFTER_S = 8
#: Seconds for what a cancelled run told its hosts to come to its end.
SETTLE_S = 60.0
SERVICE = {"PROBE_BEHAVIOUR": "${BEHAVIOUR}", "PROBE_CRASH_AFTER": str(CRASH_AFTER_S), "PROBE_START_AFTER": "7"}


class Rollout:
    """Version 1.0 on four hosts."""

    def __init__(self, fleet: Fleet, root: Path) -> None:
        """Lay the project out; nothing is deployed yet."""
        for version in ("1.0", "1.1", "1.2"):
            Probe(version).push(fleet.registry)
        self.hosts = fleet.hosts
        self.project = Project(root / "project", fleet, "app")
        image = f"{fleet.registry.address}/probe:${{STACK_VERSION}}"
        self.project.stack({"compose.yaml": compose({"app": app(image, environment=SERVICE)})})
        #: The release that stands at the beginning of a test.
        self.first = ""

    def ready(self) -> None:
        """Deploy version 1.0 on empty hosts, unless it is there and nothing is under way."""
        if self.first and self._all_at_rest():
            self.configure({})
            return
        for host in self.hosts:
            host.wipe()
        run = self.deploy("1.0", {}, stack_serial="100%")
        run.expect(0, "deployed")
        self.first = run.release

    def settles(self) -> None:
        """Wait until every host runs the first release, with nothing of a run left undone on one."""
        await_that("the first release, and nothing undone", self._all_at_rest, SETTLE_S)

    def _all_at_rest(self) -> bool:
        return all(self._is_at_rest(host) for host in self.hosts)

    def _is_at_rest(self, host: Host) -> bool:
        left = host.ssh(f"ls {observed.ROOT}/app 2>/dev/null || :", user="root").split()
        if "current" not in left or {"lease.json", "guard.json"}.intersection(left):
            return False
        return observed.ask(host) == (200, "1.0") and observed.current_release(host, "app") == self.first

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
