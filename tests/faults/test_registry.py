# SPDX-License-Identifier: GPL-3.0-or-later
"""The registry is gone, slow, or answers what nobody asked for."""

from __future__ import annotations

import threading

from tests.faults import moments
from tests.faults.impostor import Spoils, impostor
from tests.faults.moments import reached
from tests.faults.table import Fault, Phase, proves
from tests.fleet.command import docker
from tests.support.standing import Standing

REFUSED = "Refused (10) with what the registry said. Nothing was touched, nothing is left over."
SLOW_S = 4.0
SHORT_PULL_S = 5
PAYLOAD = 400_000
GARBAGE = Fault("registry-garbage-as-manifest", Phase.PLAN, "the registry answers a web page", REFUSED)
CORRUPT = Fault("registry-garbage-as-layer", Phase.PULL, "the registry sends other bytes", REFUSED)
DENIED = Fault("registry-denies-second-pull", Phase.PULL, "the registry denies the second image", REFUSED)
SILENT = Fault(
    "registry-silent",
    Phase.PULL,
    "the registry, which sends half an image and no more",
    "Refused (10), naming the limit that was reached. Nothing was touched.",
)
#: What a registry does wrong, and what the run says then.
WRONG = (
    (GARBAGE, Spoils.MANIFESTS, "invalid character"),
    (CORRUPT, Spoils.BLOBS, "verification failed"),
    (DENIED, Spoils.SECOND_PULL, "denied"),
    (SILENT, Spoils.STALLS, "stack_pull_timeout"),
)


@proves(
    Fault("registry-gone-for-the-plan", Phase.PLAN, "the registry, before the deployment", REFUSED),
    Fault(
        "registry-gone-for-the-pull",
        Phase.PULL,
        "the registry, after the plan was made",
        REFUSED + " The way back needs no registry in any case.",
    ),
    Fault(
        "registry-slow",
        Phase.PULL,
        "nothing, but the registry is silent for seconds",
        "The deployment waits, and works.",
    ),
)
def test_a_registry_that_is_gone_refuses_and_a_slow_one_is_waited_for(solo: Standing) -> None:
    solo.offer()
    solo.registry.stop()
    try:
        run = solo.deploy()
    finally:
        solo.registry.start()
    solo.untouched(run)
    solo.offer()
    with reached(solo, moments.pulling) as attempt:
        docker("kill", solo.registry.container)
        try:
            run = attempt.end()
        finally:
            solo.registry.start()
    solo.untouched(run)
    solo.offer()
    with moments.pulling(solo) as held, solo.begin() as attempt:
        held.reach(attempt)
        threading.Timer(SLOW_S, held.let_go).start()
        run = attempt.end()
    solo.went_on(run)


@proves(*(fault for fault, _spoils, _says in WRONG))
def test_a_registry_that_answers_wrong_refuses(solo: Standing) -> None:
    for fault, spoils, says in WRONG:
        print(fault.name)
        if fault is SILENT:
            solo.configure(stack_pull_timeout=SHORT_PULL_S)
        with impostor(solo.project.fleet, spoils) as address:
            solo.offer(registry=address, payload=PAYLOAD)
            run = solo.deploy()
            solo.untouched(run)
        assert says in run.output, run
        solo.on(solo.hosts[0]).nothing_is_left_over()
    solo.goes_on()
