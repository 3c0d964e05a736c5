# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller and host do not agree what time it is."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults import moments
from tests.faults.table import Fault, Phase, faults, proves
from tests.fleet.file_tree import PlacedFile, put_files
from tests.support.console import console
from tests.support.standing import ASKED_AT_THE_END, Standing

LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
PATCH = Path(__file__).parent / "wrong_clock" / "sitecustomize.py"
ON_HOST = "/usr/local/lib/wrong-clock"


def clock(library: str, patch: str, offset: str) -> dict[str, str]:
    """Return the environment in which programs see the wall clock moved, and nothing else."""
    return {"LD_PRELOAD": library, "FAKETIME": offset, "FAKETIME_DONT_FAKE_MONOTONIC": "1", "PYTHONPATH": patch}


def controller_clock(offset: str) -> dict[str, str]:
    """Return the environment of a controller whose clock is off."""
    assert LIBRARY is not None, "libfaketime is missing: run scripts/setup.sh --with test"
    return clock(str(LIBRARY), str(PATCH.parent), offset)


@contextmanager
def host_clock(standing: Standing, offset: str) -> Iterator[None]:
    """Let the modules on the first host see another time than the controller."""
    assert LIBRARY is not None, "libfaketime is missing: run scripts/setup.sh --with test"
    words = [f"{name}={value}" for name, value in clock(f"{ON_HOST}/{LIBRARY.name}", ON_HOST, offset).items()]
    program = f'#!/bin/sh\nexec env {shlex.join(words)} python3 "$@"\n'
    files = [
        PlacedFile(f"{ON_HOST}/{LIBRARY.name}", LIBRARY.read_bytes()),
        PlacedFile(f"{ON_HOST}/{PATCH.name}", PATCH.read_bytes()),
        PlacedFile(f"{ON_HOST}/python3", program.encode(), 0o755),
    ]
    put_files(standing.hosts[0].container, files)
    standing.python = f"{ON_HOST}/python3"
    try:
        yield
    finally:
        standing.python = "/usr/bin/python3"
        console(standing.hosts[0], f"rm -r {ON_HOST}")


@faults(
    "offset",
    [
        (
            Fault(
                "host-clock-an-hour-ahead",
                Phase.ANY,
                "the controller, and the clock of the host is an hour ahead",
                "Deployments work, and the guard is on time: it counts the time since the host's start.",
            ),
            "+1h",
        ),
        (
            Fault(
                "host-clock-an-hour-behind",
                Phase.ANY,
                "the controller, and the clock of the host is an hour behind",
                "Deployments work, and the guard is on time: it counts the time since the host's start.",
            ),
            "-1h",
        ),
    ],
)
def test_a_host_whose_clock_is_off_comes_back_on_time(solo: Standing, offset: str) -> None:
    with host_clock(solo, offset):
        solo.configure()
        solo.offer()
        with moments.reached(solo, moments.gating) as attempt:
            attempt.kill()
        solo.settles()
        solo.goes_on()


@proves(
    Fault(
        "controller-clock-an-hour-behind",
        Phase.PLAN,
        dies="the controller's clock, which is an hour behind",
        promised="Deployments work, and the way back leads to what ran before: the journal says what came before what.",
    ),
    Fault(
        "controller-clock-an-hour-ahead",
        Phase.GATE,
        dies="the controller, whose clock is an hour ahead",
        promised="The guard is on time: it asks no clock but the host's.",
    ),
)
def test_the_controllers_clock_decides_neither_what_came_before_nor_when_the_guard_acts(solo: Standing) -> None:
    before = solo.version
    solo.version = solo.offer()
    with solo.begin(environment=controller_clock("-1h")) as attempt:
        attempt.end().expect(0, "deployed")
    solo.stands()
    # Hooks on the controller read the settings, which name the version.
    solo.configure(stack_hooks=ASKED_AT_THE_END)
    solo.project.rollback().expect(0, "deployed")
    solo.version = before
    solo.stands()
    solo.offer()
    with moments.gating(solo) as held, solo.begin(environment=controller_clock("+1h")) as attempt:
        held.reach(attempt)
        attempt.kill()
    solo.settles()
    solo.goes_on()
