# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose the processes of an engine may be, from where it is reached."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.engine.client import Engine

SOMEBODY = 1234


@pytest.mark.parametrize("host", ["", "tcp://127.0.0.1:2375", "unix:///nowhere/docker.sock"])
def test_the_shims_of_an_engine_are_roots(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", host)
    assert Engine(at_once=False).owners == {0}


def test_those_of_an_engine_without_root_are_its_users(monkeypatch: pytest.MonkeyPatch) -> None:
    socket = "/run/user/1234/docker.sock"
    monkeypatch.setattr(Path, "stat", lambda path: SimpleNamespace(st_uid=SOMEBODY if str(path) == socket else 0))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{socket}")
    assert Engine(at_once=False).owners == {0, SOMEBODY}
