# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pushes probe images to a fleet that runs: python -m tests.fleet.push FLEET BEHAVIOUR:VERSION..."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from tests.fleet.fleet import Fleet
from tests.fleet.probe import Behaviour, Probe


def main(name: str, wanted: Sequence[str]) -> None:
    """Push each image to both registries, tagged with its version alone: a tag does not tell that a release is bad."""
    fleet = Fleet.running(name)
    for word in wanted:
        behaviour, _colon, version = word.partition(":")
        probe = Probe(version, Behaviour(behaviour))
        for registry in (fleet.registry, fleet.open_registry):
            print(probe.push(registry, tag=version))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
