# SPDX-License-Identifier: GPL-3.0-or-later
"""A stack that stands on two hosts, and what a refused deployment of it must leave alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import yaml

from tests.fleet import Fleet, Host
from tests.support import observed
from tests.support.probe_stack import app, compose
from tests.support.project import Project, Run

STACK = "shop"
EVERY_HOST = ("host1", "host2")
#: What a host may note of a run that was refused on account of another: it was ready, and gave it back.
HARMLESS = {"prepared", "discarded"}


@dataclass(frozen=True)
class HostState:
    """What there is of the stack on one host."""

    containers: Mapping[str, str]
    releases: Sequence[str]
    current: str | None
    files: Mapping[str, str]


@dataclass(frozen=True)
class Standing:
    """A project whose version 1.0 runs on both hosts of its fleet.

    Attributes:
        fleet: the hosts.
        project: the user's project; tests change it, and `reset` takes that back.
    """

    fleet: Fleet
    project: Project

    @property
    def image(self) -> str:
        """Return the image of the stack's service as the Compose file has it."""
        return f"{self.fleet.registry.address}/probe:${{STACK_VERSION}}"

    def reset(self) -> None:
        """Make the project what it was when it was deployed."""
        self.project.environment(stack_env={"GREETING": "hello"})
        self.project.stack({"compose.yaml": self.compose()})

    def compose(self, services: Mapping[str, Mapping[str, object]] | None = None, **more: object) -> str:
        """Return a Compose file with the usual service, changed, and with others besides."""
        environment = {"PROBE_GREETING": "${GREETING}"}
        web = app(self.image, **{"restart": "unless-stopped", "environment": environment, **more})
        return compose({"web": web, **(services or {})})

    def cut_off(self, host: Host) -> None:
        """Let the inventory name a port of a host where nothing listens."""
        path = self.project.inventory / "hosts.yml"
        wrong = str(host.ssh_port + 9)
        path.write_text(path.read_text(encoding="utf-8").replace(str(host.ssh_port), wrong), encoding="utf-8")

    def rename(self, place: int, **variables: object) -> None:
        """Let the inventory say something else of one of the hosts."""
        path = self.project.inventory / "hosts.yml"
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        document["all"]["children"]["stack_hosts"]["hosts"][self.fleet.hosts[place].name].update(variables)
        path.write_text(yaml.safe_dump(document), encoding="utf-8")

    def states(self) -> list[HostState]:
        """Return what there is on every host."""
        return [self._state(host) for host in self.fleet.hosts]

    def refused(
        self,
        says: Mapping[str, Sequence[str]],
        *options: str,
        version: str = "1.1",
        states: list[HostState] | None = None,
    ) -> Run:
        """Deploy, and see that it is refused for these reasons with nothing touched.

        Args:
            says: what has to be said of each host, by its name.
            *options: of the command.
            version: what is asked for.
            states: what there was before; looked up when None.
        """
        before = self.states() if states is None else states
        events = [self._events(host) for host in self.fleet.hosts]
        run = self.project.deploy(version, *options)
        assert run.ended == (10, "refused"), run
        assert "Traceback" not in run.output, run
        for host, sentences in says.items():
            told: dict[str, Any] = run.verdict["hosts"][host]
            assert told["state"] == "refused", run
            for sentence in sentences:
                assert sentence in told["error"], f"{sentence!r} is not what {host} says in:\n{run}"
                assert sentence in run.output, run
        if states is None:
            self.untouched(before, events)
        return run

    def untouched(self, before: list[HostState], events: list[list[str]] | None = None) -> None:
        """See that every host is as it was."""
        assert self.states() == before
        for host, earlier in zip(self.fleet.hosts, events or [], strict=False):
            assert set(self._events(host)[len(earlier) :]) <= HARMLESS

    def _state(self, host: Host) -> HostState:
        containers = {name: one.id for name, one in observed.containers(host, STACK).items()}
        return HostState(
            containers,
            observed.kept_releases(host, STACK),
            observed.current_release(host, STACK),
            observed.project_files(host, STACK),
        )

    @staticmethod
    def _events(host: Host) -> list[str]:
        with suppress(RuntimeError):
            return [str(line["event"]) for line in observed.journal(host, STACK)]
        return []
