# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo as it is told: 1.0, 1.1, a broken 1.2, and what was seen."""

from __future__ import annotations

import os
import socket
import time
from dataclasses import dataclass, field
from datetime import datetime

from scripts.demonstration.cleaning import LOCAL_BASE, remove_stack
from scripts.demonstration.commands import Run, deploy, output_of, show
from scripts.demonstration.engine import DemoError, containers, exists, image_names, of_project
from scripts.demonstration.guestbook import Guestbook, Visitor
from scripts.demonstration.proof import ROLLED_BACK, DemoLook, prove
from scripts.demonstration.record import INVENTORY_STACK, STACK, Record, load_record, stack_root

DEFAULT_PORT, LAST_PORT = 8080, 8099
DEFAULT_REGISTRY = "127.0.0.1:5000"
VERSIONS = ("1.0", "1.1", "1.2")
FETCHED = ("debian:trixie-slim", "registry:2")


@dataclass
class Demo:
    """One showing."""

    record: Record
    registry: str = ""
    extra: list[str] = field(default_factory=list)

    def tell(self, began: float) -> int:
        """Show everything; return 0 only if all that is claimed was seen."""
        self._build()
        book = Guestbook(self.record.port)
        _title(3, f"Deploy 1.0 to this machine and write an entry at {book.url}")
        self._deploy("1.0")
        message = f"Written at {datetime.now().astimezone():%H:%M:%S}, before 1.1 and before the broken 1.2."
        book.write(message)
        first = DemoLook.look(book, message)
        print(f"Wrote an entry: {message}")
        _title(4, "Deploy 1.1")
        self._deploy("1.1")
        second = DemoLook.look(book, message)
        print(f"{book.url} serves {second.version}; the entry is {'there' if second.entry else 'GONE'}.")
        _title(5, "Deploy 1.2, which is broken on purpose")
        print("Its containers start, but it wants a setting that nobody gave it, so it never becomes healthy.")
        print("What follows has to fail. See whether Slipway notices, says why, and goes back by itself.")
        with Visitor(book.url) as visitor:
            run = deploy("1.2", self.extra)
        third = DemoLook.look(book, message)
        if run.exit_code == ROLLED_BACK:
            print("That was to be shown: exit code 20, rolled back. Above: the reason and the failing container's log.")
        _title(6, "What runs now, and what was seen")
        status = show("scripts/status.sh", "local", *self.extra)
        proved = prove((first, second, third), run, status, self.registry)
        return self._end(proved, book, visitor.longest_away, time.monotonic() - began)

    def _build(self) -> None:
        _title(2, "Start a registry on 127.0.0.1, build the example's images, push them")
        self._note_what_is_here()
        self.registry = output_of("scripts/lib/example_registry.sh", "start")
        self._note_images()
        if STACK != INVENTORY_STACK:
            self.extra += ["-e", f"stack_name={STACK}"]
        if self.registry != DEFAULT_REGISTRY:
            self.extra += ["-e", f"guestbook_registry={self.registry}"]
        if self.record.port != DEFAULT_PORT:
            self.extra += ["-e", f"guestbook_port={self.record.port}"]
        if show("examples/guestbook/build_images.sh", self.registry, *VERSIONS):
            raise DemoError("The example's images could not be built: the reason stands above.")

    def _note_what_is_here(self) -> None:
        record = self.record
        record.registry_made |= not (exists("container", "slipway-example-registry"))
        record.base_made |= not image_names(LOCAL_BASE)
        here = {name for name in FETCHED if exists("image", name)}
        # demo.sh may have fetched the first one a moment ago.
        if os.environ.get("DEMO_FOUND_BASE") != "yes":
            here.discard(FETCHED[0])
        record.images += [name for name in FETCHED if name not in here and name not in record.images]
        record.save()

    def _note_images(self) -> None:
        built = ["db:17", "proxy:3.0", *(f"web:{version}" for version in VERSIONS)]
        names = [f"{prefix}guestbook-{image}" for image in built for prefix in ("", f"{self.registry}/")]
        self.record.images += [name for name in names if name not in self.record.images and not exists("image", name)]
        self.record.save()

    def _deploy(self, version: str) -> Run:
        run = deploy(version, self.extra)
        if run.exit_code:
            where = f" Everything it said is in {run.folder}." if run.folder else ""
            raise DemoError(
                f"Deploying {version} ended with exit code {run.exit_code}, expected 0. The reason stands above.{where}"
            )
        return run

    def _end(self, proved: list[tuple[bool, str]], book: Guestbook, away: float, seconds: float) -> int:
        print("\nSeen by looking at the containers, the registry and the page:")
        for seen, what in proved:
            print(f"  {'yes' if seen else 'NO '}  {what}")
        if away >= 1:
            print(f"  And: while 1.2 was tried and taken back, the page was away for {away:.0f} s.")
        if not all(seen for seen, _fact in proved):
            print("\nNot everything was seen. Look with scripts/status.sh local, or remove it: scripts/demo.sh --clean")
            return 1
        self.record.finished = True
        self.record.save()
        extra = "".join(f" {word}" for word in self.extra)
        lines = {
            f"scripts/status.sh local{extra}": "what runs, and which releases are kept",
            f"scripts/rollback.sh local{extra}": "back to 1.0",
            f"sh {stack_root()}/{STACK}/current/rollback.sh": "the same without Ansible",
        }
        width = max(len(command) for command in lines)
        go_on = "\n".join(f"  {command:{width}}   {meaning}" for command, meaning in lines.items())
        print(f"""
Look at it in a browser: {book.url}
Go on:
{go_on}
Remove everything that this demo made: scripts/demo.sh --clean

Everything was seen. It took {seconds:.0f} s.""")
        return 0


def begin(asked_port: int | None) -> Record:
    """Find a place for the demo, going on from what an earlier one left."""
    record = load_record()
    if record is None:
        if of_project("container", STACK) or of_project("volume", STACK) or (stack_root() / STACK).exists():
            raise DemoError(
                f"A stack named {STACK} is on this machine, and it is not this user's demo: expected none.\n"
                "The demo would change it, so nothing was touched. If you can do without it and its entries:\n"
                f"  docker compose -p {STACK} down --volumes && rm -rf {stack_root() / STACK}"
            )
        record = Record(port=_choose_port(asked_port))
        record.save()
        return record
    if not record.finished:
        print("An earlier demo was interrupted: removing its stack, to begin anew.")
        remove_stack()
    wanted = asked_port or record.port
    serves = "proxy" in containers(STACK) and wanted == record.port
    if not serves and _taken(wanted):
        wanted = _choose_port(asked_port)
    record.port = wanted
    record.finished = False
    record.save()
    return record


def _choose_port(asked: int | None) -> int:
    if asked is not None:
        if _taken(asked):
            raise DemoError(
                f"Port {asked} on 127.0.0.1: expected to be free, but something listens there.\n"
                "Name another one: scripts/demo.sh --port PORT"
            )
        return asked
    for port in range(DEFAULT_PORT, LAST_PORT + 1):
        if not _taken(port):
            if port != DEFAULT_PORT:
                print(f"Port {DEFAULT_PORT} is taken by something else, so the guestbook goes to {port}.")
            return port
    raise DemoError(
        f"Ports {DEFAULT_PORT} to {LAST_PORT} on 127.0.0.1 are all taken.\nName a free one: scripts/demo.sh --port PORT"
    )


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _title(number: int, text: str) -> None:
    print(f"\n[{number}/6] {text}", flush=True)
