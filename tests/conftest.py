# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every test can ask for."""

from __future__ import annotations

import os

import pytest

from tests.fleet import Fleet, Kind, Registry
from tests.fleet.fleet import DEFAULT_NAME


@pytest.fixture(scope="session")
def fleet() -> Fleet:
    """Two Debian 13 hosts and the registries. They stay for the next run; `python -m tests.fleet down` removes them.

    FLEET=NAME takes another fleet than the usual one, so that two runs of the tests do not meet.
    """
    return Fleet.up([Kind.TRIXIE] * 2, os.environ.get("FLEET", DEFAULT_NAME))


@pytest.fixture(scope="session")
def systemd_fleet() -> Fleet:
    """One Debian 12 host with systemd and an old engine, in a fleet of its own."""
    return Fleet.up([Kind.SYSTEMD], f"{os.environ['FLEET']}-systemd" if "FLEET" in os.environ else "systemd")


@pytest.fixture(scope="session")
def bare_fleet() -> Fleet:
    """One host with nothing but systemd, SSH, Python and sudo, made anew."""
    return Fleet.up([Kind.BARE_SYSTEMD], "bare", fresh=True)


@pytest.fixture(scope="session")
def registry(fleet: Fleet) -> Registry:
    """The fleet's registry that asks for a password."""
    return fleet.registry
