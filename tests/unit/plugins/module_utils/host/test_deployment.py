# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing is started without a guard that could take it back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.coordination import after_boot, guard, init_system
from ansible_collections.slipway.compose.plugins.module_utils.coordination.guard import Guard
from ansible_collections.slipway.compose.plugins.module_utils.coordination.held_lease import StackLease
from ansible_collections.slipway.compose.plugins.module_utils.core.findings import SlipwayError
from ansible_collections.slipway.compose.plugins.module_utils.engine.client import Engine
from ansible_collections.slipway.compose.plugins.module_utils.host.deployment import Deployment
from ansible_collections.slipway.compose.plugins.module_utils.host.host import Host
from ansible_collections.slipway.compose.plugins.module_utils.release import journal
from ansible_collections.slipway.compose.plugins.module_utils.release.store import ReleaseStore
from ansible_collections.slipway.compose.plugins.module_utils.stack.gate_settings import GateSettings
from tests.support.records import RECORD, SNAPSHOT

RELEASE, RUN = "20261122T220000Z-1.1", "20261122T214455Z-deploy-1f2e"


def test_a_guard_whose_process_does_not_stay_keeps_the_release_from_being_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(init_system, "systemd_keeps_units", lambda: False)
    monkeypatch.setattr(after_boot, "means", lambda: "")
    monkeypatch.setattr(guard, "_SIGN_IN_S", 0.5)
    store = ReleaseStore(str(tmp_path), "shop", RUN)
    store.make()
    store.release_folder(RELEASE).mkdir()
    store.write(RELEASE, "release.json", replace(RECORD, id=RELEASE, version="1.1").to_json())
    for name, document in (
        ("snapshot.json", SNAPSHOT),
        ("gate.json", GateSettings().as_dict()),
        ("environment.json", {}),
    ):
        store.write_json(RELEASE, name, document)
    store.note(RELEASE, journal.PREPARED)
    ends_at_once = Guard(store, "no_such_program", 900.0, 60.0)
    deployment = Deployment(Host(store, Engine(at_once=False), StackLease(store, 900.0), ends_at_once), RELEASE)
    with pytest.raises(SlipwayError) as raised:
        deployment.start()
    assert [(one.thing, one.seen) for one in raised.value.findings] == [("guard of stack shop", "none")]
    assert [entry.event for entry in store.entries()] == [journal.PREPARED]
