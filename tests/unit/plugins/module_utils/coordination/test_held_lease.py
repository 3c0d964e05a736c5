# SPDX-License-Identifier: GPL-3.0-or-later
"""The lease of a stack as runs see it that work on the same folders at the same time."""

from __future__ import annotations

import json
import os
import random
import stat
import threading
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.coordination import held_lease, lease, lock
from ansible_collections.slipway.compose.plugins.module_utils.coordination.held_lease import StackLease
from ansible_collections.slipway.compose.plugins.module_utils.core.findings import SlipwayError
from ansible_collections.slipway.compose.plugins.module_utils.core.host_clock import boot_time
from ansible_collections.slipway.compose.plugins.module_utils.release.store import ReleaseStore

FIRST, SECOND = "20261122T214455Z-deploy-1f2e", "20261122T214455Z-deploy-9a0b"
LASTS_S = 900.0


def of(root: Path, run: str, lasts_s: float = LASTS_S, host: str = "") -> StackLease:
    store = ReleaseStore(str(root), "shop", run)
    store.make()
    return StackLease(store, lasts_s, owner="ada@desk", run_url="https://ci/7", host=host)


def holder(root: Path) -> str | None:
    held = of(root, "reader").held()
    return held.run if held else None


def age(root: Path, seconds: float) -> None:
    """Make the lease look as if it had last been renewed so long ago."""
    path = root / "shop" / held_lease.FILE
    document = json.loads(path.read_text())
    document["renewed"]["ticks"] -= seconds
    path.write_text(json.dumps(document))


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_lease, "_INTERVAL_S", 0.005)
    monkeypatch.setattr(held_lease, "_LIVE_INTERVAL_S", 0.0)
    monkeypatch.setattr(lock, "_INTERVAL_S", 0.002)


def test_it_is_taken_kept_and_given_back(tmp_path: Path) -> None:
    mine = of(tmp_path, FIRST)
    assert not mine.is_held()
    assert mine.acquire() is None
    held = mine.held()
    assert held is not None
    assert (held.run, held.owner, held.run_url, held.phase) == (FIRST, "ada@desk", "https://ci/7", lease.PREPARING)
    assert stat.S_IMODE((tmp_path / "shop" / held_lease.FILE).stat().st_mode) == 0o600
    age(tmp_path, 600)
    with mine.locked():
        mine.renew(lease.PREPARED)
        mine.renew()
    kept = mine.held()
    assert kept is not None
    assert (kept.phase, kept.taken_at) == (lease.PREPARED, held.taken_at)
    assert kept.left_s(kept.renewed) == LASTS_S
    assert kept.renewed.ticks >= held.renewed.ticks
    with mine.locked():
        mine.release()
        mine.release()
    assert mine.held() is None


def test_another_run_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    mine, other = of(tmp_path, FIRST), of(tmp_path, SECOND)
    mine.acquire()
    before = (tmp_path / "shop" / held_lease.FILE).read_bytes()
    acts: list[Callable[[], object]] = [
        other.acquire,
        other.assert_not_taken,
        other.renew,
        other.heartbeat,
        lambda: other.renew_or_acquire(lease.STARTED),
        lambda: other.renew(lease.PREPARED),
    ]
    for act in acts:
        with pytest.raises(SlipwayError, match=FIRST):
            act()
    other.release()
    assert (tmp_path / "shop" / held_lease.FILE).read_bytes() == before


@pytest.mark.parametrize("act", ["renew", "heartbeat"])
def test_a_run_whose_lease_was_ended_does_not_take_it_again(tmp_path: Path, act: str) -> None:
    mine = of(tmp_path, FIRST)
    mine.acquire()
    of(tmp_path, FIRST).release()
    with pytest.raises(SlipwayError, match=r"seen none\. Begin again\."):
        getattr(mine, act)()
    assert holder(tmp_path) is None


def test_life_renews_it_now_and_then_and_leaves_its_phase(tmp_path: Path) -> None:
    mine = of(tmp_path, FIRST)
    mine.acquire()
    mine.renew(lease.PREPARED)
    path = tmp_path / "shop" / held_lease.FILE
    before = path.read_bytes()
    mine.heartbeat()
    assert path.read_bytes() == before
    age(tmp_path, 400)
    mine.heartbeat()
    held = mine.held()
    assert held is not None
    assert held.phase == lease.PREPARED
    assert held.left_s(held.renewed) == LASTS_S
    assert path.read_bytes() != before


def test_one_that_has_ended_is_taken_over_and_its_run_is_fenced_off(tmp_path: Path) -> None:
    late, mine = of(tmp_path, FIRST), of(tmp_path, SECOND)
    late.acquire()
    late.renew_or_acquire(lease.STARTED)
    age(tmp_path, LASTS_S)
    taken = mine.acquire()
    assert taken is not None
    assert (taken.run, taken.phase) == (FIRST, lease.STARTED)
    for act in (late.assert_not_taken, late.renew, lambda: late.renew_or_acquire(lease.STARTED)):
        with pytest.raises(SlipwayError, match=SECOND):
            act()
    assert holder(tmp_path) == SECOND


def test_its_run_can_renew_one_that_has_ended_as_long_as_nobody_took_it(tmp_path: Path) -> None:
    mine = of(tmp_path, FIRST)
    mine.acquire()
    age(tmp_path, 2 * LASTS_S)
    mine.assert_not_taken()
    mine.renew()
    with pytest.raises(SlipwayError, match=FIRST):
        of(tmp_path, SECOND).acquire()


@pytest.mark.parametrize("text", ["", "{", "null", '{"run": "x"}', "\0" * 300])
def test_a_damaged_one_holds_as_long_as_any_and_can_be_ended(tmp_path: Path, text: str) -> None:
    mine = of(tmp_path, FIRST)
    path = tmp_path / "shop" / held_lease.FILE
    path.write_text(text)
    with pytest.raises(SlipwayError, match="run unreadable of somebody"):
        mine.acquire()
    with pytest.raises(SlipwayError, match=held_lease.UNREADABLE):
        mine.assert_not_taken()
    of(tmp_path, held_lease.UNREADABLE).release()
    assert not path.exists()
    path.write_text(text)
    os.utime(path, (time.time() - LASTS_S - 1,) * 2)
    mine.acquire()
    assert mine.is_held()


def test_it_is_waited_for(tmp_path: Path) -> None:
    mine, other = of(tmp_path, FIRST), of(tmp_path, SECOND)
    mine.acquire()
    mine.renew_or_acquire(lease.STARTED)
    later = threading.Timer(0.1, mine.release)
    later.start()
    assert other.acquire(wait_s=10) is None
    later.join()
    assert other.is_held()


def test_a_run_that_is_at_work_for_long_is_waited_for_like_any(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_lease, "LOCK_WAIT_S", 0.05)
    mine, other = of(tmp_path, FIRST), of(tmp_path, SECOND)
    mine.acquire()
    done = threading.Event()

    def work() -> None:
        with mine.locked():
            mine.renew_or_acquire(lease.STARTED)
            done.wait(10)
            mine.release()

    worker = threading.Thread(target=work)
    worker.start()
    until = time.monotonic() + 10
    while (held := mine.held()) is None or held.phase != lease.STARTED:
        assert time.monotonic() < until
    # The refusal names the run, and not the lock that its command has.
    with pytest.raises(SlipwayError, match=r"lease of stack shop.*1f2e of ada@desk"):
        other.acquire()
    threading.Timer(0.3, done.set).start()
    other.acquire(wait_s=10)
    worker.join()
    assert other.is_held()


def test_a_process_that_dies_with_it_leaves_it_to_its_end(tmp_path: Path) -> None:
    child = get_context("fork").Process(target=of(tmp_path, FIRST).acquire)
    child.start()
    child.join(10)
    assert child.exitcode == 0
    with pytest.raises(SlipwayError, match=FIRST):
        of(tmp_path, SECOND).acquire()


class Run:
    """A run that prepares several hosts at once, starts them if all agreed, and gives everything back if not."""

    def __init__(self, run: str, hosts: list[Path], seed: int) -> None:
        self.name = run
        self.started = False
        self._random = random.Random(seed)  # noqa: S311 - to see the same interleaving again
        self._hosts = self._random.sample(hosts, len(hosts))
        self._refused: list[SlipwayError] = []

    def __call__(self) -> None:
        self._pause()
        leases = [of(host, self.name) for host in self._hosts]
        pauses = [[self._random.random() for _step in range(3)] for _lease in leases]
        workers = [threading.Thread(target=self._prepare, args=work) for work in zip(leases, pauses, strict=True)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        self._pause()
        if self._refused:
            for one in leases:
                with one.locked():
                    one.release()
            return
        for one in leases:
            with one.locked():
                one.renew_or_acquire(lease.STARTED)
        self.started = True

    def _prepare(self, one: StackLease, pauses: list[float]) -> None:
        acts: list[Callable[[], object]] = [one.acquire, one.heartbeat, lambda: self._done(one)]
        try:
            for pause, act in zip(pauses, acts, strict=True):
                time.sleep(pause / 200)
                act()
        except SlipwayError as error:
            self._refused.append(error)

    @staticmethod
    def _done(one: StackLease) -> None:
        with one.locked():
            one.renew(lease.PREPARED)

    def _pause(self) -> None:
        time.sleep(self._random.random() / 200)


@pytest.mark.parametrize("names", [(FIRST, SECOND), (FIRST, SECOND, f"{SECOND}x")])
def test_of_runs_that_begin_at_once_exactly_one_proceeds(tmp_path: Path, names: tuple[str, ...]) -> None:
    for seed in range(20):
        hosts = [tmp_path / f"{seed}-{number}" for number in range(3)]
        runs = [Run(name, hosts, len(names) * seed + number) for number, name in enumerate(names)]
        threads = [threading.Thread(target=run) for run in runs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        proceeded = [run.name for run in runs if run.started]
        assert len(proceeded) == 1, f"seed {seed}: {proceeded} started"
        assert {holder(host) for host in hosts} == set(proceeded), f"seed {seed}"


def test_a_changed_limit_counts_from_the_next_renewal(tmp_path: Path) -> None:
    of(tmp_path, FIRST, lasts_s=60).acquire()
    longer = of(tmp_path, FIRST, lasts_s=600)
    longer.renew()
    held = longer.held()
    assert held is not None
    assert held.lasts_s == 600


def pausing(run: StackLease, pauses: list[lease.Lease]) -> threading.Thread:
    """Let a run pause, and wait until it does."""
    thread = threading.Thread(target=lambda: pauses.append(run.pause(LASTS_S)))
    thread.start()
    until = time.monotonic() + 10
    while not (held := run.held()) or not held.paused_at:
        assert time.monotonic() < until
    return thread


def test_a_run_that_is_paused_goes_on_when_somebody_continues_it(tmp_path: Path) -> None:
    mine = of(tmp_path, FIRST)
    pauses: list[lease.Lease] = []
    mine.acquire()
    assert mine.pause(0).pauses(boot_time())
    assert not of(tmp_path, SECOND).resume("eve@desk", LASTS_S), "it is not that run which is paused"
    waiting = pausing(mine, pauses)
    assert of(tmp_path, FIRST).resume("bob@desk", LASTS_S)
    waiting.join(10)
    assert [(one.goes_on, one.continued_by) for one in pauses] == [(True, "bob@desk")]
    assert not of(tmp_path, FIRST).resume("eve@desk", LASTS_S), "it goes on already"
    with mine.locked():
        mine.renew()
    assert mine.pause(LASTS_S).continued_by == "bob@desk", "it pauses once on a host"
    noted = ReleaseStore(str(tmp_path), "shop").entries()
    assert [(one.run, one.event, one.detail) for one in noted] == [(FIRST, "continued", "by bob@desk")]


def test_nobody_continues_a_run_that_waits_no_longer(tmp_path: Path) -> None:
    mine = of(tmp_path, FIRST)
    mine.acquire()
    assert not mine.pause(0, withdraw=True).pauses(boot_time())
    assert not of(tmp_path, FIRST).resume("bob@desk", LASTS_S)
    mine.pause(0)
    age(tmp_path, LASTS_S + 1)
    assert not of(tmp_path, FIRST).resume("bob@desk", LASTS_S), "its lease has ended, so it is dead"
    assert ReleaseStore(str(tmp_path), "shop").entries() == ()


def test_a_run_that_does_not_go_on_when_it_is_continued_will_not_later(tmp_path: Path) -> None:
    mine = of(tmp_path, FIRST)
    mine.acquire()
    mine.pause(0)
    with pytest.raises(SlipwayError, match="expected to go on within 0 s, seen no sign of it"):
        of(tmp_path, FIRST).resume("bob@desk", 0.0)
    held = mine.pause(0)
    assert (held.goes_on, held.continued_by) == (False, "")
    assert held.pauses(boot_time())


def test_a_run_without_a_lease_does_not_pause(tmp_path: Path) -> None:
    with pytest.raises(SlipwayError, match="expected the lease of run"):
        of(tmp_path, FIRST).pause(LASTS_S)
    of(tmp_path, SECOND).acquire()
    with pytest.raises(SlipwayError, match=SECOND):
        of(tmp_path, FIRST).pause(LASTS_S)


def test_a_machine_that_has_two_names_in_one_run_is_refused_under_the_second(tmp_path: Path) -> None:
    # Who only waited for the lease has not said a name.
    of(tmp_path, FIRST).acquire()
    of(tmp_path, FIRST, host="web1").acquire()
    of(tmp_path, FIRST, host="web1").acquire()
    with pytest.raises(SlipwayError, match="host web2: expected a machine of its own, seen web1 and web2"):
        of(tmp_path, FIRST, host="web2").acquire()
    held = of(tmp_path, FIRST).held()
    assert held is not None
    assert (held.run, held.host) == (FIRST, "web1")
    # Another run may call it as it likes.
    with of(tmp_path, FIRST).locked():
        of(tmp_path, FIRST).release()
    assert of(tmp_path, SECOND, host="web2").acquire() is None
