# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a container must be to count as healthy: values in, judgements out."""

from __future__ import annotations

import re
from calendar import timegm
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from signal import Signals
from time import strptime
from typing import Any

from ..engine.compose_labels import NUMBER_LABEL, SERVICE_LABEL, dependencies, labels_of

#: A container that nothing starts or replaces gets this long at the least before it counts as stuck.
STUCK_AFTER_S = 2.0

_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(?:Z|([+-])(\d\d):(\d\d))")
#: A process that a signal ended has this plus the number of the signal for its exit code.
_SIGNAL_BASE = 128
_NEVER_STARTED = "0001-"
_ENDED = ("created", "exited", "dead")


@dataclass(frozen=True)
class ServiceExpectation:
    """What must be true of one service.

    Attributes:
        service: its name in the Compose file.
        replicas: how many containers of it must be there; with 0 none may run.
        one_shot: it is a job that must have ended with exit code 0, instead of running.
        image: the image reference its containers must have been made from; any if None.
    """

    service: str
    replicas: int
    one_shot: bool = False
    image: str | None = None


@dataclass(frozen=True)
class ContainerFacts:
    """The part of `docker inspect` that a judgement needs."""

    id: str
    name: str
    service: str
    number: int
    created_at: float
    image: str
    status: str
    exit_code: int
    error: str
    oom_killed: bool
    started_at: float | None
    restarts: int
    restart_policy: str
    health: str | None
    failing_streak: int
    probe_exit_code: int | None
    probe_output: str
    ports: frozenset[int]
    waits_for_completion_of: frozenset[str]

    @property
    def runs(self) -> bool:
        """Whether its process is there or about to be."""
        return self.status in ("running", "paused", "restarting")


@dataclass(frozen=True)
class FirstSight:
    """How a container was when this gate first saw it; what it is measured against later."""

    restarts: int
    started_at: float | None


class Standing(Enum):
    """How a condition stands."""

    HOLDS = "holds"
    WAITS = "waits"
    FAILED = "failed"


@dataclass(frozen=True)
class Judgement:
    """How one condition stands, and why.

    Attributes:
        standing: holds, may still come to hold, or never will.
        check: the short name of the condition.
        expected: what must be true.
        seen: what is there.
        recheck_in: seconds after which the passing of time alone changes the judgement.
    """

    standing: Standing
    check: str
    expected: str
    seen: str
    recheck_in: float | None = None


@dataclass(frozen=True)
class Clock:
    """The moment of a judgement.

    Attributes:
        now: the engine's time, in seconds since the epoch.
        since_gate_began: seconds.
        healthy_for_s: how long a container with a health check must have run without a break.
        stable_for_s: how long one without a health check must have.
    """

    now: float
    since_gate_began: float
    healthy_for_s: float
    stable_for_s: float

    @property
    def stuck_in(self) -> float:
        """Seconds until that which does not move counts as stuck."""
        return max(self.healthy_for_s, self.stable_for_s, STUCK_AFTER_S) - self.since_gate_began

    def must_run_for(self, facts: ContainerFacts) -> float:
        """Return the seconds that a container must have run without a break.

        Without a health check of its own, nothing but running on speaks for it.
        """
        return self.stable_for_s if facts.health is None else self.healthy_for_s


def parse_engine_time(text: str) -> float | None:
    """Return the engine's RFC 3339 time as seconds since the epoch; None for its "never"."""
    match = _TIME.fullmatch(text)
    if match is None or text.startswith(_NEVER_STARTED):
        return None
    moment, fraction, sign, hours, minutes = match.groups()
    offset = 0 if sign is None else int(f"{sign}1") * (int(hours) * 3600 + int(minutes) * 60)
    return timegm(strptime(moment, "%Y-%m-%dT%H:%M:%S")) + float(fraction or 0) - offset


def container_facts(inspected: Mapping[str, Any]) -> ContainerFacts:
    """Return what matters of one container's `docker inspect`."""
    state, config = inspected["State"], inspected["Config"]
    labels = labels_of(inspected)
    health = state.get("Health") or {}
    status = health.get("Status")
    last_probe = (health.get("Log") or [{}])[-1]
    number = labels.get(NUMBER_LABEL, "")
    return ContainerFacts(
        id=inspected["Id"],
        name=inspected["Name"].lstrip("/"),
        service=labels.get(SERVICE_LABEL, ""),
        number=int(number) if number.isdigit() else 0,
        created_at=parse_engine_time(inspected["Created"]) or 0.0,
        image=config["Image"],
        status=state["Status"],
        exit_code=state["ExitCode"],
        error=state.get("Error") or "",
        oom_killed=bool(state.get("OOMKilled")),
        started_at=parse_engine_time(state["StartedAt"]),
        restarts=inspected.get("RestartCount", 0),
        restart_policy=((inspected.get("HostConfig") or {}).get("RestartPolicy") or {}).get("Name") or "no",
        health=None if status in (None, "", "none") else status,
        failing_streak=health.get("FailingStreak", 0),
        probe_exit_code=last_probe.get("ExitCode"),
        probe_output=(last_probe.get("Output") or "").strip(),
        ports=_published_ports(inspected),
        waits_for_completion_of=frozenset(
            name for name, condition in dependencies(labels).items() if condition == "service_completed_successfully"
        ),
    )


def _published_ports(inspected: Mapping[str, Any]) -> frozenset[int]:
    published = (inspected.get("NetworkSettings") or {}).get("Ports") or {}
    bindings = [binding for bound in published.values() for binding in bound or ()]
    return frozenset(int(binding["HostPort"]) for binding in bindings if binding.get("HostPort", "").isdigit())


def derive_expectations(containers: Iterable[ContainerFacts]) -> list[ServiceExpectation]:
    """Expect what is there: every container is a replica, and what others wait to complete is a one-shot job."""
    known = list(containers)
    jobs = frozenset(job for facts in known for job in facts.waits_for_completion_of)
    counted = Counter(facts.service for facts in known)
    return [ServiceExpectation(name, counted[name], one_shot=name in jobs) for name in sorted(counted)]


def select_replicas(containers: Iterable[ContainerFacts], expectation: ServiceExpectation) -> list[ContainerFacts]:
    """Return the service's containers without the stopped left-overs of an interrupted recreation."""
    mine = [facts for facts in containers if facts.service == expectation.service]
    surplus = max(0, len(mine) - expectation.replicas)
    stopped = sorted((facts for facts in mine if facts.status in _ENDED), key=lambda facts: facts.created_at)
    left_over = {facts.id for facts in stopped[:surplus]}
    return sorted((facts for facts in mine if facts.id not in left_over), key=lambda facts: (facts.number, facts.name))


def judge_count(replicas: list[ContainerFacts], expectation: ServiceExpectation) -> Judgement:
    """Judge whether as many containers of the service are there as there must be."""
    wanted, there = expectation.replicas, len(replicas)
    expected = f"{wanted} container{'' if wanted == 1 else 's'}" if wanted else "no running container"
    seen = f"{there or 'no'} container{'' if there == 1 else 's'}"
    return Judgement(Standing.HOLDS if there == wanted else Standing.WAITS, "replicas", expected, seen)


def judge_container(
    facts: ContainerFacts, expectation: ServiceExpectation, first: FirstSight, clock: Clock
) -> Judgement:
    """Judge one container of a service that must have replicas."""
    if expectation.image is not None and facts.image != expectation.image:
        return _stuck(clock, "image", f"made from {expectation.image}", f"made from {facts.image}")
    if facts.status == "created":
        return _judge_unstarted(facts, clock)
    if expectation.one_shot:
        return _judge_job(facts)
    if facts.status == "running":
        return _judge_running(facts, first, clock)
    return _judge_stopped(facts)


def exit_story(facts: ContainerFacts) -> str:
    """Say how the container's process last ended."""
    parts = [f"exit code {facts.exit_code}{_signal_name(facts.exit_code)}"]
    if facts.oom_killed:
        parts.append("killed for using more memory than it may (OOMKilled)")
    if facts.error:
        parts.append(facts.error)
    return ", ".join(parts)


def _signal_name(exit_code: int) -> str:
    try:
        return f", that is {Signals(exit_code - _SIGNAL_BASE).name}"
    except ValueError:
        return ""


def _judge_unstarted(facts: ContainerFacts, clock: Clock) -> Judgement:
    if facts.error or facts.exit_code:
        return Judgement(Standing.FAILED, "start", "started", f"created, but it cannot start: {exit_story(facts)}")
    return _stuck(clock, "start", "started", "created, but never started")


def _stuck(clock: Clock, check: str, expected: str, seen: str) -> Judgement:
    if clock.stuck_in <= 0:
        return Judgement(Standing.FAILED, check, expected, seen)
    return Judgement(Standing.WAITS, check, expected, seen, clock.stuck_in)


def _judge_job(facts: ContainerFacts) -> Judgement:
    expected = "a one-shot job that ended with exit code 0"
    if facts.status == "exited":
        standing = Standing.HOLDS if facts.exit_code == 0 else Standing.FAILED
        return Judgement(standing, "completion", expected, f"ended: {exit_story(facts)}")
    if facts.status == "dead":
        return Judgement(Standing.FAILED, "completion", expected, f"dead: {exit_story(facts)}")
    tries = f", started again {facts.restarts} times" if facts.restarts else ""
    return Judgement(Standing.WAITS, "completion", expected, f"still {facts.status}{tries}")


def _judge_stopped(facts: ContainerFacts) -> Judgement:
    if facts.status == "restarting":
        seen = f"it ended ({exit_story(facts)}) and the engine restarts it, restart count {facts.restarts}"
        return Judgement(Standing.FAILED, "restarts", "running without a restart", seen)
    if facts.status in ("exited", "dead"):
        seen = f"{facts.status} ({exit_story(facts)}) and restart policy '{facts.restart_policy}' leaves it so"
        return Judgement(Standing.FAILED, "running", "running", seen)
    return Judgement(Standing.WAITS, "running", "running", facts.status)


def _judge_running(facts: ContainerFacts, first: FirstSight, clock: Clock) -> Judgement:
    if facts.restarts != first.restarts or (first.started_at is not None and facts.started_at != first.started_at):
        seen = f"it was restarted meanwhile, restart count {first.restarts} before and {facts.restarts} now"
        return Judgement(Standing.FAILED, "restarts", "running without a restart", seen)
    if facts.health == "unhealthy":
        return Judgement(Standing.FAILED, "health", "healthy", _health_story(facts))
    if facts.health not in (None, "healthy"):
        return Judgement(Standing.WAITS, "health", "healthy", _health_story(facts))
    age = clock.now - (clock.now if facts.started_at is None else facts.started_at)
    needed, healthy = clock.must_run_for(facts), "healthy, " if facts.health else ""
    expected = f"{healthy}running without a break for {needed:g} s"
    if age < needed:
        seen = f"{healthy}running for {max(age, 0.0):.1f} s"
        return Judgement(Standing.WAITS, "stability", expected, seen, needed - age)
    return Judgement(Standing.HOLDS, "stability", expected, f"{healthy}running")


def _health_story(facts: ContainerFacts) -> str:
    probes = f"{facts.failing_streak} failed probe{'' if facts.failing_streak == 1 else 's'}"
    story = f"{facts.health}, {probes}"
    if facts.failing_streak and facts.probe_exit_code is not None:
        output = facts.probe_output or "no output"
        story += f", the last one with exit code {facts.probe_exit_code}: {output}"
    return story
