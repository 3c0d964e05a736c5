# SPDX-License-Identifier: GPL-3.0-or-later
"""The example stack on the first host of the fleet, and what its users see of it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import requests

from tests.fleet import Fleet, Host
from tests.fleet.command import run
from tests.support import observed
from tests.support.project import ROOT, Project

EXAMPLE = ROOT / "examples" / "guestbook"
STACK = "guestbook"
FAULTS = ("never-healthy", "crash-loop", "bad-entrypoint", "http-500", "migration-fails")
BUILD_TIMEOUT_S = 800.0


def push_images(fleet: Fleet, *versions: str) -> str:
    """Build the images, push them to the open registry, and return what the hosts call their place there."""
    faulty = [word for fault in FAULTS for word in ("--broken", fault)]
    registry = fleet.open_registry
    run(
        [str(EXAMPLE / "build_images.sh"), f"{registry.outer_address}/demo", *versions, *faulty],
        timeout=BUILD_TIMEOUT_S,
        env={"DOCKER_CONFIG": os.environ.get("DOCKER_CONFIG", str(Path.home() / ".docker"))},
    )
    return f"{registry.address}/demo"


def project(root: Path, fleet: Fleet, registry: str) -> Project:
    """Return a project that deploys the example as a user's would."""
    made = Project(root, fleet, STACK)
    made.stack_from(EXAMPLE / "stack")
    made.environment(
        fleet.hosts[:1],
        stack_env={"GUESTBOOK_REGISTRY": registry, "GUESTBOOK_PORT": "8080"},
        guestbook_db_password="correct horse battery",
        stack_health_checks=[
            {
                "name": "the web service is well",
                "type": "http",
                "url": "http://127.0.0.1:8080/healthz",
                "jmespath": "status == 'ok' && database == 'up'",
            },
            {
                "name": "entries can be read",
                "type": "http",
                "url": "http://127.0.0.1:8080/entries.json",
                "status": [200],
            },
        ],
    )
    return made


def sign(host: Host, message: str) -> None:
    """Write an entry as a visitor does."""
    with requests.Session() as session:
        session.trust_env = False
        form = {"author": "A visitor", "message": message}
        session.post(host.url(path="/entries"), data=form, timeout=10).raise_for_status()


def messages(host: Host) -> list[str]:
    """Return what visitors wrote."""
    return sorted(entry["message"] for entry in json.loads(observed.answer(host, "/entries.json")))


def version(host: Host) -> str:
    """Return the version that visitors see."""
    page = observed.answer(host)
    return page.partition("version ")[2].partition("<")[0]
