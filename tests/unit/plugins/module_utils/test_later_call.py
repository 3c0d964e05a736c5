# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls of a run with the code that its first call brought: the script on the host, and who it serves."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from ansible_collections.slipway.compose.plugins.module_utils import later_call, module_archive
from ansible_collections.slipway.compose.plugins.module_utils.release_store import ReleaseStore

RELEASE, RUN = "20261122T220000Z-1.1", "20261122T214455Z-deploy-1f2e"


@pytest.fixture
def store(tmp_path: Path) -> ReleaseStore:
    """The folder of a stack with one release, prepared by a run."""
    store = ReleaseStore(str(tmp_path / "root of stacks"), "shop", RUN)
    store.release_folder(RELEASE).mkdir(parents=True)
    module_archive.offer_calls(store, RELEASE)
    return store


def called(store: ReleaseStore, run: str, options: Mapping[str, object]) -> subprocess.CompletedProcess[str]:
    """Return how a call as the controller makes it ended."""
    command = later_call.ask(str(store.release_folder(RELEASE)), run, 'NOBODY="o\'neill"')
    given = json.dumps(options)
    return subprocess.run(["sh", "-c", command], input=given, text=True, capture_output=True, timeout=30, check=False)


def test_what_is_wrong_is_answered_as_the_module_answers_it(store: ReleaseStore) -> None:
    options = {"stack": "no stack's name", "release": RELEASE, "run": RUN, "state": "started"}
    ended = called(store, RUN, options)
    assert (ended.returncode, ended.stderr) == (0, "")
    result = json.loads(ended.stdout)
    assert result["failed"]
    assert "no stack's name" in result["msg"]
    assert result["findings"]


def test_no_traceback_is_seen_for_what_nobody_thought_of(store: ReleaseStore) -> None:
    ended = called(store, RUN, {"stack": "shop", "state": "started"})
    assert ended.stderr == ""
    assert "Slipway met an error that it does not know, KeyError: 'release'" in json.loads(ended.stdout)["msg"]


def test_another_run_is_not_served(store: ReleaseStore) -> None:
    ended = called(store, "20261122T230000Z-deploy-0000", {})
    assert (ended.returncode, ended.stdout, ended.stderr) == (later_call.NOT_HERE, "", "")


def test_where_nothing_was_brought_nothing_is_run(store: ReleaseStore) -> None:
    (store.release_folder(RELEASE) / later_call.FILE).unlink()
    ended = called(store, RUN, {})
    assert (ended.returncode, ended.stdout, ended.stderr) == (later_call.NOT_HERE, "", "")


def test_the_script_is_nobody_elses(store: ReleaseStore) -> None:
    assert (store.release_folder(RELEASE) / later_call.FILE).stat().st_mode & 0o777 == 0o600


def test_the_environment_of_the_task_reaches_the_call(tmp_path: Path) -> None:
    show = [sys.executable, "-c", "import os; print(os.environ['PROXY'])"]
    (tmp_path / later_call.FILE).write_text(later_call.script(RUN, show), encoding="utf-8")
    command = later_call.ask(str(tmp_path), RUN, "PROXY='a b'")
    assert subprocess.run(["sh", "-c", command], capture_output=True, check=True, timeout=30).stdout == b"a b\n"
