# SPDX-License-Identifier: GPL-3.0-or-later
"""The moments of a deployment at which something can be broken: each is seen from outside, and made to last."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from tests.faults.held_compose import held
from tests.faults.slow_registry import silenced
from tests.faults.standing import Standing
from tests.integration import observed
from tests.integration.attempt import Attempt

#: Waits until a deployment has reached the moment.
Reach = Callable[[Attempt], None]
#: Prepares a moment on the first host of a stack; when the block ends, the deployment may go on.
Moment = Callable[[Standing], AbstractContextManager[Reach]]
#: Seconds that a container is watched at the gate, where something is to happen meanwhile.
LONG_WATCH_S = 6


@contextmanager
def reached(standing: Standing, moment: Moment, *options: str) -> Iterator[Attempt]:
    """Deploy what is offered up to a moment; the deployment is ended, if it has not, and then the moment is over."""
    with moment(standing) as reach, standing.begin(*options) as attempt:
        reach(attempt)
        yield attempt


@contextmanager
def planning(standing: Standing) -> Iterator[Reach]:
    """The plan asks the registry for digests."""
    with silenced(standing.registry):
        yield lambda attempt: attempt.until_task("Resolve every image to a digest, once")


@contextmanager
def staging(standing: Standing) -> Iterator[Reach]:
    """The release's files lie in a folder that has no name yet."""
    with held(standing.hosts[0], "config") as compose:
        yield lambda attempt: attempt.until("a release being staged", lambda: compose.reached)


@contextmanager
def pulling(standing: Standing) -> Iterator[Reach]:
    """The images are on their way."""
    host = standing.hosts[0]

    def staged() -> bool:
        here = observed.kept_releases(host, standing.stack)
        return any(name.endswith(f"-{standing.offered}") and not name.startswith(".") for name in here)

    with silenced(standing.registry, at_once=False) as registry:

        def reach(attempt: Attempt) -> None:
            attempt.until("the plan", lambda: attempt.folder and (attempt.folder / "plan.json").exists())
            registry.silence()
            attempt.until("a staged release", staged)
            seen = standing.on(host).saw("prepared", version=standing.offered)
            assert not seen, "the images were there before the registry fell silent"

        yield reach


@contextmanager
def armed(standing: Standing) -> Iterator[Reach]:
    """The start is announced, and Compose has done nothing yet."""
    with held(standing.hosts[0], "up") as compose:
        yield lambda attempt: attempt.until("Compose about to start the release", lambda: compose.reached)


@contextmanager
def recreating(standing: Standing) -> Iterator[Reach]:
    """One service is new, the other is being replaced."""
    host = standing.on(standing.hosts[0])
    yield lambda attempt: attempt.until("a container being replaced", host.mid_recreate)


@contextmanager
def gating(standing: Standing) -> Iterator[Reach]:
    """The release runs, and the gate watches it."""
    standing.configure(stack_stable_for=LONG_WATCH_S)
    host = standing.on(standing.hosts[0])
    yield lambda attempt: attempt.until("the gate", lambda: host.saw("started", version=standing.offered))
