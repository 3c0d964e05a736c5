# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a container must be to count as healthy: values in, judgements out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from signal import Signals

from ..engine.containers import Container, ContainerSnapshot
from ..engine.model.jobs import JOB_LABEL

#: A container that nothing starts or replaces gets this long at the least before it counts as stuck.
STUCK_AFTER_S = 2.0

#: A process that a signal ended has this plus the number of the signal for its exit code.
_SIGNAL_BASE = 128
_ENDED = ("created", "exited", "dead")
_JOB = "a one-shot job that ended with exit code 0"
_IF_A_JOB = f'if it is a job that is to end, give it the label {JOB_LABEL}: "true"'


@dataclass(frozen=True)
class ServiceExpectation:
    """What must be true of one service.

    Attributes:
        service: its name in the Compose file.
        replicas: how many containers of it must be there; with 0 none may run.
        one_shot: it is a job that must have ended with exit code 0, instead of running.
        image: the image reference its containers must have been made from; any if None.
        may_end: nothing says whether it is a job: it stands while it runs, and when it ended with exit code 0.
        health_first: its Compose file gives it a health check, so it has to have been healthy before it ended.
    """

    service: str
    replicas: int
    one_shot: bool = False
    image: str | None = None
    may_end: bool = False
    health_first: bool = False

    def is_over(self, container: ContainerSnapshot) -> bool:
        """Tell whether a container was a job that has ended well, or may have been one."""
        return (self.one_shot or self.may_end) and container.state == "exited" and container.exit_code == 0

    def stands(self, container: ContainerSnapshot) -> bool:
        """Tell whether a container that passed the gate once still is as it has to be."""
        return self.is_over(container) or (container.state == "running" and not self.one_shot)


@dataclass(frozen=True)
class FirstSight:
    """How a container was when this gate first saw it; what it is measured against later."""

    restarts: int
    running_since: float | None


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

    def must_run_for(self, container: Container) -> float:
        """Return the seconds that a container must have run without a break.

        Without a health check of its own, nothing but running on speaks for it.
        """
        return self.healthy_for_s if container.health else self.stable_for_s


def derive_expectations(containers: Iterable[Container]) -> list[ServiceExpectation]:
    """Expect what is there: every container is a replica, and what others wait to complete is a one-shot job."""
    known = list(containers)
    jobs = {
        service
        for container in known
        for service, condition in container.depends_on.items()
        if condition == "service_completed_successfully"
    }
    jobs |= {container.service for container in known if container.job_label == "true"}
    may_end = {container.service for container in known if container.may_end}
    counted = Counter(container.service for container in known)
    return [
        ServiceExpectation(name, counted[name], one_shot=name in jobs, may_end=name in may_end - jobs)
        for name in sorted(counted)
    ]


def select_replicas(containers: Iterable[Container], expectation: ServiceExpectation) -> list[Container]:
    """Return the service's containers without the stopped left-overs of an interrupted recreation."""
    mine = [container for container in containers if container.service == expectation.service]
    surplus = max(0, len(mine) - expectation.replicas)
    stopped = sorted(
        (container for container in mine if container.state in _ENDED), key=lambda container: container.created_at
    )
    left_over = {container.id for container in stopped[:surplus]}
    return sorted(
        (container for container in mine if container.id not in left_over),
        key=lambda container: (container.number, container.name),
    )


def judge_count(replicas: list[Container], expectation: ServiceExpectation) -> Judgement:
    """Judge whether as many containers of the service are there as there must be."""
    wanted, there = expectation.replicas, len(replicas)
    expected = f"{wanted} container{'' if wanted == 1 else 's'}" if wanted else "no running container"
    seen = f"{there or 'no'} container{'' if there == 1 else 's'}"
    return Judgement(Standing.HOLDS if there == wanted else Standing.WAITS, "replicas", expected, seen)


def judge_container(
    container: Container, expectation: ServiceExpectation, first: FirstSight, clock: Clock
) -> Judgement:
    """Judge one container of a service that must have replicas."""
    if expectation.image is not None and container.image != expectation.image:
        return _stuck(clock, "image", f"made from {expectation.image}", f"made from {container.image}")
    if container.state == "created":
        return _judge_unstarted(container, clock)
    if expectation.one_shot:
        return _judge_job(container)
    if container.state == "running":
        return _judge_running(container, first, clock)
    if expectation.is_over(container) and (container.has_been_healthy or not expectation.health_first):
        return Judgement(Standing.HOLDS, "completion", f"running, or {_JOB}", f"ended: {exit_story(container)}")
    return _judge_stopped(container, expectation)


def job_note(container: Container) -> str:
    """Say that a container counts as a job although nothing said that it is one."""
    by_label = f'the label {JOB_LABEL} says "true" if it is one, "false" if it has to run on'
    return f"{container.service}: ended with exit code 0, so it counts as a one-shot job; {by_label}"


def exit_story(container: Container) -> str:
    """Say how the container's process last ended."""
    parts = [f"exit code {container.exit_code}{_signal_name(container.exit_code)}"]
    if container.oom_killed:
        parts.append("killed for using more memory than it may (OOMKilled)")
    if container.error:
        parts.append(container.error)
    return ", ".join(parts)


def _signal_name(exit_code: int) -> str:
    try:
        return f", that is {Signals(exit_code - _SIGNAL_BASE).name}"
    except ValueError:
        return ""


def _judge_unstarted(container: Container, clock: Clock) -> Judgement:
    if container.error or container.exit_code:
        return Judgement(Standing.FAILED, "start", "started", f"created, but it cannot start: {exit_story(container)}")
    return _stuck(clock, "start", "started", "created, but never started")


def _stuck(clock: Clock, check: str, expected: str, seen: str) -> Judgement:
    if clock.stuck_in <= 0:
        return Judgement(Standing.FAILED, check, expected, seen)
    return Judgement(Standing.WAITS, check, expected, seen, clock.stuck_in)


def _judge_job(container: Container) -> Judgement:
    expected = _JOB
    if container.state == "exited":
        standing = Standing.HOLDS if container.exit_code == 0 else Standing.FAILED
        return Judgement(standing, "completion", expected, f"ended: {exit_story(container)}")
    if container.state == "dead":
        return Judgement(Standing.FAILED, "completion", expected, f"dead: {exit_story(container)}")
    tries = f", started again {container.restarts} times" if container.restarts else ""
    return Judgement(Standing.WAITS, "completion", expected, f"still {container.state}{tries}")


def _judge_stopped(container: Container, expectation: ServiceExpectation) -> Judgement:
    policy, story = container.restart_policy, exit_story(container)
    if container.state == "restarting":
        seen = f"it ended ({story}) and the engine restarts it, restart count {container.restarts}"
        if container.exit_code == 0:
            seen += f'; {_IF_A_JOB}, and restart: "no"'
        elif expectation.may_end:
            seen += f"; {_IF_A_JOB}, and it may take several attempts"
        return Judgement(Standing.FAILED, "restarts", "running without a restart", seen)
    if container.state in ("exited", "dead"):
        seen = f"{container.state} ({story}) and restart policy '{policy}' leaves it so"
        if container.exit_code == 0:
            seen += "; it never became healthy" if expectation.may_end else ""
            seen += f"; {_IF_A_JOB}"
        return Judgement(Standing.FAILED, "running", "running", seen)
    return Judgement(Standing.WAITS, "running", "running", container.state)


def _judge_running(container: Container, first: FirstSight, clock: Clock) -> Judgement:
    if container.restarts != first.restarts or (
        first.running_since is not None and container.running_since != first.running_since
    ):
        seen = f"it was restarted meanwhile, restart count {first.restarts} before and {container.restarts} now"
        return Judgement(Standing.FAILED, "restarts", "running without a restart", seen)
    if container.health == "unhealthy":
        return Judgement(Standing.FAILED, "health", "healthy", _health_story(container))
    if container.health not in ("", "healthy"):
        return Judgement(Standing.WAITS, "health", "healthy", _health_story(container))
    age = clock.now - (clock.now if container.running_since is None else container.running_since)
    needed, healthy = clock.must_run_for(container), "healthy, " if container.health else ""
    expected = f"{healthy}running without a break for {needed:g} s"
    if age < needed:
        seen = f"{healthy}running for {max(age, 0.0):.1f} s"
        return Judgement(Standing.WAITS, "stability", expected, seen, needed - age)
    return Judgement(Standing.HOLDS, "stability", expected, f"{healthy}running")


def _health_story(container: Container) -> str:
    probes = f"{container.failing_streak} failed probe{'' if container.failing_streak == 1 else 's'}"
    story = f"{container.health}, {probes}"
    if container.failing_streak and container.probe_exit_code is not None:
        output = container.probe_output or "no output"
        story += f", the last one with exit code {container.probe_exit_code}: {output}"
    return story
