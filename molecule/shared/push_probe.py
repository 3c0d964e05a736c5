"""Pushes probe images to the registries of a fleet. Usage: push_probe.py FLEET BEHAVIOUR:VERSION..."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from tests.fleet.fleet import Fleet
from tests.fleet.probe import Behaviour, Probe


def main(name: str, wanted: Sequence[str]) -> None:
    """Push each image under its version as the tag, so that only the version tells a good release from a bad one."""
    fleet = Fleet.running(name)
    for word in wanted:
        behaviour, _, version = word.partition(":")
        probe = Probe(version, Behaviour(behaviour))
        for registry in (fleet.registry, fleet.open_registry):
            print(probe.push(registry, tag=version))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
