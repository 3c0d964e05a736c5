# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run may still do with a release, when others have been at work on the host since."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.coordination import guard
from ansible_collections.slipway.compose.plugins.module_utils.coordination.guard import Guard, GuardTask
from ansible_collections.slipway.compose.plugins.module_utils.coordination.held_lease import StackLease
from ansible_collections.slipway.compose.plugins.module_utils.core.findings import Finding, SlipwayError
from ansible_collections.slipway.compose.plugins.module_utils.core.host_clock import boot_time
from ansible_collections.slipway.compose.plugins.module_utils.engine.client import Engine
from ansible_collections.slipway.compose.plugins.module_utils.engine.containers import ContainerSnapshot
from ansible_collections.slipway.compose.plugins.module_utils.engine.lost import ending
from ansible_collections.slipway.compose.plugins.module_utils.host.deployment import Deployment
from ansible_collections.slipway.compose.plugins.module_utils.host.host import Host
from ansible_collections.slipway.compose.plugins.module_utils.host.recovery import recover
from ansible_collections.slipway.compose.plugins.module_utils.release import journal
from ansible_collections.slipway.compose.plugins.module_utils.release.journal import JournalEntry
from ansible_collections.slipway.compose.plugins.module_utils.release.progress import ReleaseProgress, files_left
from ansible_collections.slipway.compose.plugins.module_utils.release.record import ReleaseFile
from ansible_collections.slipway.compose.plugins.module_utils.release.store import ReleaseStore, text_sha256
from ansible_collections.slipway.compose.plugins.module_utils.stack.gate_settings import GateSettings
from tests.support.records import RECORD, SNAPSHOT

A, B = "20261122T100000Z-1.0", "20261122T110000Z-1.1"
MINE, OTHER = "run-mine", "run-other"
CONTAINER = asdict(
    ContainerSnapshot("web", 1, "shop-web-1", "c" * 64, "web:1", f"sha256:{'0' * 64}", "", "running", "", 0, "", 0)
)

Lines = list[tuple[str, str, str]]


def store_with(root: Path, lines: Lines, current: str | None = None, run: str = MINE) -> ReleaseStore:
    store = ReleaseStore(str(root), "shop", run)
    store.make()
    entries = [JournalEntry("2026-11-22T11:00:00Z", who, release, event) for who, release, event in lines]
    (store.folder / "journal.jsonl").write_text("".join(entry.line() for entry in entries))
    if current is not None:
        store.set_current(current)
    return store


@pytest.mark.parametrize(
    ("lines", "touched"),
    [
        ([], False),
        ([(MINE, A, journal.PREPARED)], False),
        ([(MINE, A, journal.PREPARED), (MINE, A, journal.STARTING)], True),
        ([(MINE, A, journal.STARTING), (MINE, A, journal.GATE_PASSED)], True),
        # The fleet is not settled: what this host has confirmed goes back if another one cannot.
        ([(MINE, A, journal.STARTING), (MINE, A, journal.CONFIRMED)], True),
        ([(MINE, A, journal.STARTING), (MINE, A, journal.ROLLED_BACK)], False),
        ([(MINE, A, journal.STARTING), (MINE, A, journal.ROLLED_BACK), (MINE, A, journal.ROLLBACK_FAILED)], True),
        ([(OTHER, A, journal.STARTING), (OTHER, A, journal.GATE_PASSED)], False),
        # Whoever took it back, it is back: a person with rollback.sh, or the run that found it unfinished.
        ([(MINE, A, journal.STARTING), ("by-hand", A, journal.ROLLED_BACK)], False),
        ([(MINE, A, journal.STARTING), (OTHER, A, journal.ROLLED_BACK)], False),
        ([(MINE, A, journal.STARTING), (OTHER, A, journal.ROLLED_BACK), (OTHER, A, journal.PREPARED)], False),
        # Another run has started something since: the way back would undo that.
        ([(MINE, A, journal.STARTING), (MINE, A, journal.CONFIRMED), (OTHER, B, journal.STARTING)], False),
        ([(MINE, A, journal.STARTING), (OTHER, A, journal.ROLLED_BACK), (OTHER, A, journal.STARTING)], False),
        ([(MINE, A, journal.STARTING), (OTHER, B, journal.PREPARED), (OTHER, B, journal.DISCARDED)], True),
        ([(MINE, A, journal.STARTING), (MINE, A, journal.CONFIRMED), (OTHER, A, journal.PRUNED)], False),
    ],
)
def test_whether_it_is_this_run_s_to_take_back(tmp_path: Path, lines: Lines, touched: bool) -> None:  # noqa: FBT001
    assert ReleaseProgress(store_with(tmp_path, lines), A).touched is touched


@pytest.mark.parametrize(
    ("lines", "current", "settled", "staged"),
    [
        ([], None, False, False),
        ([(MINE, A, journal.PREPARED)], None, False, True),
        ([(MINE, A, journal.CONFIRMED)], A, True, False),
        ([(MINE, A, journal.CONFIRMED), (MINE, A, journal.PREPARED)], A, False, True),
        ([(MINE, A, journal.CONFIRMING)], A, False, False),
        ([(MINE, A, journal.CONFIRMED)], B, False, False),
        ([(MINE, A, journal.DISCARDED)], None, False, False),
    ],
)
def test_how_far_it_has_come(
    tmp_path: Path,
    lines: Lines,
    current: str | None,
    settled: bool,  # noqa: FBT001
    staged: bool,  # noqa: FBT001
) -> None:
    progress = ReleaseProgress(store_with(tmp_path, lines, current), A)
    assert (progress.settled, progress.staged) == (settled, staged)


@pytest.mark.parametrize(
    ("snapshot", "reversible", "expected"),
    [
        ({"to": B, "irreversible": None}, True, True),
        ({"to": B, "irreversible": None}, False, False),
        ({"to": B, "irreversible": "20261122T090000Z-0.9"}, True, False),
        ({"to": None, "containers": [CONTAINER]}, False, False),
        # Where nothing ran before, nothing has to read the data.
        ({"to": None, "containers": []}, False, True),
    ],
)
def test_whether_what_ran_before_can_live_with_the_data(
    tmp_path: Path,
    snapshot: dict[str, Any],
    reversible: bool,  # noqa: FBT001
    expected: bool,  # noqa: FBT001
) -> None:
    store = store_with(tmp_path, [])
    release(store, reversible=reversible)
    store.write_json(A, "snapshot.json", {**SNAPSHOT, **snapshot})
    assert ReleaseProgress(store, A).reversible is expected


@pytest.mark.parametrize("reversible", [True, False])
def test_a_damaged_snapshot_makes_no_irreversible_release_reversible(tmp_path: Path, *, reversible: bool) -> None:
    store = store_with(tmp_path, [])
    release(store, reversible=reversible)
    store.write(A, "snapshot.json", "{")
    progress = ReleaseProgress(store, A)
    assert progress.reversible is reversible
    assert progress.goal == "what ran before"


def test_a_way_back_is_gone_although_snapshot_and_hooks_are_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Engine, "subnets", engine_gone)
    store = store_with(tmp_path, [(MINE, A, journal.STARTING)])
    release(store)
    store.write(A, "rollback.sh", f"touch {store.folder}/went-back\n", 0o700)
    store.write(A, "snapshot.json", "{")
    store.write(A, "hooks.json", "{")
    tried = deployment(store)
    with pytest.raises(SlipwayError, match=r"snapshot\.json: expected a JSON object with what ran before"):
        tried.recover(60.0)
    assert (store.folder / "went-back").exists()
    assert ["snapshot.json" in remark for remark in tried.remarks] == [True]
    # So the next deployment leaves it as it is, and goes on.
    assert store.entries()[-1].event == journal.ROLLBACK_FAILED
    assert "left as it is" in deployment(store).recover(60.0, again=False)


def test_a_way_back_that_is_not_the_one_that_was_prepared_is_neither_relied_on_nor_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Engine, "subnets", engine_gone)
    monkeypatch.setattr(Guard, "arm", lambda *_arguments: pytest.fail("it was started"))
    store = store_with(tmp_path, [(MINE, A, journal.PREPARED)])
    release(store)
    script = f"touch {store.folder}/went-back\nexit 1\n"
    store.write_json(A, "snapshot.json", {**SNAPSHOT, "rollback_sha256": text_sha256(script)})
    # Without its end it would be taken for one that has succeeded.
    store.write(A, "rollback.sh", script.partition("exit")[0], 0o700)
    for act in (deployment(store).start, lambda: deployment(store).run_rollback(60.0)):
        with pytest.raises(SlipwayError, match=r"rollback\.sh: expected .*the script that was prepared"):
            act()
    assert [one.event for one in store.entries()] == [journal.PREPARED, journal.ROLLBACK_FAILED]
    assert not (store.folder / "went-back").exists()


@pytest.mark.parametrize("line", ['{"at": "2026-11-22T11:00:00Z", "run": "run"}', "\0" * 7 + '"}', "# by hand"])
def test_nothing_is_settled_while_a_line_of_the_journal_is_damaged(tmp_path: Path, line: str) -> None:
    # It may be the line that says that the release was confirmed.
    store = store_with(tmp_path, [(MINE, A, journal.STARTING)])
    release(store)
    with (store.folder / "journal.jsonl").open("a") as file:
        file.write(f"{line}\n")
    host = deployment(store).host
    host.engine.containers = SimpleNamespace(remove=lambda *_labels: None)  # type: ignore[assignment]
    with pytest.raises(SlipwayError, match=f"line 2 of {store.folder}/journal.jsonl: expected what happened"):
        recover(host, 60.0, again=True)
    assert [one.event for one in store.entries()] == [journal.STARTING]


@pytest.mark.parametrize("name", ["snapshot.json", "hooks.json", "gate.json", "environment.json"])
def test_what_is_damaged_is_not_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(Guard, "arm", lambda *_arguments: pytest.fail("it was started"))
    store = store_with(tmp_path, [(MINE, A, journal.PREPARED)])
    release(store)
    store.write(A, name, "{")
    with pytest.raises(SlipwayError, match=f"{name}: expected a JSON object with"):
        deployment(store).start()
    assert store.entries()[-1].event == journal.PREPARED


def release(store: ReleaseStore, *, reversible: bool = True) -> None:
    store.release_folder(A).mkdir(exist_ok=True)
    store.write(A, "release.json", replace(RECORD, id=A, reversible=reversible).to_json())
    store.write_json(A, "snapshot.json", SNAPSHOT)
    store.write_json(A, "gate.json", GateSettings().as_dict())
    store.write(A, "environment.json", "{}")


def deployment(store: ReleaseStore) -> Deployment:
    # None of what is looked at here asks the engine.
    host = Host(store, object.__new__(Engine), StackLease(store, 900.0), Guard(store, "", 900.0, 60.0))
    return Deployment(host, A)


def armed(store: ReleaseStore, run: str) -> None:
    store.write_file(guard.FILE, asdict(GuardTask("token", run, B, 900.0, boot_time(), 60.0)))


def test_a_run_that_started_nothing_leaves_the_guard_of_another(tmp_path: Path) -> None:
    # Its staging was given back when its lease had ended, and another run has started something since.
    lines = [(MINE, A, journal.PREPARED), (OTHER, A, journal.DISCARDED), (OTHER, B, journal.STARTING)]
    store = store_with(tmp_path, lines)
    armed(store, OTHER)
    assert deployment(store).rollback_for_run(60.0) is None
    assert guard.read_task(store.folder) is not None


@pytest.mark.parametrize(
    "between",
    [
        [(OTHER, A, journal.ROLLING_BACK), (OTHER, A, journal.ROLLED_BACK)],
        [(MINE, A, journal.CONFIRMING), (MINE, A, journal.CONFIRMED)],
    ],
)
def test_a_run_that_comes_late_undoes_nothing_that_was_started_since(tmp_path: Path, between: Lines) -> None:
    lines = [(MINE, A, journal.STARTING), (MINE, A, journal.GATE_PASSED), *between]
    lines += [(OTHER, B, journal.STARTING), (OTHER, B, journal.CONFIRMED)]
    store = store_with(tmp_path, lines, current=B)
    release(store)
    store.write(A, "rollback.sh", f"touch {store.folder}/went-back\n", 0o700)
    armed(store, OTHER)
    before = store.entries()
    with pytest.raises(SlipwayError, match=f"seen release {B}, started by run {OTHER} at 2026"):
        deployment(store).rollback_for_run(60.0)
    assert store.entries() == before
    assert not (store.folder / "went-back").exists()
    assert guard.read_task(store.folder) is not None


def test_an_irreversible_release_stays_and_says_how_to_go_back_all_the_same(tmp_path: Path) -> None:
    store = store_with(tmp_path, [(MINE, A, journal.STARTING), (MINE, A, journal.GATE_FAILED)])
    release(store, reversible=False)
    store.write_json(A, "snapshot.json", {**SNAPSHOT, "to": B})
    store.write(A, "rollback.sh", f"touch {store.folder}/went-back\n", 0o700)
    with pytest.raises(SlipwayError, match=r"stack_reversible: false on release .* sh .*/rollback\.sh"):
        deployment(store).rollback_for_run(60.0)
    assert journal.irreversible(store.entries()) == A
    again = store_with(tmp_path, [(MINE, A, journal.STARTING)])
    assert "irreversible, so it was left as it is" in deployment(again).recover(60.0)
    assert not (store.folder / "went-back").exists()


def test_what_the_guard_took_back_can_no_longer_be_confirmed(tmp_path: Path) -> None:
    for event in (journal.ROLLING_BACK, journal.ROLLED_BACK, journal.ROLLBACK_FAILED):
        lines = [(MINE, A, journal.STARTING), (MINE, A, journal.GATE_PASSED), (MINE, A, event)]
        store = store_with(tmp_path, lines)
        with pytest.raises(SlipwayError, match=r"to be confirmed in time, seen taken back at .*stack_guard_timeout"):
            deployment(store).confirm()
        assert store.entries()[-1].event == event


def engine_gone(*_asked: object) -> set[str]:
    raise SlipwayError([Finding("Docker engine", "an engine that answers", "none", "Start it.")])


def test_a_way_back_that_fails_is_journaled_even_if_the_release_is_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Engine, "subnets", engine_gone)
    monkeypatch.setattr(ending, "lost_containers", engine_gone)
    store = store_with(tmp_path, [(MINE, A, journal.STARTING)])
    store.release_folder(A).mkdir()
    store.write(A, "rollback.sh", "echo no such image >&2; exit 1\n", 0o700)
    with pytest.raises(SlipwayError):
        deployment(store).run_rollback(60.0)
    assert store.entries()[-1].event == journal.ROLLBACK_FAILED
    release(store)
    with pytest.raises(SlipwayError, match=r"way back: expected .*/rollback\.sh to succeed, seen no such image"):
        deployment(store).run_rollback(60.0)


@pytest.mark.parametrize("event", [journal.PREPARED, journal.STARTING, journal.STARTED, journal.GATE_FAILED])
def test_only_what_passed_its_gate_is_confirmed(tmp_path: Path, event: str) -> None:
    store = store_with(tmp_path, [(MINE, A, event)])
    release(store)
    with pytest.raises(SlipwayError, match=f"to have passed its gate, seen {event}"):
        deployment(store).confirm()
    assert store.entries()[-1].event == event
    assert store.current() is None


def test_files_of_a_release_that_was_left_are_known_unless_its_record_is_damaged(tmp_path: Path) -> None:
    left: Lines = [(OTHER, A, journal.STARTING), (OTHER, A, journal.ROLLBACK_FAILED), (OTHER, A, journal.LEFT)]
    store = store_with(tmp_path, [*left, (MINE, B, journal.STARTING)])
    files = (ReleaseFile(".env", executable=False, sha256="0" * 64),)
    for release in (A, B):
        record = replace(RECORD, id=release, version=release.partition("-")[2], files=files)
        store.release_folder(release).mkdir()
        store.write(release, "release.json", record.to_json())
    assert files_left(store, B) == files
    assert files_left(store, A) == files
    store.write(A, "release.json", "{")
    assert files_left(store, B) == ()
