# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller dies, or is told to end, while the fleet is being settled."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.faults import moments
from tests.faults.table import Fault, Phase, proves
from tests.fleet import Host
from tests.fleet.command import CommandError, docker
from tests.support.attempt import Attempt
from tests.support.console import console, kill_sessions
from tests.support.standing import GUARD_S, PATIENT, SLACK_S, Standing
from tests.support.waiting import await_that

PATIENCE_S = 10.0
SIGNALS = (signal.SIGINT, signal.SIGTERM)
CANCELLED = "the run is cancelled with {}"
HALF = ", when one host is confirmed and another is not"
CONFIRMED = ", after the release was confirmed and before its guard was disarmed"
START = "Start the release and pass its gate"
#: Python reads it at each start as the deploy user: the first module that would disarm the guard hangs there.
HANGS_AT_DISARM = """
import importlib.util, os, sys, time
class Finder:
    def find_spec(self, name, path=None, target=None):
        mine = name.endswith("module_utils.coordination.guard")
        if not mine or any(word.endswith("guard_process") for word in sys.orig_argv):
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        load = spec.loader.exec_module
        def exec_module(module):
            load(module)
            if module.__name__ == name:  # the loader is that of all modules in the archive
                disarm = module.Guard.disarm
                def hang(self):
                    last = self._store.entries()[-1:]
                    if last and (last[0].run, last[0].event) == (self._store.run, "confirmed"):
                        flag = os.path.join(os.path.dirname(__file__), "has-hung")
                        if not os.path.exists(flag):
                            open(flag, "w").close()
                            time.sleep(600)
                    disarm(self)
                module.Guard.disarm = hang
        spec.loader.exec_module = exec_module
        return spec
sys.meta_path.insert(0, Finder())
"""


KILLED = "the controller (SIGKILL)"
ONE_ON_EACH = (
    "The confirmed host keeps the new release, the other one takes it back by itself: one whole release on each, and "
    "the next deployment brings them together."
)
STAYS = "The release stays: a guard does nothing to what is confirmed."


def stands_still(host: Host) -> bool:
    """Freeze every process of a host; tell whether that worked, since a busy one cannot always be frozen at once."""
    try:
        docker("pause", host.container)
    except CommandError as error:
        if "unable to freeze" not in str(error):
            raise
        return False
    return True


@contextmanager
def half_settled(pair: Standing) -> Iterator[tuple[Attempt, Callable[[], None]]]:
    """Deploy until the first host is confirmed and the second is not, which stands still until it is let go."""
    first, second = pair.hosts
    pair.offer()
    watch = f"{{{{ {moments.LONG_WATCH_S} if inventory_hostname == '{first.name}' else 1 }}}}"
    pair.configure(stack_healthy_for=watch)
    with pair.begin(*PATIENT) as attempt:
        attempt.until("the second host through its gate", lambda: second.name in attempt.results(START))
        attempt.until("the second host standing still", lambda: stands_still(second))
        still = [second.container]

        def let_go() -> None:
            while still:
                docker("unpause", still.pop())

        try:
            attempt.until("the first host confirmed", lambda: pair.on(first).saw("confirmed", version=pair.offered))
            yield attempt, let_go
        finally:
            let_go()


@contextmanager
def not_yet_disarmed(solo: Standing) -> Iterator[Attempt]:
    """Deploy until the release is confirmed and its guard is not disarmed; the module hangs there."""
    host = solo.hosts[0]
    folder = console(host, "python3 -c 'import site; print(site.getusersitepackages())'", user="deploy")
    console(host, f"mkdir -p {folder} && cat >{folder}/usercustomize.py", user="deploy", stdin=HANGS_AT_DISARM)
    try:
        solo.offer()
        with solo.begin() as attempt:
            confirmed = "confirmed"
            attempt.until("the confirmation", lambda: solo.on(host).saw(confirmed, version=solo.offered))
            yield attempt
    finally:
        console(host, f"rm -rf {folder}/usercustomize.py {folder}/has-hung", user="deploy")


@proves(
    Fault("killed-while-settling", Phase.SETTLE, KILLED + HALF, ONE_ON_EACH),
    *(
        Fault(f"{number.name.lower()}-settling", Phase.SETTLE, CANCELLED.format(number.name) + HALF, ONE_ON_EACH)
        for number in SIGNALS
    ),
)
def test_a_fleet_half_settled_has_one_release_on_each_host(pair: Standing) -> None:
    first, second = pair.hosts
    with half_settled(pair) as (attempt, _let_go):
        attempt.kill()
    pair.stands(pair.offered, hosts=[first])
    pair.settles(hosts=[second])
    # Each run begins where the one before it ended: with one release on each host.
    for number in SIGNALS:
        print(number.name)
        with half_settled(pair) as (attempt, let_go):
            attempt.signal(number)
            attempt.until_verdict(PATIENCE_S)
            # Ansible has ended by then: before, it would go on to confirm the second host as soon as that stirs.
            attempt.until("the hosts being told", lambda: "telling " in attempt.said)
            let_go()
            run = attempt.end()
        # All was seen, and the fleet is in two.
        run.expect(30, "rollback_failed")
        assert [run.host(host.name)[0] for host in pair.hosts] == ["deployed", "rolled_back"]
        pair.stands(pair.offered, hosts=[first])
        pair.settles(hosts=[second])
    pair.goes_on()


@proves(
    Fault("died-between-confirm-and-disarm", Phase.CONFIRM, "controller and module" + CONFIRMED, STAYS),
    *(
        Fault(f"{number.name.lower()}-confirming", Phase.CONFIRM, CANCELLED.format(number.name) + CONFIRMED, STAYS)
        for number in SIGNALS
    ),
)
def test_a_confirmed_release_stays_whatever_becomes_of_its_run(solo: Standing) -> None:
    seen = solo.on(solo.hosts[0])
    for number in SIGNALS:
        print(number.name)
        with not_yet_disarmed(solo) as attempt:
            attempt.signal(number)
            run = attempt.end()
        run.expect(0, "deployed")
        assert not seen.has("guard.json"), run
        solo.stands(solo.offered)
        assert seen.agrees_with(run, solo.version, solo.offered)
        solo.version = solo.offered
    with not_yet_disarmed(solo) as attempt:
        attempt.kill()
        kill_sessions(solo.hosts[0])
    await_that("the guard gone", lambda: not seen.has("guard.json"), GUARD_S + SLACK_S)
    solo.stands(solo.offered)
    assert seen.last_events()[-1] == "confirmed"
    solo.goes_on(*PATIENT)
