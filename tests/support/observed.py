# SPDX-License-Identifier: GPL-3.0-or-later
"""What there is on a host, seen from outside: nothing here asks Slipway."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import requests

from tests.fleet import Host
from tests.support.console import console

ROOT = "/var/lib/slipway"
LABEL = "com.docker.compose."
ANSWER_TIMEOUT_S = 30.0
POLL_S = 0.2
#: Ends a file that is read: the console takes line ends off the end.
_END = "end-of-file"


@dataclass(frozen=True)
class Container:
    """A container of a stack, as `docker inspect` shows it."""

    service: str
    name: str
    id: str
    image: str
    image_id: str
    state: str
    health: str
    started_at: str

    @property
    def runs(self) -> bool:
        """Whether it runs, and is healthy if it has a health check."""
        return self.state == "running" and self.health in {"", "healthy"}


def container(inspected: Mapping[str, Any]) -> Container:
    """Return a container as `docker inspect` shows it."""
    state = inspected["State"]
    return Container(
        service=inspected["Config"]["Labels"][f"{LABEL}service"],
        name=inspected["Name"].lstrip("/"),
        id=inspected["Id"],
        image=inspected["Config"]["Image"],
        image_id=inspected["Image"],
        state=state["Status"],
        health=(state.get("Health") or {}).get("Status", "").replace("none", ""),
        started_at=state["StartedAt"],
    )


def containers(host: Host, stack: str) -> dict[str, Container]:
    """Return the stack's containers, whatever their state, by name."""
    listed = shlex.quote(f"label={LABEL}project={stack}")
    ids = f"$(docker ps --all --quiet --no-trunc --filter {listed})"
    documents = console(host, f'ids={ids}; [ -z "$ids" ] && echo "[]" || docker inspect $ids')
    found = [container(one) for one in json.loads(documents)]
    return {one.name: one for one in found}


def services(host: Host, stack: str) -> dict[str, Container]:
    """Return the stack's containers by service, of which each has one."""
    return by_service(tuple(containers(host, stack).values()))


def by_service(found: Sequence[Container]) -> dict[str, Container]:
    """Return containers by service, of which each has one."""
    result = {one.service: one for one in found}
    assert len(result) == len(found), f"several containers of one service: {found}"
    return result


def digests(host: Host, stack: str) -> dict[str, tuple[str, str]]:
    """Return image reference and image ID of the stack's containers, by service."""
    return {name: (one.image, one.image_id) for name, one in services(host, stack).items()}


def answer(host: Host, path: str = "/", port: int = 8080) -> str:
    """Return what the host serves, waiting a little for a server that just started.

    Raises:
        AssertionError: it did not answer with 200 in time.
    """
    deadline = time.monotonic() + ANSWER_TIMEOUT_S
    while True:
        status, body = ask(host, path, port)
        if status == 200:
            return body
        assert time.monotonic() < deadline, f"{host.name}:{port}{path} last answered {status}: {body}"
        time.sleep(POLL_S)


def ask(host: Host, path: str = "/", port: int = 8080) -> tuple[int, str]:
    """Return status and body of one answer; 0 and the reason where there is none."""
    with requests.Session() as session:
        session.trust_env = False
        try:
            reply = session.get(host.url(port, path), timeout=10)
        except requests.RequestException as error:
            return 0, str(error)
        return reply.status_code, reply.text.strip()


def project_files(host: Host, stack: str) -> dict[str, str]:
    """Return the SHA-256 of every file in the stack's project folder, by relative path."""
    folder = shlex.quote(f"{ROOT}/{stack}/project")
    listed = console(host, f"cd {folder} 2>/dev/null && find . -type f -exec sha256sum {{}} + || :")
    pairs = (line.split(maxsplit=1) for line in listed.splitlines())
    return {path.removeprefix("./"): digest for digest, path in pairs}


def read(host: Host, path: str) -> str:
    """Return the content of a file on the host."""
    return console(host, f"cat {shlex.quote(path)} && echo {_END}").removesuffix(_END)


def project_file(host: Host, stack: str, path: str) -> str:
    """Return the content of a file in the stack's project folder."""
    return read(host, f"{ROOT}/{stack}/project/{path}")


def journal(host: Host, stack: str) -> list[Mapping[str, Any]]:
    """Return the journal's lines."""
    return [json.loads(line) for line in read(host, f"{ROOT}/{stack}/journal.jsonl").splitlines()]


def is_paused(host: Host, stack: str) -> bool:
    """Tell whether a run waits on the host for somebody to continue it."""
    lease = json.loads(read(host, f"{ROOT}/{stack}/lease.json"))
    return bool(lease["paused_at"]) and not lease["continued_by"]


def kept_releases(host: Host, stack: str) -> list[str]:
    """Return the names of the release folders, hidden ones included, oldest first."""
    listed = console(host, f"ls -A {ROOT}/{shlex.quote(stack)}/releases 2>/dev/null || :")
    return sorted(listed.split())


def current_release(host: Host, stack: str) -> str | None:
    """Return the release that the link `current` names."""
    target = console(host, f"readlink {ROOT}/{shlex.quote(stack)}/current || :")
    return target.rpartition("/")[2] or None


def image_names(host: Host) -> set[str]:
    """Return every name, tag and digest that the host's engine has an image under."""
    ids = "$(docker image ls --all --quiet --no-trunc | sort --unique)"
    found = json.loads(console(host, f'ids={ids}; [ -z "$ids" ] && echo "[]" || docker image inspect $ids'))
    return {name for one in found for name in [one["Id"], *(one["RepoTags"] or []), *(one["RepoDigests"] or [])]}


def volumes(host: Host) -> set[str]:
    """Return the names of the host's volumes."""
    return set(console(host, "docker volume ls --quiet").split())


def networks(host: Host, stack: str) -> set[str]:
    """Return the names of the stack's networks."""
    label = shlex.quote(f"label={LABEL}project={stack}")
    return set(console(host, f"docker network ls --filter {label} --format '{{{{.Name}}}}'").split())
