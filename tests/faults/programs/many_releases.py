# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes many releases out of the current one: many_releases.py ROOT STACK COUNT. Prints their IDs, oldest first."""

from __future__ import annotations

import json
import shutil
import sys

from ansible_collections.slipway.compose.plugins.module_utils.engine.client import Engine
from ansible_collections.slipway.compose.plugins.module_utils.release import journal
from ansible_collections.slipway.compose.plugins.module_utils.release.pruning import kept_names
from ansible_collections.slipway.compose.plugins.module_utils.release.store import ReleaseStore


def main(root: str, stack: str, count: str) -> None:
    """Make them."""
    store, engine = ReleaseStore(root, stack, "many"), Engine()
    current = store.current()
    assert current is not None
    images = list(store.folder_of(current).record.images.values())
    made = [f"20200101T{number // 60:02d}{number % 60:02d}00Z-many{number}" for number in range(int(count))]
    for release in made:
        folder = store.release_folder(release)
        shutil.copytree(store.release_folder(current), folder)
        record = json.loads((folder / "release.json").read_text())
        (folder / "release.json").write_text(
            json.dumps({**record, "id": release, "version": release.partition("-")[2]})
        )
        engine.images.pull(kept_names(stack, release, images))
        for event in (journal.PREPARED, journal.STARTING, journal.STARTED, journal.GATE_PASSED, journal.CONFIRMED):
            store.note(release, event)
    # What runs is confirmed last.
    store.note(current, journal.CONFIRMED)
    print(json.dumps({"made": made}))


if __name__ == "__main__":
    main(*sys.argv[1:])
