"""The command line: python -m tests.bench [--hosts 1,4] [--runs 5] [--cases first,changed] [--scale 16,64,256]."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench.contenders import PROJECT, Contender, Playbook, Raw, Slipway
from tests.bench.measure import CASES, Race, Series
from tests.bench.report import save, table
from tests.bench.scale import run_scale
from tests.bench.stack import FIRST_PORT, BenchStack
from tests.fleet import Fleet, Host, Kind

KINDS: dict[str, type[Contender]] = {"raw": Raw, "playbook": Playbook, "slipway": Slipway}
FLEET = "bench"


def main(argv: list[str]) -> int:
    """Run the bench and return the exit status."""
    options = _parser().parse_args(argv)
    if options.scale:
        return run_scale(options.scale, options.extra_vars, raw=not options.no_raw)
    work = PROJECT / "var" / "bench" / "work"
    shutil.rmtree(work, ignore_errors=True)
    print(f"bench: starting {max(options.hosts)} hosts", flush=True)
    fleet = Fleet.up([Kind.TRIXIE] * max(options.hosts), FLEET)
    series: list[Series] = []
    try:
        _log_in(fleet)
        for count in options.hosts:
            contenders = _contenders(options, fleet, fleet.hosts[:count], work / f"{count}-hosts")
            series += Race(contenders, options.cases).run(options.runs)
            if options.profile:
                _profile(contenders)
    finally:
        if os.environ.get("KEEP_FLEET") != "1":
            fleet.down()
    path = save(series, options.output)
    print(f"\nmedians of {options.runs} runs\n\n{table(series)}\n\nall times: {path}")
    return 0


def _contenders(options: argparse.Namespace, fleet: Fleet, hosts: tuple[Host, ...], work: Path) -> list[Contender]:
    made: list[Contender] = []
    for port, (name, kind) in enumerate(KINDS.items(), start=FIRST_PORT):
        stack = BenchStack(name, port, fleet.registry.address)
        for host in hosts:
            stack.wipe(host)
        if name in options.contenders:
            variables = options.extra_vars if kind is Slipway else []
            made.append(kind(stack, fleet, hosts, work / name, variables))
    return made


def _log_in(fleet: Fleet) -> None:
    """Log in once on every host, for the contenders that leave credentials to whoever prepared the host."""
    registry = fleet.registry
    for host in fleet.hosts:
        command = f"docker login --username {registry.user} --password-stdin {registry.address}"
        host.ssh(command, stdin=registry.password)


def _profile(contenders: list[Contender]) -> None:
    """Deploy one more changed image with Slipway and print how long each task took."""
    for contender in contenders:
        if isinstance(contender, Slipway):
            version = f"profile.{time.time_ns() // 1_000_000_000}"
            contender.stack.push(contender.fleet, version)
            contender.warm()
            print("\n".join(line for line in contender.profile(version).splitlines() if line.startswith("TIME")))


def _listed(allowed: tuple[str, ...]) -> Callable[[str], list[str]]:
    """Return what reads a list of these words, with commas between."""

    def read(text: str) -> list[str]:
        words = text.split(",")
        unknown = sorted(set(words) - set(allowed))
        if unknown:
            raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: choose from {', '.join(allowed)}")
        return words

    return read


def _numbers(text: str) -> list[int]:
    return [int(word) for word in text.split(",")]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Time Slipway beside what it replaces.")
    add = parser.add_argument
    add("--hosts", type=_numbers, default=[1, 4], help="numbers of hosts (default: 1,4)")
    add("--runs", type=int, default=5, help="timed rounds for each number of hosts (default: %(default)s)")
    add("--cases", type=_listed(CASES), default=list(CASES), help=f"any of {','.join(CASES)} (default: all)")
    add(
        "--contenders", type=_listed(tuple(KINDS)), default=list(KINDS), help=f"any of {','.join(KINDS)} (default: all)"
    )
    scale = "only measure what so many hosts cost the controller, such as 16,64,256; stand-ins that answer at once"
    add("--scale", type=_numbers, metavar="HOSTS", help=scale)
    add(
        "--no-raw",
        action="store_true",
        help="with --scale: without the five tasks of Ansible's that it is compared with",
    )
    add("--profile", action="store_true", help="also print how long each task of one deployment by Slipway takes")
    add("--output", type=Path, default=PROJECT / "var" / "bench", help="folder for the JSON file (default: var/bench)")
    add("-e", "--extra-vars", action="append", default=[], metavar="K=V", help="a variable for Slipway's runs")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
