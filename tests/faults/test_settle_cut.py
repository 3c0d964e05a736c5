# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller dies while the fleet is being settled."""

from __future__ import annotations

from tests.faults import moments
from tests.faults.console import console, kill_sessions
from tests.faults.standing import GUARD_S, PATIENT, SLACK_S, Standing
from tests.faults.table import Phase, fault
from tests.faults.waiting import await_that
from tests.fleet.command import docker

START = "Start the release and pass its gate"
#: Python reads it at each start as the deploy user: the module hangs where it would disarm the guard.
HANGS_AT_DISARM = """
import importlib.util, sys, time
class Finder:
    def find_spec(self, name, path=None, target=None):
        if not name.endswith("module_utils.guard") or any(word.endswith("guard_process") for word in sys.orig_argv):
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
                        time.sleep(600)
                    disarm(self)
                module.Guard.disarm = hang
        spec.loader.exec_module = exec_module
        return spec
sys.meta_path.insert(0, Finder())
"""


@fault(
    "killed-while-settling",
    Phase.SETTLE,
    dies="the controller (SIGKILL), when one host is confirmed and another is not",
    promised="The confirmed host keeps the new release, the other's guard takes it back: one whole release on each, "
    "and the next deployment brings them together.",
)
def test_a_fleet_half_settled_has_one_release_on_each_host(pair: Standing) -> None:
    first, second = pair.hosts
    pair.offer()
    watch = f"{{{{ {moments.LONG_WATCH_S} if inventory_hostname == '{first.name}' else 1 }}}}"
    pair.configure(stack_healthy_for=watch)
    with pair.begin() as attempt:
        attempt.until("the second host through its gate", lambda: second.name in attempt.results(START))
        docker("pause", second.container)
        try:
            attempt.until("the first host confirmed", lambda: pair.on(first).saw("confirmed", version=pair.offered))
            attempt.kill()
        finally:
            docker("unpause", second.container)
    pair.stands(pair.offered, hosts=[first])
    pair.settles(hosts=[second])
    pair.goes_on(*PATIENT)


@fault(
    "died-between-confirm-and-disarm",
    Phase.CONFIRM,
    dies="controller and module, after the release was confirmed and before its guard was disarmed",
    promised="The release stays: a guard does nothing to what is confirmed.",
)
def test_a_confirmed_release_is_not_taken_back_by_a_guard_that_lived_on(solo: Standing) -> None:
    host = solo.hosts[0]
    seen = solo.on(host)
    folder = console(host, "python3 -c 'import site; print(site.getusersitepackages())'", user="deploy")
    console(host, f"mkdir -p {folder} && cat >{folder}/usercustomize.py", user="deploy", stdin=HANGS_AT_DISARM)
    try:
        solo.offer()
        with solo.begin() as attempt:
            attempt.until("the confirmation", lambda: seen.saw("confirmed", version=solo.offered))
            attempt.kill()
            kill_sessions(host)
    finally:
        console(host, f"rm -rf {folder}/usercustomize.py", user="deploy")
    await_that("the guard gone", lambda: not seen.has("guard.json"), GUARD_S + SLACK_S)
    solo.stands(solo.offered)
    assert seen.last_events()[-1] == "confirmed"
    solo.goes_on(*PATIENT)
