# SPDX-License-Identifier: GPL-3.0-or-later
"""What the proofs on real hosts share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fleet import Fleet, Kind
from tests.integration.rollout import Rollout
from tests.support.project import Project
from tests.support.standing import Standing

MakeProject = Callable[..., Project]


@pytest.fixture
def new_project(fleet: Fleet, tmp_path: Path) -> MakeProject:
    """Make a project for a stack of this name; the fleet's hosts begin empty but for their images."""
    for host in fleet.hosts:
        host.wipe()
    return lambda stack: Project(tmp_path / f"project-{stack}", fleet, stack)


@pytest.fixture(params=["trixie", "systemd"])
def each_kind(request: pytest.FixtureRequest) -> Fleet:
    """A fleet whose first host is of the new and of the old kind, and empty but for its images."""
    found: Fleet = request.getfixturevalue("fleet" if request.param == "trixie" else "systemd_fleet")
    found.hosts[0].wipe()
    return found


@pytest.fixture(scope="module")
def three(fleet: Fleet) -> Fleet:
    """Bring up a fleet of three hosts."""
    return Fleet.up([Kind.TRIXIE] * 3, fleet.layout.name)


@pytest.fixture(scope="module")
def _rollout(three: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Rollout:
    return Rollout(three, tmp_path_factory.mktemp("rollout"))


@pytest.fixture
def rollout(_rollout: Rollout) -> Rollout:
    """Version 1.0 on three hosts; deployed anew only where a test left something else."""
    _rollout.ready()
    return _rollout


@pytest.fixture(scope="module")
def empty(fleet: Fleet) -> Fleet:
    """Take everything off the hosts, once."""
    for host in fleet.hosts:
        host.wipe()
    return fleet


@pytest.fixture(scope="module")
def _solo(empty: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Standing:
    return Standing(empty, empty.hosts[:1], tmp_path_factory.mktemp("solo") / "p", "solo", 8080)


@pytest.fixture(scope="module")
def _pair(empty: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Standing:
    return Standing(empty, empty.hosts, tmp_path_factory.mktemp("pair") / "p", "pair", 8081)


@pytest.fixture
def solo(_solo: Standing) -> Standing:
    """A stack that stands on one host."""
    _solo.ready()
    return _solo


@pytest.fixture
def pair(_pair: Standing) -> Standing:
    """A stack that stands on two hosts."""
    _pair.ready()
    return _pair
