# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that lack something, for as long as a block lasts."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager

from tests.fleet import Host

PACKAGES = "/usr/lib/python3/dist-packages"
PLUGINS = "/home/deploy/.docker/cli-plugins"
COMPOSE = f"{PLUGINS}/docker-compose"
OLD_COMPOSE = """#!/bin/sh
case "$*" in
  docker-cli-plugin-metadata) exec /usr/libexec/docker/cli-plugins/docker-compose "$@" ;;
  *version*) echo 2.17.3 ;;
  *) echo "unknown flag: --format" >&2; exit 1 ;;
esac
"""


@contextmanager
def no_engine(host: Host) -> Iterator[None]:
    """Stop the engine; its containers stop with it."""
    host.stop_engine()
    try:
        yield
    finally:
        host.start_engine()


@contextmanager
def no_library(host: Host, *names: str) -> Iterator[None]:
    """Take Python libraries out of the system's way."""
    away = [f"mv {PACKAGES}/{name} {PACKAGES}/{name}.away" for name in names]
    back = [f"mv {PACKAGES}/{name}.away {PACKAGES}/{name}" for name in names]
    host.ssh(" && ".join(away), user="root")
    try:
        yield
    finally:
        host.ssh(" && ".join(back), user="root")


@contextmanager
def old_compose(host: Host) -> Iterator[None]:
    """Give the deploy user a Compose plugin of his own, too old to be of use."""
    host.put(COMPOSE, OLD_COMPOSE)
    host.ssh(f"chmod +x {COMPOSE}")
    try:
        yield
    finally:
        host.ssh("rm -r ~/.docker")


@contextmanager
def foreign_process(host: Host, port: int) -> Iterator[None]:
    """Let a process that is no container listen on a port."""
    listen = f"import socket; s = socket.create_server(('0.0.0.0', {port})); print('there', flush=True); s.accept()"
    command = f"setsid python3 -c {shlex.quote(listen)} >/tmp/foreign 2>&1 </dev/null & echo $!"
    process = host.ssh(command, user="root").strip()
    host.ssh("timeout 10 sh -c 'until grep -q there /tmp/foreign; do sleep 0.1; done'", user="root")
    try:
        yield
    finally:
        host.ssh(f"kill {process}; rm /tmp/foreign", user="root")


@contextmanager
def foreign_container(host: Host, image: str, port: int) -> Iterator[None]:
    """Let a container that belongs to nobody's stack publish a port."""
    name = host.docker("run", "--detach", "--name", "stranger", "--publish", f"{port}:8080", image)
    try:
        yield
    finally:
        host.docker("rm", "--force", "--volumes", name)


@contextmanager
def foreign_folder(host: Host) -> Iterator[None]:
    """Take the folder of all stacks away from the deploy user."""
    host.ssh("chown root /var/lib/slipway", user="root")
    try:
        yield
    finally:
        host.ssh("chown deploy /var/lib/slipway", user="root")


@contextmanager
def small_engine_disk(host: Host, megabytes: int) -> Iterator[None]:
    """Give the engine an empty disk of this size instead of its own."""
    host.stop_engine()
    host.ssh(f"mount -t tmpfs -o size={megabytes}m none /var/lib/docker", user="root")
    try:
        host.start_engine()
        yield
    finally:
        host.stop_engine()
        # The disk alone, not the host's own below it; what the engine mounted inside goes with it.
        host.ssh("umount --lazy /var/lib/docker", user="root")
        host.start_engine()
