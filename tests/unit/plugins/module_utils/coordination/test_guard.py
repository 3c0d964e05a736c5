# SPDX-License-Identifier: GPL-3.0-or-later
"""The guard as a process: it waits for its time, ends when it is no longer wanted, and gives way to a newer one."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.calls import guard_process
from ansible_collections.slipway.compose.plugins.module_utils.coordination import after_boot, guard, init_system
from ansible_collections.slipway.compose.plugins.module_utils.coordination.guard import (
    Guard,
    GuardTask,
    read_task,
    sign_in,
)
from ansible_collections.slipway.compose.plugins.module_utils.core.boot_time import BootTime
from ansible_collections.slipway.compose.plugins.module_utils.core.findings import Finding, SlipwayError
from ansible_collections.slipway.compose.plugins.module_utils.core.host_clock import boot_time
from ansible_collections.slipway.compose.plugins.module_utils.core.processes import end_process, process_began
from ansible_collections.slipway.compose.plugins.module_utils.host import guard_duty
from ansible_collections.slipway.compose.plugins.module_utils.release import journal
from ansible_collections.slipway.compose.plugins.module_utils.release.store import ReleaseStore

RELEASE, RUN = "20261122T220000Z-1.1", "20261122T214455Z-deploy-1f2e"
WAIT_S = 15.0


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No engine, and no systemd: what the guard does with these is for tests on hosts that have them."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no-engine")
    monkeypatch.setattr(init_system, "_SYSTEMD", tmp_path / "no-systemd")
    monkeypatch.setattr(init_system, "_LINGER", tmp_path / "no-systemd")
    monkeypatch.setattr(after_boot, "means", lambda: "")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ReleaseStore]:
    """The stack's folder; what guards it still has are ended."""
    made = ReleaseStore(str(tmp_path), "shop", RUN)
    made.make()
    made.release_folder(RELEASE).mkdir()
    yield made
    process = signed_in(made.folder)
    made.remove_file(guard.FILE)
    if process is not None and process[0] != os.getpid():
        end_process(*process, WAIT_S)


def of(store: ReleaseStore, lasts_s: float = 900.0) -> Guard:
    return Guard(store, guard_process.__name__, lasts_s, rollback_timeout_s=60.0)


def signed_in(folder: Path) -> tuple[int, str] | None:
    with suppress(OSError, ValueError):
        pid, began = (folder / guard.PROCESS_FILE).read_text().split()
        if process_began(int(pid)) == began:
            return int(pid), began
    return None


def until(true: Callable[[], bool]) -> None:
    limit = time.monotonic() + WAIT_S
    while not true():
        assert time.monotonic() < limit
        time.sleep(0.02)


def process_of(store: ReleaseStore, other_than: int = 0) -> int:
    until(lambda: (found := signed_in(store.folder)) is not None and found[0] != other_than)
    found = signed_in(store.folder)
    assert found is not None
    return found[0]


def guards(folder: Path) -> list[int]:
    """Return the processes that guard the stack of a folder."""
    found = []
    for process in Path("/proc").iterdir():
        with suppress(OSError):
            arguments = (process / "cmdline").read_bytes().split(b"\0") if process.name.isdigit() else []
            if str(folder.parent).encode() in arguments and guard_process.__name__.encode() in arguments:
                found.append(int(process.name))
    return found


def parent_of(pid: int) -> int:
    """Return the process that a process is a child of (proc(5))."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_it_is_armed_renewed_and_disarmed(store: ReleaseStore) -> None:
    of(store).arm(RELEASE)
    order = read_task(store.folder)
    assert order is not None
    assert (order.run, order.release, order.lasts_s) == (RUN, RELEASE, 900.0)
    pid = process_of(store)
    # Whoever ends this session, or all processes below this one, does not find it.
    assert os.getsid(pid) != os.getsid(0)
    assert parent_of(pid) != os.getpid()
    arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[:-1]
    assert arguments[-3:] == [str(store.folder.parent).encode(), b"shop", order.token.encode()]
    for name in (guard.FILE, guard.PROCESS_FILE, guard.LOG_FILE):
        assert stat.S_IMODE((store.folder / name).stat().st_mode) == 0o600

    of(store, lasts_s=1200.0).renew()
    renewed = read_task(store.folder)
    assert renewed == replace(order, lasts_s=1200.0, renewed=renewed.renewed if renewed else order.renewed)
    assert renewed.renewed.ticks > order.renewed.ticks
    assert signed_in(store.folder) is not None

    of(store).disarm()
    assert not process_began(pid)
    assert not (store.folder / guard.FILE).exists()
    assert not (store.folder / guard.PROCESS_FILE).exists()
    assert (store.folder / guard.LOG_FILE).read_text() == ""
    of(store).disarm()


def test_a_newer_one_takes_its_place(store: ReleaseStore) -> None:
    of(store).arm(RELEASE)
    first, order = process_of(store), read_task(store.folder)
    of(store).arm(RELEASE)
    assert not process_began(first)
    second = process_of(store, other_than=first)
    assert process_began(second)
    newer = read_task(store.folder)
    assert order is not None
    assert newer is not None
    assert newer.token != order.token


def tokens(folder: Path) -> set[str]:
    """Return the tokens of the processes that guard the stack of a folder."""
    found = set()
    for pid in guards(folder):
        with suppress(OSError):
            found.add(Path(f"/proc/{pid}/cmdline").read_text().rstrip("\0").rpartition("\0")[2])
    return found


def test_two_that_begin_at_once_do_not_end_each_other(store: ReleaseStore) -> None:
    # The first has not even signed in when the second comes.
    for _again in range(2):
        of(store).arm(RELEASE)
    order = read_task(store.folder)
    assert order is not None
    until(lambda: tokens(store.folder) == {order.token} and signed_in(store.folder) is not None)
    for pid in guards(store.folder):
        end_process(pid, process_began(pid), WAIT_S)


def test_only_the_run_that_armed_it_renews_it(store: ReleaseStore) -> None:
    of(store).arm(RELEASE)
    before = (store.folder / guard.FILE).read_bytes()
    of(ReleaseStore(str(store.folder.parent), "shop", "another-run")).renew()
    assert (store.folder / guard.FILE).read_bytes() == before
    of(store).disarm()
    of(store).renew()
    assert not (store.folder / guard.FILE).exists()


def order_of(store: ReleaseStore, token: str, lasts_s: float) -> GuardTask:
    order = GuardTask(token, RUN, RELEASE, lasts_s, boot_time(), 60.0)
    store.write_file(guard.FILE, asdict(order))
    return order


def untouched(store: ReleaseStore) -> bool:
    return not store.entries() and not (store.folder / "lock").exists()


def test_one_that_is_no_longer_meant_does_nothing(store: ReleaseStore) -> None:
    order_of(store, "newer", lasts_s=0.0)
    guard_process.main([str(store.folder.parent), "shop", "older"])
    assert read_task(store.folder) is not None
    store.remove_file(guard.FILE)
    guard_process.main([str(store.folder.parent), "shop", "older"])
    # Nothing says what it is for, and nothing was ever started.
    (store.folder / guard.FILE).write_text("{")
    guard_process.main([str(store.folder.parent), "shop", "older"])
    assert untouched(store)


def acted(monkeypatch: pytest.MonkeyPatch) -> list[GuardTask]:
    """Return what guards are to take back from now on."""
    tasks: list[GuardTask] = []

    def noted(_root: str, _stack: str, task: GuardTask, _wait_s: float) -> bool:
        tasks.append(task)
        return True

    monkeypatch.setattr(guard_duty, "stand_in", noted)
    return tasks


def test_one_whose_settings_are_damaged_takes_back_what_it_knew(
    store: ReleaseStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = acted(monkeypatch)
    order = order_of(store, "mine", lasts_s=900.0)
    pauses: list[float] = []

    def passing(seconds: float) -> None:
        pauses.append(seconds)
        (store.folder / guard.FILE).write_text('{"token": "mine"}')
        monkeypatch.setattr(guard_process, "boot_time", lambda: replace(order.renewed, ticks=order.renewed.ticks + 901))

    monkeypatch.setattr(time, "sleep", passing)
    guard_process.main([str(store.folder.parent), "shop", "mine"])
    assert (tasks, len(pauses)) == ([order], 1)


def test_one_that_never_knew_its_settings_takes_back_what_was_started(
    store: ReleaseStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = acted(monkeypatch)
    monkeypatch.setattr(guard_process, "_UNKNOWN_S", 0.0)
    (store.folder / guard.FILE).write_bytes(b"\0" * 40)
    store.note(RELEASE, journal.STARTING)
    guard_process.main([str(store.folder.parent), "shop", "mine"])
    assert [(task.run, task.release, task.token) for task in tasks] == [(RUN, RELEASE, "mine")]


def test_a_run_gives_what_it_started_a_guard_anew_where_the_settings_are_damaged(store: ReleaseStore) -> None:
    of(store).arm(RELEASE)
    first = process_of(store)
    store.note(RELEASE, journal.STARTING)
    (store.folder / guard.FILE).write_text("{")
    with pytest.raises(SlipwayError, match=r"guard\.json: expected a JSON object"):
        of(ReleaseStore(str(store.folder.parent), "shop", "another-run")).renew()
    of(store).renew()
    assert not process_began(first)
    process_of(store, other_than=first)
    order = read_task(store.folder)
    assert order is not None
    assert (order.run, order.release, order.lasts_s) == (RUN, RELEASE, 900.0)


def test_one_that_wakes_up_and_is_no_longer_meant_does_nothing(store: ReleaseStore) -> None:
    of(store, lasts_s=3.0).arm(RELEASE)
    pid = process_of(store)
    order_of(store, "newer", lasts_s=0.0)
    until(lambda: not process_began(pid))
    assert untouched(store)
    assert (store.folder / guard.LOG_FILE).read_text() == ""


def test_a_full_disk_does_not_keep_it_from_its_watch(store: ReleaseStore) -> None:
    order_of(store, "mine", lasts_s=900.0)
    (store.folder / guard.PROCESS_FILE).mkdir()
    (store.folder / guard.PROCESS_FILE / "in the way").touch()
    sign_in(store.folder)
    assert [one.name for one in store.folder.glob(".guard*")] == []


def test_it_waits_for_an_engine_that_is_being_restarted(store: ReleaseStore) -> None:
    of(store).arm(RELEASE, at_once=True)
    pid = process_of(store)
    log = store.folder / guard.LOG_FILE
    until(lambda: "Docker engine: expected an engine that answers" in log.read_text())
    assert process_began(pid)
    assert read_task(store.folder) is not None
    assert not store.entries()


def test_its_time_comes_by_the_clock_of_the_boot() -> None:
    at = BootTime("boot", 100.0, 1000.0)
    order = GuardTask("token", RUN, RELEASE, 900.0, at, 60.0)
    assert order.left_s(BootTime("boot", 400.0, 0.0)) == 600.0
    assert order.left_s(BootTime("boot", 1000.0, 9e9)) == 0.0
    # Whoever guarded it is gone, and perhaps the run as well.
    assert order.left_s(BootTime("next boot", 5.0, 1001.0)) == 0.0
    assert GuardTask.from_dict(json.loads(json.dumps(asdict(order)))) == order


def test_it_runs_from_a_copy_of_the_archive_that_the_module_came_in(store: ReleaseStore, tmp_path: Path) -> None:
    archive = tmp_path / "payload.zip"
    inside = Path("ansible_collections/slipway/compose/plugins/module_utils")
    with zipfile.ZipFile(archive, "w") as packed:
        for package in [inside, *inside.parents[:-1]]:
            packed.writestr(f"{package}/__init__.py", "")
        rooms = Path(guard.__file__).parents[1]
        for path in sorted(rooms.rglob("*.py")):
            packed.write(path, inside / path.relative_to(rooms))
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from ansible_collections.slipway.compose.plugins.module_utils.coordination.guard import Guard\n"
        "from ansible_collections.slipway.compose.plugins.module_utils.release.store import ReleaseStore\n"
        f"store = ReleaseStore({str(store.folder.parent)!r}, 'shop', {RUN!r})\n"
        f"Guard(store, {guard_process.__name__!r}, 900.0, 60.0).arm({RELEASE!r})\n"
    )
    subprocess.run([sys.executable, "-c", script, archive], check=True, timeout=30, cwd="/", env=dict(os.environ))
    archive.unlink()
    pid = process_of(store)
    copy = store.release_folder(RELEASE) / "module.zip"
    assert str(copy).encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert sorted(one.name for one in copy.parent.iterdir()) == ["module.zip"]
    of(store).disarm()
    assert not process_began(pid)
    assert (store.folder / guard.LOG_FILE).read_text() == ""


@pytest.mark.parametrize("thing", ["Docker engine", "lock of the stack's folder"])
def test_it_never_gives_up_while_it_could_not_even_try(
    store: ReleaseStore, monkeypatch: pytest.MonkeyPatch, thing: str
) -> None:
    task = GuardTask("token", RUN, RELEASE, 0.0, boot_time(), 60.0)
    store.write_file(guard.FILE, asdict(task))
    pauses: list[float] = []

    def keeps_failing(*_arguments: object) -> bool:
        if len(pauses) < 600:
            raise SlipwayError([Finding(thing, "", "", "")])
        return True

    monkeypatch.setattr(guard_duty, "stand_in", keeps_failing)
    monkeypatch.setattr(time, "sleep", pauses.append)
    guard_process.main([str(store.folder.parent), "shop", "token"])
    assert len(pauses) == 600
    assert sum(pauses) > 3 * 3600
    # So soon after an engine is up again, what it takes back is back.
    assert max(pauses) <= 20


def test_one_that_has_tried_and_failed_does_not_try_again(store: ReleaseStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.write_file(guard.FILE, asdict(GuardTask("token", RUN, RELEASE, 0.0, boot_time(), 60.0)))
    tries: list[int] = []

    def fails(*_arguments: object) -> bool:
        tries.append(1)
        store.remove_file(guard.FILE)
        raise SlipwayError([Finding("way back", "", "", "")])

    monkeypatch.setattr(guard_duty, "stand_in", fails)
    guard_process.main([str(store.folder.parent), "shop", "token"])
    assert tries == [1]
