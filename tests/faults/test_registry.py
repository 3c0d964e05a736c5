# SPDX-License-Identifier: GPL-3.0-or-later
"""The registry is gone, slow, or answers what nobody asked for."""

from __future__ import annotations

import threading

from tests.faults import moments
from tests.faults.impostor import Spoils, impostor
from tests.faults.moments import reached
from tests.faults.table import Fault, Phase, fault, faults
from tests.fleet.command import docker
from tests.support.standing import Standing

REFUSED = "Refused (10) with what the registry said. Nothing was touched, nothing is left over."
SLOW_S = 4.0
SHORT_PULL_S = 5
PAYLOAD = 400_000


@fault("registry-gone-for-the-plan", Phase.PLAN, dies="the registry, before the deployment", promised=REFUSED)
def test_a_registry_that_is_gone_refuses_the_plan(solo: Standing) -> None:
    solo.offer()
    solo.registry.stop()
    try:
        run = solo.deploy()
    finally:
        solo.registry.start()
    solo.untouched(run)
    solo.goes_on()


@fault(
    "registry-gone-for-the-pull",
    Phase.PULL,
    dies="the registry, after the plan was made",
    promised=REFUSED + " The way back needs no registry in any case.",
)
def test_a_registry_that_is_gone_refuses_the_pull(solo: Standing) -> None:
    solo.offer()
    with reached(solo, moments.pulling) as attempt:
        docker("kill", solo.registry.container)
        try:
            run = attempt.end()
        finally:
            solo.registry.start()
    solo.untouched(run)
    solo.goes_on()


@fault(
    "registry-slow",
    Phase.PULL,
    dies="nothing, but the registry is silent for seconds",
    promised="The deployment waits, and works.",
)
def test_a_slow_registry_is_waited_for(solo: Standing) -> None:
    solo.offer()
    with moments.pulling(solo) as held, solo.begin() as attempt:
        held.reach(attempt)
        threading.Timer(SLOW_S, held.let_go).start()
        run = attempt.end()
    run.expect(0, "deployed")
    solo.version = solo.offered
    solo.stands()


@fault(
    "registry-silent",
    Phase.PULL,
    dies="the registry, which sends half an image and no more",
    promised="Refused (10), naming the limit that was reached. Nothing was touched.",
)
def test_a_registry_that_hangs_is_given_up(solo: Standing) -> None:
    solo.configure(stack_pull_timeout=SHORT_PULL_S)
    with impostor(solo.project.fleet, Spoils.STALLS) as address:
        solo.offer(registry=address, payload=PAYLOAD)
        run = solo.deploy()
        solo.untouched(run)
    assert "stack_pull_timeout" in run.output, run
    solo.goes_on()


SPOILED = [
    (
        "registry-garbage-as-manifest",
        Phase.PLAN,
        "the registry answers a web page",
        Spoils.MANIFESTS,
        "invalid character",
    ),
    ("registry-garbage-as-layer", Phase.PULL, "the registry sends other bytes", Spoils.BLOBS, "verification failed"),
    ("registry-denies-second-pull", Phase.PULL, "the registry denies the second image", Spoils.SECOND_PULL, "denied"),
]


@faults("wrong", [(Fault(name, when, dies, REFUSED), (spoils, says)) for name, when, dies, spoils, says in SPOILED])
def test_a_registry_that_answers_wrong_refuses(solo: Standing, wrong: tuple[Spoils, str]) -> None:
    spoils, says = wrong
    with impostor(solo.project.fleet, spoils) as address:
        solo.offer(registry=address, payload=PAYLOAD)
        run = solo.deploy()
        solo.untouched(run)
    assert says in run.output, run
    solo.goes_on()
