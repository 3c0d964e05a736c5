# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may take a lease, when it ends, and what is told about it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.coordination import lease
from ansible_collections.slipway.compose.plugins.module_utils.coordination.lease import Lease
from ansible_collections.slipway.compose.plugins.module_utils.core.boot_time import BootTime
from ansible_collections.slipway.compose.plugins.module_utils.core.clock import boot_time

FIRST, SECOND = "20261122T214455Z-deploy-1f2e", "20261122T214455Z-deploy-9a0b"
TAKEN = BootTime("boot-1", ticks=1000.0, epoch=1_795_000_000.0)
HELD = Lease(SECOND, "ada@desk", "https://ci/7", "2026-11-22T21:44:57Z", lease.PREPARING, lasts_s=900.0, renewed=TAKEN)


def after(seconds: float) -> BootTime:
    return BootTime(TAKEN.boot, TAKEN.ticks + seconds, TAKEN.epoch + seconds)


def test_nobody_holds_it() -> None:
    assert lease.decide(None, FIRST, TAKEN) == lease.TAKE


@pytest.mark.parametrize(
    ("phase", "run", "expected"),
    [
        (lease.PREPARING, SECOND, lease.TAKE),
        (lease.PREPARED, SECOND, lease.TAKE),
        (lease.STARTED, SECOND, lease.TAKE),
        # The run that sorts first overtakes one that cannot have started, and waits for one that might be about to.
        (lease.PREPARING, FIRST, lease.TAKE),
        (lease.PREPARED, FIRST, lease.WAIT),
        (lease.STARTED, FIRST, lease.REFUSE),
        (lease.PREPARING, f"{SECOND}x", lease.REFUSE),
        (lease.PREPARED, f"{SECOND}x", lease.REFUSE),
        (lease.STARTED, f"{SECOND}x", lease.REFUSE),
    ],
)
def test_somebody_holds_it(phase: str, run: str, expected: str) -> None:
    assert lease.decide(replace(HELD, phase=phase), run, after(899)) == expected
    assert lease.decide(replace(HELD, phase=phase), run, after(900)) == lease.TAKE


@pytest.mark.parametrize("phase", [lease.PREPARING, lease.PREPARED])
def test_of_two_runs_that_hold_a_host_each_exactly_one_gives_way(phase: str) -> None:
    first, second = replace(HELD, run=FIRST, phase=phase), replace(HELD, phase=phase)
    assert lease.decide(first, SECOND, after(1)) == lease.REFUSE
    assert lease.decide(second, FIRST, after(1)) != lease.REFUSE


@pytest.mark.parametrize(
    ("now", "left"),
    [
        (after(0), 900.0),
        (after(300), 600.0),
        # A clock that somebody sets says nothing as long as the host runs …
        (replace(after(300), epoch=0.0), 600.0),
        (replace(after(300), epoch=TAKEN.epoch + 86_400), 600.0),
        # … and is all that there is after a boot.
        (BootTime("boot-2", ticks=20.0, epoch=TAKEN.epoch + 300), 600.0),
        (BootTime("boot-2", ticks=20.0, epoch=TAKEN.epoch + 901), -1.0),
    ],
)
def test_it_ends_by_the_clock_of_the_boot(now: BootTime, left: float) -> None:
    assert HELD.left_s(now) == left


def test_moments_of_this_host_go_on() -> None:
    earlier = boot_time()
    later = boot_time()
    assert earlier.boot == later.boot
    assert 0 <= later.seconds_since(earlier) < 60


def test_it_is_read_as_it_was_written() -> None:
    assert lease.parse(json.dumps(HELD.as_dict())) == HELD


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[]",
        '"lease"',
        "17",
        "\0\0\0\0",
        json.dumps(HELD.as_dict())[:-20],
        json.dumps({key: value for key, value in HELD.as_dict().items() if key != "run"}),
        json.dumps({**HELD.as_dict(), "renewed": "just now"}),
        json.dumps({**HELD.as_dict(), "renewed": {"boot": "boot-1"}}),
        json.dumps({**HELD.as_dict(), "lasts_s": "long"}),
        json.dumps({**HELD.as_dict(), "lasts_s": None}),
        json.dumps({**HELD.as_dict(), "lasts_s": 10**400}),
        # One that would never end, because nothing is smaller than it.
        json.dumps({**HELD.as_dict(), "lasts_s": float("nan")}),
        json.dumps({**HELD.as_dict(), "lasts_s": float("inf")}),
    ],
)
def test_what_is_none_is_not_read_as_one(text: str) -> None:
    assert lease.parse(text) is None


def test_the_refusal_names_who_where_since_when_and_how_to_take_over() -> None:
    refusal = lease.refusal("shop", HELD, after(300)).sentence()
    for word in ("shop", SECOND, "ada@desk", "https://ci/7", "2026-11-22T21:44:57Z", "600 s", "--lease-wait"):
        assert word in refusal
    assert f"unlock.sh ENV --run {SECOND}" in refusal


def test_the_sentence_for_people_says_when_it_ends() -> None:
    assert lease.sentence(HELD, after(300)).endswith("it ends by itself in 600 s")
    assert lease.sentence(HELD, after(5000)).endswith("it has ended")
    assert "of somebody holds" in lease.sentence(replace(HELD, owner=""), after(1))


def test_of_a_run_that_is_paused_it_is_said_how_it_goes_on() -> None:
    paused = replace(HELD, paused_at="2026-11-22T21:50:00Z")
    said = f"paused since 2026-11-22T21:50:00Z, goes on with scripts/continue.sh ENV --run {SECOND}"
    assert said in lease.sentence(paused, after(300))
    assert f"scripts/continue.sh ENV --run {SECOND}" in lease.refusal("shop", paused, after(300)).sentence()
    assert "paused" not in lease.sentence(replace(paused, continued_by="ada@desk"), after(300))
    assert "paused" not in lease.sentence(paused, after(5000)), "its lease has ended: nobody waits"


def test_a_lease_of_a_version_that_knew_no_pause_is_read() -> None:
    fields = {
        key: value for key, value in HELD.as_dict().items() if key not in ("paused_at", "continued_by", "goes_on")
    }
    assert lease.parse(json.dumps(fields)) == HELD
