# SPDX-License-Identifier: GPL-3.0-or-later
"""Two plans of the same second have one release ID, and are not mixed up on a host."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.core.findings import SlipwayError
from ansible_collections.slipway.compose.plugins.module_utils.engine.containers import Snapshot
from ansible_collections.slipway.compose.plugins.module_utils.host import preparation
from ansible_collections.slipway.compose.plugins.module_utils.host.host import Host
from ansible_collections.slipway.compose.plugins.module_utils.host.look import NewRelease
from ansible_collections.slipway.compose.plugins.module_utils.host.preparation import Preparation
from ansible_collections.slipway.compose.plugins.module_utils.release import journal
from ansible_collections.slipway.compose.plugins.module_utils.release.namesake import namesake_findings
from ansible_collections.slipway.compose.plugins.module_utils.release.store import ReleaseStore
from ansible_collections.slipway.compose.plugins.module_utils.stack.bundle import FileBundle
from tests.support.records import RECORD

RELEASE = "20261122T214500Z-1.1"
KEPT = replace(RECORD, id=RELEASE, version="1.1")


@pytest.fixture
def store(tmp_path: Path) -> ReleaseStore:
    made = ReleaseStore(str(tmp_path), "shop", "run")
    made.make()
    made.release_folder(RELEASE).mkdir()
    made.write(RELEASE, "release.json", KEPT.to_json())
    made.note(RELEASE, journal.CONFIRMED)
    return made


def test_the_same_plan_again_is_the_same_release(store: ReleaseStore) -> None:
    assert namesake_findings(store, KEPT) == []
    assert namesake_findings(store, replace(KEPT, id="20261122T214501Z-1.1", plan_sha256="3" * 64)) == []


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"plan_sha256": "3" * 64}, "the plan that made it here"),
        ({"content_sha256": "3" * 64}, "the content that made"),
    ],
)
def test_another_one_is_named(changed: dict[str, Any], expected: str, store: ReleaseStore) -> None:
    (finding,) = namesake_findings(store, replace(KEPT, **changed))
    assert finding.thing == f"release {RELEASE}"
    assert finding.expected.startswith(expected)
    assert finding.seen == f"SHA-256 {'3' * 64}"


def test_one_that_is_damaged_is_not_compared(store: ReleaseStore) -> None:
    store.write(RELEASE, "release.json", "{")
    assert namesake_findings(store, replace(KEPT, plan_sha256="3" * 64)) == []


def test_a_preparation_does_not_go_to_the_other_one(store: ReleaseStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before, the first plan's files ran under the second one's hash."""
    wanted = replace(KEPT, plan_sha256="3" * 64)
    snapshot = Snapshot("shop", "", None, (), (), {})
    monkeypatch.setattr(preparation, "look_at_new", lambda *_given: NewRelease(wanted, (), snapshot, ()))
    lease: Any = SimpleNamespace(locked=nullcontext)
    engine: Any = None
    guard: Any = None
    request: Any = SimpleNamespace(bundle=FileBundle((), {}, ()))
    with pytest.raises(SlipwayError, match=f"release {RELEASE}: expected the plan that made it here"):
        Preparation(Host(store, engine, lease, guard), min_free_mb=1, check_mode=False).of_new(request)
    assert store.kept() == [RELEASE]
    assert store.folder_of(RELEASE).record == KEPT
