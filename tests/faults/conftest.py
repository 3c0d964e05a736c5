# SPDX-License-Identifier: GPL-3.0-or-later
"""What the faults share: stacks that stand between them, deployed once a worker."""

from __future__ import annotations

import pytest

from tests.faults.table import rows_of
from tests.fleet import Fleet
from tests.support.standing import Standing


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let `-k NAME` find a fault by the name that the table gives it, and begin with the tests that take longest."""
    items.sort(key=lambda item: -len(rows_of(item.function)) if isinstance(item, pytest.Function) else 0)
    for item in items:
        if isinstance(item, pytest.Function):
            for row in rows_of(item.function):
                # A test that is one of several cases proves the rows that its name has; any other one all of them.
                if not hasattr(item, "callspec") or row.name in item.name:
                    item.extra_keyword_matches.add(row.name)


@pytest.fixture(scope="session")
def emptied(fleet: Fleet) -> Fleet:
    """Take everything off the fleet's hosts, once; without their images, so that each version has to be pulled."""
    for host in fleet.hosts:
        host.wipe(images=True)
    return fleet


@pytest.fixture(scope="session")
def _solo(emptied: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Standing:
    return Standing(emptied, emptied.hosts[:1], tmp_path_factory.mktemp("one") / "p", "one", 8080)


@pytest.fixture(scope="session")
def _pair(emptied: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Standing:
    return Standing(emptied, emptied.hosts, tmp_path_factory.mktemp("two") / "p", "two", 8081)


@pytest.fixture
def solo(_solo: Standing) -> Standing:
    """A stack that stands on one host."""
    _solo.ready()
    return _solo


@pytest.fixture(scope="session")
def _under_systemd(systemd_fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Standing:
    systemd_fleet.hosts[0].wipe(images=True)
    return Standing(systemd_fleet, systemd_fleet.hosts, tmp_path_factory.mktemp("three") / "p", "three", 8082)


@pytest.fixture
def under_systemd(_under_systemd: Standing) -> Standing:
    """A stack that stands on one host with systemd."""
    _under_systemd.ready()
    return _under_systemd


@pytest.fixture
def pair(_pair: Standing) -> Standing:
    """A stack that stands on two hosts."""
    _pair.ready()
    return _pair
