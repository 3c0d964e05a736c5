# SPDX-License-Identifier: GPL-3.0-or-later
"""The moments of a deployment at which something can be broken: each is seen from outside, and made to last."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from tests.faults.held_compose import held
from tests.faults.slow_registry import silenced
from tests.support.attempt import Attempt
from tests.support.console import console
from tests.support.standing import PACE, Standing

#: Seconds that a container is watched at the gate, where something is to happen meanwhile.
LONG_WATCH_S = round(6 * PACE)
#: Seconds until a deployment has come to the start, at the latest.
LONGEST_S = round(30 * PACE)


@dataclass(frozen=True)
class Held:
    """A moment that is prepared.

    Attributes:
        reach: waits until a deployment is there.
        let_go: lets it go on, where something holds it there; may be called again.
    """

    reach: Callable[[Attempt], None]
    let_go: Callable[[], None] = lambda: None


#: Prepares a moment on the first host of a stack; when the block ends, whoever is held there may go on.
Moment = Callable[[Standing], AbstractContextManager[Held]]


@contextmanager
def reached(standing: Standing, moment: Moment, *options: str) -> Iterator[Attempt]:
    """Deploy what is offered up to a moment; the deployment is ended, if it has not, and then the moment is over."""
    with moment(standing) as held_there, standing.begin(*options) as attempt:
        held_there.reach(attempt)
        yield attempt


@contextmanager
def planning(standing: Standing) -> Iterator[Held]:
    """The plan asks the registry for digests."""
    with silenced(standing.registry) as registry:
        yield Held(lambda attempt: attempt.until_task("Resolve every image to a digest, once"), registry.speak)


@contextmanager
def leasing(standing: Standing) -> Iterator[Held]:
    """The lease is taken, and nothing else is done."""
    with held(standing.hosts[0], "version", once=f"{standing.folder}/lease.json") as compose:
        yield Held(lambda one: one.until("the lease", lambda: compose.reached), compose.let_go)


@contextmanager
def staging(standing: Standing) -> Iterator[Held]:
    """The release's files lie in a folder that has no name yet."""
    with held(standing.hosts[0], "config") as compose:
        yield Held(lambda one: one.until("a release being staged", lambda: compose.reached), compose.let_go)


@contextmanager
def pulling(standing: Standing) -> Iterator[Held]:
    """The images are on their way."""
    host = standing.on(standing.hosts[0])
    # Who has the lease asks the registry for nothing but the images.
    with silenced(standing.registry, at_once=False) as registry, leasing(standing) as leased:

        def reach(attempt: Attempt) -> None:
            leased.reach(attempt)
            registry.silence()
            leased.let_go()
            attempt.until("a staged release", lambda: host.has_staged(standing.offered))

        yield Held(reach, registry.speak)


@contextmanager
def armed(standing: Standing) -> Iterator[Held]:
    """The start is announced, and Compose has done nothing yet."""
    with held(standing.hosts[0], "up") as compose:
        yield Held(lambda one: one.until("Compose about to start it", lambda: compose.reached), compose.let_go)


@contextmanager
def recreating(standing: Standing) -> Iterator[Held]:
    """One service is new, the other is being replaced."""
    host = standing.on(standing.hosts[0])
    yield Held(lambda attempt: attempt.until("a container being replaced", host.mid_recreate))


@contextmanager
def starting(standing: Standing) -> Iterator[Held]:
    """The engine starts a container that it has just made; seen on the host itself, since it is short."""
    host = standing.hosts[0]
    made = f"docker ps --all --quiet --filter name=^{standing.stack}-web-1$ --filter status=created | grep -q ."

    def reach(_attempt: Attempt) -> None:
        console(host, f"timeout {LONGEST_S} sh -c 'until {made}; do :; done'", timeout=2 * LONGEST_S)

    yield Held(reach)


@contextmanager
def gating(standing: Standing) -> Iterator[Held]:
    """The release runs, and the gate watches it."""
    standing.configure(stack_healthy_for=LONG_WATCH_S)
    host = standing.on(standing.hosts[0])
    yield Held(lambda attempt: attempt.until("the gate", lambda: host.saw("started", version=standing.offered)))
