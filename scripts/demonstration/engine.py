# SPDX-License-Identifier: GPL-3.0-or-later
"""What the demo asks of this machine's engine, through the docker command."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass

ASK_SECONDS = 60


class DemoError(Exception):
    """Says what is wrong and what to do next."""


@dataclass(frozen=True)
class Container:
    """A container as it runs now."""

    service: str
    id: str
    image_id: str


def ask(*arguments: str) -> str:
    """Return what a docker command prints; raise `DemoError` when it fails."""
    done = subprocess.run(
        ["docker", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=ASK_SECONDS,
        check=False,
    )
    if done.returncode:
        raise DemoError(f"docker {' '.join(arguments)} failed:\n{done.stderr.strip()}")
    return done.stdout.strip()


def exists(kind: str, name: str) -> bool:
    """Tell whether the engine has an image, a container or a volume of that name."""
    command = ["docker", kind, "inspect", name]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=ASK_SECONDS, check=False)
    return done.returncode == 0


def of_project(kind: str, project: str) -> list[str]:
    """Return the IDs of a Compose project's containers, volumes or networks."""
    every = ["--all"] if kind == "container" else []
    label = f"label=com.docker.compose.project={project}"
    return ask(kind, "ls", *every, "--quiet", "--filter", label).split()


def containers(project: str) -> dict[str, Container]:
    """Return the containers of a Compose project by service; the demo's services have one each."""
    ids = of_project("container", project)
    found = json.loads(ask("container", "inspect", *ids)) if ids else []
    return {
        service: Container(service, one["Id"], one["Image"])
        for one in found
        if (service := one["Config"]["Labels"].get("com.docker.compose.service", ""))
    }


def image_digests(image_id: str) -> list[str]:
    """Return the digests under which registries have an image."""
    document = json.loads(ask("image", "inspect", image_id))[0]
    return [name.partition("@")[2] for name in document.get("RepoDigests") or []]


def image_names(repository: str) -> list[str]:
    """Return every name of a repository's images, by tag and by digest."""
    lines = ask("image", "ls", "--digests", "--format", "{{.Tag}} {{.Digest}}", repository).splitlines()
    names = []
    for tag, digest in (line.split() for line in lines):
        names += [f"{repository}:{tag}"] if tag != "<none>" else []
        names += [f"{repository}@{digest}"] if digest != "<none>" else []
    return list(dict.fromkeys(names))
