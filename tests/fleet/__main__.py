# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line: python -m tests.fleet up|down|status|inventory|images|ssh."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from tests.fleet.command import CommandError, docker
from tests.fleet.fleet import DEFAULT_NAME, Fleet
from tests.fleet.layout import FLEET_LABEL, IMAGE_LABEL
from tests.fleet.probe import Behaviour, Probe
from tests.fleet.recipes import Kind, ensure_image

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks and return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        status: int = options.act(options)
    except (CommandError, RuntimeError, TimeoutError, ValueError) as error:
        print(f"fleet: {error}", file=sys.stderr)
        return 1
    return status


def _up(options: argparse.Namespace) -> int:
    kinds = [Kind(word) for word in options.kinds.split(",")] if options.kinds else [options.kind] * options.hosts
    fleet = Fleet.up(kinds, options.name, fresh=options.fresh)
    _describe(fleet)
    return 0


def _down(options: argparse.Namespace) -> int:
    Fleet.running(options.name).down()
    if options.images:
        found = docker("image", "ls", "--quiet", "--filter", f"label={IMAGE_LABEL}").split()
        if found:
            docker("image", "rm", "--force", *sorted(set(found)))
    print(f"fleet {options.name}: removed")
    return 0


def _status(options: argparse.Namespace) -> int:
    fleet = Fleet.running(options.name)
    if not fleet.hosts:
        print(f"fleet {options.name}: not there")
        return 1
    _describe(fleet)
    print(docker("ps", "--all", "--filter", f"label={FLEET_LABEL}={fleet.layout.label}"))
    return 0


def _inventory(options: argparse.Namespace) -> int:
    fleet = Fleet.running(options.name)
    print(fleet.inventory(user=options.user))
    return 0


def _images(options: argparse.Namespace) -> int:
    if options.hosts:
        for kind in Kind:
            print(ensure_image(kind))
        return 0
    fleet = Fleet.running(options.name)
    for behaviour in Behaviour:
        for version in options.version or ["1.0", "1.1"]:
            probe = Probe(version, behaviour)
            print(probe.push(fleet.registry) if fleet.hosts else probe.build(), flush=True)
    return 0


def _ssh(options: argparse.Namespace) -> int:
    host = next((host for host in Fleet.running(options.name).hosts if host.name == options.host), None)
    if host is None:
        message = f"no host {options.host} in fleet {options.name}; 'status' lists them"
        raise ValueError(message)
    argv = host.ssh_argv(" ".join(options.words), user=options.user)
    os.execvp(argv[0], argv if options.words else [*argv[:-1]])  # noqa: S606 - the terminal goes to ssh


def _describe(fleet: Fleet) -> None:
    for host in fleet.hosts:
        ports = " ".join(f"{inside}->{outside}" for inside, outside in fleet.layout.published(host.number).items())
        print(f"{host.name}: {host.kind.value}, ssh {host.user}@127.0.0.1:{host.ssh_port}, ports {ports}")
    for registry in (fleet.registry, fleet.open_registry):
        how = f"user {registry.user}, password {registry.password}" if registry.needs_login else "no password"
        print(f"{registry.part}: pull from {registry.address}, push to {registry.outer_address}, {how}")
    print(f"inventory: {fleet.inventory()}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.fleet", description="Real hosts for tests.")
    parser.add_argument("--name", default=DEFAULT_NAME, help="which fleet (default: %(default)s)")
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    up = verbs.add_parser("up", help="start hosts and registries, or use those that run")
    up.add_argument("--hosts", type=int, default=2, help="how many (default: %(default)s)")
    up.add_argument("--kind", type=Kind, default=Kind.TRIXIE, choices=list(Kind), metavar="KIND",
                    help=f"of which kind: {', '.join(kind.value for kind in Kind)}")  # fmt: skip
    up.add_argument("--kinds", help="a kind for each host, with commas between, instead of --hosts and --kind")
    up.add_argument("--fresh", action="store_true", help="make everything anew")
    up.set_defaults(act=_up)

    down = verbs.add_parser("down", help="remove what this fleet made")
    down.add_argument("--images", action="store_true", help="also the cached images")
    down.set_defaults(act=_down)

    verbs.add_parser("status", help="what runs").set_defaults(act=_status)

    inventory = verbs.add_parser("inventory", help="write the inventory and print its path")
    inventory.add_argument("--user", help="who logs in")
    inventory.set_defaults(act=_inventory)

    images = verbs.add_parser("images", help="build every probe image, and push it when the fleet runs")
    images.add_argument("--version", action="append", help="version to build (default: 1.0 and 1.1)")
    images.add_argument("--hosts", action="store_true", help="make the images of the hosts instead")
    images.set_defaults(act=_images)

    ssh = verbs.add_parser("ssh", help="log in to a host, or run a command there")
    ssh.add_argument("--user", help="as whom")
    ssh.add_argument("host")
    ssh.add_argument("words", nargs=argparse.REMAINDER, metavar="command")
    ssh.set_defaults(act=_ssh)
    return parser


if __name__ == "__main__":
    sys.exit(main())
