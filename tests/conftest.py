# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every test can ask for."""

from __future__ import annotations

import os
import signal

import pytest

from tests.fleet import Fleet, Kind, Registry
from tests.fleet.fleet import DEFAULT_NAME

# A shell has what it starts in the background ignore SIGINT, and so would all that a test starts and interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of stages; here, because pytest asks only the outermost conftest.py in every case."""
    parser.getgroup("field", "field trials").addoption(
        "--all-trials", action="store_true", help="every field trial, and not only those whose class nothing else shows"
    )
    group = parser.getgroup("faults", "random faults")
    group.addoption("--kill-seeds", type=int, default=5, metavar="N", help="how many random faults (default: 5)")
    group.addoption("--kill-seed", type=int, metavar="SEED", help="only the random fault of this seed")
    group.addoption("--restart-seeds", type=int, default=3, metavar="N", help="how many random restarts (default: 3)")
    group.addoption("--restart-seed", type=int, metavar="SEED", help="only the random restart of this seed")


@pytest.fixture(scope="session")
def fleet() -> Fleet:
    """Two Debian 13 hosts and the registries. They stay for the next run; `python -m tests.fleet down` removes them.

    FLEET=NAME takes another fleet than the usual one, so that two runs of the tests do not meet. For the same reason
    every worker of pytest-xdist has fleets of its own.
    """
    return Fleet.up([Kind.TRIXIE] * 2, fleet_name())


@pytest.fixture(scope="session")
def one_host_fleet() -> Fleet:
    """The first host of `fleet` alone."""
    return Fleet.up([Kind.TRIXIE], fleet_name())


@pytest.fixture(scope="session")
def systemd_fleet() -> Fleet:
    """One Debian 12 host with systemd and an old engine, in a fleet of its own."""
    return Fleet.up([Kind.SYSTEMD], fleet_name("systemd"))


def fleet_name(kind: str = "") -> str:
    """Return the name of a fleet of these tests: the worker's, the user's, and what kind it is if not the usual."""
    given, worker = os.environ.get("FLEET", ""), os.environ.get("PYTEST_XDIST_WORKER", "")
    return "-".join(part for part in (given, kind, worker) if part) or DEFAULT_NAME


@pytest.fixture(scope="session")
def registry(fleet: Fleet) -> Registry:
    """The fleet's registry that asks for a password."""
    return fleet.registry
