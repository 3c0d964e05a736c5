# SPDX-License-Identifier: GPL-3.0-or-later
"""A stack that stands, release after release, while one deployment after the other meets a fault."""

from __future__ import annotations

import itertools
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.fleet import Behaviour, Fleet, Host, Probe
from tests.support.attempt import Attempt, Run
from tests.support.observed import ROOT
from tests.support.probe_stack import STOP, app, compose
from tests.support.project import Project
from tests.support.waiting import await_that
from tests.support.whole import SERVICES, Expected, WholeStack

#: Versions are used again after this many; by then the hosts have pruned them, so that they have to be pulled.
VERSIONS = 12
#: What Compose interpolates.
SETTINGS = {"GREETING": "hello from {{ stack_version }}"}
#: How many times slower than usual this machine is now; FAULTS_PACE says so, since the limits here are short.
PACE = float(os.environ.get("FAULTS_PACE", "1"))
#: The limits of a start, of a gate, and of a guard's patience.
START_S, GATE_S = round(12 * PACE), round(12 * PACE)
ASK_S = round(2 * PACE)
GUARD_S = START_S + GATE_S + ASK_S + 2
#: A lone host confirms a release with its start, unless something on the controller is to be asked after it.
ASKED_AT_THE_END = {"post_deploy": [{"name": "agreed", "command": ["true"], "on": "controller", "timeout": ASK_S}]}
#: Seconds from an engine that is up again to the guard that notices it.
NOTICED_S = 30.0
#: Seconds for a busy machine.
SLACK_S = 15 * PACE
#: A deployment that waits for the lease of a run that died.
PATIENT = ("--lease-wait", str(2 * GUARD_S))
#: Seconds that the old container takes to stop: the middle of a recreate can be seen.
STOP_S = 2
#: What these tests have pushed, whichever stack it was for: image and digest by registry, repository and tag.
_PUSHED: dict[tuple[str, str, str], tuple[Probe, str]] = {}


class Standing:
    """A project whose stack runs whole on its hosts between the faults.

    Attributes:
        hosts: where it runs.
        project: the user's project.
        version: what runs there.
        offered: what the source makes now; the same when nothing was offered since.
        python: what the modules run with on the hosts.
    """

    def __init__(self, fleet: Fleet, hosts: Sequence[Host], root: Path, stack: str, port: int = 8080) -> None:
        """Lay the project out; nothing is deployed yet."""
        self.hosts = tuple(hosts)
        self.project = Project(root, fleet, stack)
        self.registry = fleet.registry
        self.version = ""
        self.offered = ""
        self.python = "/usr/bin/python3"
        self._port = port
        self._numbers = itertools.cycle(range(1, VERSIONS + 1))
        self._digests: dict[str, str] = {}
        self._set: dict[str, object] = {}
        self.configure()

    @property
    def stack(self) -> str:
        """Return the stack's name."""
        return self.project.name

    @property
    def folder(self) -> str:
        """Return the stack's folder on a host."""
        return f"{ROOT}/{self.stack}"

    def configure(self, **variables: object) -> None:
        """Write the environment: quick limits, what was set since the last `reset`, and these variables on top."""
        self._set.update(variables)
        usual: dict[str, object] = {
            "stack_env": SETTINGS,
            "stack_keep_releases": 2,
            "stack_healthy_for": 1,
            "stack_guard_timeout": GUARD_S,
            "stack_gate_timeout": GATE_S,
            "stack_start_timeout": START_S,
            "ansible_control_path_dir": str(self.project.root / "cp"),
        }
        self.project.environment(self.hosts, **(usual | self._set))
        # A host that is gone is to be missed soon.
        inventory = self.project.inventory / "hosts.yml"
        text = inventory.read_text(encoding="utf-8")
        text = text.replace("ServerAliveInterval=10", "ServerAliveInterval=2").replace("/usr/bin/python3", self.python)
        inventory.write_text(text, encoding="utf-8")

    def reset(self) -> None:
        """Write the environment as it is for a deployment that nothing happens to."""
        self._set.clear()
        self.configure()

    def offer(
        self,
        behaviour: Behaviour = Behaviour.HEALTHY,
        *,
        payload: int = 0,
        registry: str = "",
        files: Mapping[str, str] | None = None,
        web: Mapping[str, object] | None = None,
    ) -> str:
        """Make the next version the source, and return it.

        Args:
            behaviour: what its containers do.
            payload: bytes that its images carry besides.
            registry: address that the hosts pull from, where it is not the usual one.
            files: more files of the stack, by path.
            web: changes of its service `web`.
        """
        version = f"v{next(self._numbers)}"
        address = registry or self.registry.address
        images = {}
        for service in SERVICES:
            # Of this stack alone: what another one keeps on the same host would not be pulled.
            name = f"faults-{self.stack}-{service}"
            self._push(Probe(version, behaviour, salt=name, payload=payload), name)
            images[service] = f"{address}/{name}:${{STACK_VERSION}}"
        self.project.stack(
            {
                "compose.yaml": self._compose(images, web or {}),
                "probe.conf": f"configuration of {version}\n",
                **(files or {}),
            }
        )
        self.offered = version
        return version

    def _push(self, probe: Probe, repository: str) -> None:
        """Have the registry name this image; what has its tag already is not pushed once more, which takes long."""
        tag = (self.registry.container, repository, probe.version)
        if tag not in _PUSHED or _PUSHED[tag][0] != probe:
            probe.push(self.registry, repository, probe.version)
            _PUSHED[tag] = (probe, self.registry.digest(repository, probe.version))
        self._digests[_PUSHED[tag][1]] = probe.version

    def _compose(self, images: Mapping[str, str], web: Mapping[str, object]) -> str:
        usual: dict[str, object] = {
            "environment": {"PROBE_GREETING": "${GREETING}"},
            "volumes": ["./probe.conf:/etc/probe.conf:ro"],
            "depends_on": ["worker"],
            "restart": "unless-stopped",
            "stop_signal": "SIGWINCH",
            "stop_grace_period": f"{STOP_S}s",
        }
        usual = {key: value for key, value in usual.items() if key not in web}
        worker = {"image": images["worker"], "restart": "unless-stopped", **STOP}
        return compose({"worker": worker, "web": app(images["web"], self._port, **usual, **web)})

    def begin(self, *options: str, environment: Mapping[str, str] | None = None) -> Attempt:
        """Start a deployment of what is offered."""
        return self.project.begin("deploy", "--version", self.offered, *options, environment=environment)

    def deploy(self, *options: str) -> Run:
        """Deploy what is offered, to the end."""
        with self.begin(*options) as attempt:
            return attempt.end()

    def ready(self) -> None:
        """See to it that a release stands, as every fault expects it, and that the next one needs the run's yes."""
        try:
            # After a fault of another stack on the same host, containers may be on their way up.
            await_that("what stood before", self._is_at_rest, SLACK_S)
        except AssertionError:
            for host in self.hosts:
                # An engine that crashed may keep the port of a container that is gone.
                host.stop_engine()
                host.start_engine()
                self.on(host).wipe()
            self.goes_on()
        self.reset()
        self.configure(stack_hooks=ASKED_AT_THE_END)

    def goes_on(self, *options: str, **variables: object) -> Run:
        """See that the next deployment works, as if nothing had happened."""
        self.reset()
        self.configure(**variables)
        self.offer()
        run = self.deploy(*options)
        self.went_on(run)
        return run

    def went_on(self, run: Run) -> None:
        """See that a run deployed what was offered, and left nothing else behind."""
        run.expect(0, "deployed")
        self.version = self.offered
        self.stands()
        for host in self.hosts:
            assert run.host(host.name) == ("deployed", run.release)
            self.on(host).nothing_is_left_over()
            self.on(host).keeps_no_other_images()

    def on(self, host: Host) -> WholeStack:
        """Return what can be seen of the stack on a host."""
        return WholeStack(host, self.stack, self._port, self._digests)

    def stands(self, version: str = "", hosts: Sequence[Host] | None = None) -> None:
        """See that one release runs whole, answers, and is what the journal says; the usual one if none is named."""
        assert version or self.version, "nothing was deployed yet"
        for host in self.hosts if hosts is None else hosts:
            self.on(host).stands(Expected(version or self.version))

    def settles(self, hosts: Sequence[Host] | None = None) -> float:
        """Wait until what stood before stands again, as late as is promised; return how many seconds it took."""
        longest = GUARD_S + START_S + GATE_S + SLACK_S
        return await_that(f"{self.version} back on its hosts", lambda: self._stands_again(hosts), longest)

    def comes_back_alone(self, host: Host) -> float:
        """Wait until a host that nobody reaches has taken back what is offered; return how many seconds it took."""
        seen = self.on(host)
        longest = GUARD_S + START_S + GATE_S + SLACK_S
        return await_that("the way back", lambda: seen.saw("rolled_back", version=self.offered), longest)

    def comes_back_after_a_boot(self) -> float:
        """Wait until one release runs whole on each host that has restarted; return how many seconds it took."""
        longest = NOTICED_S + START_S + GATE_S
        return await_that("one release whole after the restart", self._either_stands, longest)

    def settles_on_either(self) -> str:
        """Wait until one release, the old or the new one, runs whole on each host; return the versions."""
        longest = GUARD_S + START_S + GATE_S + SLACK_S
        await_that("one release whole on each host", self._either_stands, longest)
        return ", ".join(self.on(host).version() for host in self.hosts)

    def twin(self, root: Path) -> Standing:
        """Return another user's project for the same stack on the same hosts."""
        twin = Standing(self.project.fleet, self.hosts, root, self.stack, self._port)
        # What was pushed is known to both, and no version means two things.
        twin._numbers, twin._digests = self._numbers, self._digests
        twin.version = self.version
        return twin

    def _stands_again(self, hosts: Sequence[Host] | None = None) -> bool:
        self.stands(hosts=hosts)
        return True

    def _is_at_rest(self) -> bool:
        for host in self.hosts:
            self.on(host).nothing_is_left_over()
        return self._stands_again()

    def _either_stands(self) -> bool:
        for host in self.hosts:
            stack = self.on(host)
            stack.stands(Expected(stack.version()))
        return True

    def untouched(self, run: Run) -> None:
        """See that a run that was refused left every host alone."""
        run.expect(10, "refused")
        self.stands()
