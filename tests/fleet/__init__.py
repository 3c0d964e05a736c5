# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real hosts for tests: nested engines behind SSH, and a registry with TLS. See README.md."""

from __future__ import annotations

from tests.fleet.fleet import Fleet
from tests.fleet.host import Host
from tests.fleet.probe import Behaviour, Probe
from tests.fleet.recipes import Kind
from tests.fleet.registry import Registry

__all__ = ["Behaviour", "Fleet", "Host", "Kind", "Probe", "Registry"]
