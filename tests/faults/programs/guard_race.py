# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets guard and confirmation race: guard_race.py ROOT STACK ROUNDS SEED. Prints how each round ended.

Each round has a release without services that passed its gate, and a guard whose time is up at about the moment at
which the run confirms. Both go through the code that the guard and the module go through.
"""

from __future__ import annotations

import json
import random
import sys
import threading
import time
from contextlib import suppress
from dataclasses import asdict

from ansible_collections.slipway.compose.plugins.module_utils.calls.dispatch import bring_about
from ansible_collections.slipway.compose.plugins.module_utils.coordination.guard import FILE, GuardTask
from ansible_collections.slipway.compose.plugins.module_utils.coordination.held_lease import StackLease
from ansible_collections.slipway.compose.plugins.module_utils.core.command import command_environment
from ansible_collections.slipway.compose.plugins.module_utils.core.findings import SlipwayError
from ansible_collections.slipway.compose.plugins.module_utils.core.host_clock import boot_time
from ansible_collections.slipway.compose.plugins.module_utils.host.guard_duty import stand_in
from ansible_collections.slipway.compose.plugins.module_utils.release import journal, rollback_script
from ansible_collections.slipway.compose.plugins.module_utils.release.record import ReleaseRecord
from ansible_collections.slipway.compose.plugins.module_utils.release.rollback_script import WayBack
from ansible_collections.slipway.compose.plugins.module_utils.release.store import ReleaseStore
from ansible_collections.slipway.compose.plugins.module_utils.stack.gate_settings import GateSettings

LASTS_S = 600.0
TIMEOUT_S = 60.0


class Round:
    """One release, one guard, one confirmation."""

    def __init__(self, root: str, stack: str, number: int) -> None:
        """Bring the release up to its gate."""
        self.root, self.stack, self.run = root, stack, f"run{number}"
        self.release = f"20260101T{number // 60:02d}{number % 60:02d}00Z-race{number}"
        self.store = ReleaseStore(root, stack, self.run)
        self.store.make()
        folder = self.store.release_folder(self.release)
        (folder / "files").mkdir(parents=True)
        record = ReleaseRecord(
            id=self.release,
            stack=stack,
            version=f"race{number}",
            created_at="2026-01-01T00:00:00Z",
            created_by="race",
            commit="",
            plan_sha256="1" * 64,
            content_sha256="2" * 64,
            reversible=True,
            compose_files=(),
            images={},
            files=(),
            services=(),
        )
        self.store.write(self.release, "release.json", record.to_json())
        gate = GateSettings.from_dict({}).as_dict()
        self.store.write_json(self.release, "gate.json", {**gate, "healthy_for_s": 0.0, "stable_for_s": 0.0})
        self.store.write_json(
            self.release, "snapshot.json", {"goal": "nothing", "release": None, "to": None, "containers": []}
        )
        self.store.write(self.release, "environment.json", "{}")
        self.store.write(
            self.release,
            "rollback.sh",
            rollback_script.render(WayBack(stack, self.release, ()), command_environment({})),
            0o700,
        )
        StackLease(self.store, LASTS_S).acquire()
        for event in (journal.PREPARED, journal.STARTING, journal.STARTED, journal.GATE_PASSED):
            self.store.note(self.release, event)
        self.store.write_json(self.release, "gate_passed.json", {"containers": {}})

    def race(self, *, guard_after_s: float, run_after_s: float) -> dict[str, object]:
        """Let both begin at about the same moment, and tell what became of the release."""
        order = GuardTask(f"token-{self.run}", self.run, self.release, 0.0, boot_time(), TIMEOUT_S)
        self.store.write_file(FILE, asdict(order))
        said: list[str] = []
        racers = [
            threading.Thread(target=self._guard, args=(order, guard_after_s)),
            threading.Thread(target=self._confirm, args=(run_after_s, said)),
        ]
        for racer in racers:
            racer.start()
        for racer in racers:
            racer.join()
        events = [entry.event for entry in self.store.entries() if entry.release == self.release]
        return {
            "events": events,
            "current": self.store.current() == self.release,
            "confirmed": said == ["confirmed"],
            "said": said,
            "left": [name for name in (FILE, "lease.json") if (self.store.folder / name).exists()],
        }

    def _guard(self, order: GuardTask, after_s: float) -> None:
        time.sleep(after_s)
        stand_in(self.root, self.stack, order, TIMEOUT_S)

    def _confirm(self, after_s: float, said: list[str]) -> None:
        time.sleep(after_s)
        options = {
            "state": "confirmed", "stack": self.stack, "root": self.root, "run": self.run, "release": self.release,
            "keep_releases": 5, "rollback_timeout": TIMEOUT_S, "guard_timeout": LASTS_S, "owner": "", "run_url": "",
            "host": "race",
        }  # fmt: skip
        try:
            bring_about(options, check_mode=False)
            said.append("confirmed")
        except SlipwayError as error:
            said.append(str(error))


def main(root: str, stack: str, rounds: str, seed: str) -> None:
    """Run the rounds."""
    chance = random.Random(int(seed))  # noqa: S311 - a test
    ended = []
    for number in range(int(rounds)):
        one = Round(root, stack, number)
        ended.append(one.race(guard_after_s=chance.uniform(0, 0.05), run_after_s=chance.uniform(0, 0.05)))
        with suppress(FileNotFoundError):
            (one.store.folder / "current").unlink()
    print(json.dumps({"rounds": ended}))


if __name__ == "__main__":
    main(*sys.argv[1:])
