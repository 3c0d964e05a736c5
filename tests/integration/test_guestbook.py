# SPDX-License-Identifier: GPL-3.0-or-later
"""The example on a host: an upgrade, the same again, and every way in which a release can be broken."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
import yaml

from tests.fleet import Behaviour, Fleet, Host, Probe
from tests.integration import guestbook
from tests.support import observed
from tests.support.project import Project, Run


@dataclass(frozen=True)
class Standing:
    """The guestbook with entries, upgraded from 1.0 to 1.1."""

    project: Project
    fleet: Fleet
    first: Run
    second: Run

    @property
    def host(self) -> Host:
        """Return where it stands."""
        return self.fleet.hosts[0]

    def seen(self) -> dict[str, object]:
        """Return what must be the same after every failure."""
        return {
            "version": guestbook.version(self.host),
            "messages": guestbook.messages(self.host),
            "containers": observed.digests(self.host, guestbook.STACK),
            "files": observed.project_files(self.host, guestbook.STACK),
            "release": observed.current_release(self.host, guestbook.STACK),
        }


@pytest.fixture(scope="module")
def standing(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Standing:
    host = fleet.hosts[0]
    host.wipe()
    project = guestbook.project(
        tmp_path_factory.mktemp("guestbook") / "project", fleet, guestbook.push_images(fleet, "1.0", "1.1")
    )
    first = project.deploy("1.0")
    first.expect(0, "deployed")
    guestbook.sign(host, "written in 1.0")
    second = project.deploy("1.1")
    second.expect(0, "deployed")
    guestbook.sign(host, "written in 1.1")
    return Standing(project, fleet, first, second)


def test_an_upgrade_keeps_the_entries(standing: Standing) -> None:
    host = standing.host
    assert guestbook.version(host) == "1.1"
    assert guestbook.messages(host) == ["written in 1.0", "written in 1.1"]
    assert observed.current_release(host, guestbook.STACK) == standing.second.release
    assert standing.second.host(host.name) == ("deployed", standing.second.release)
    running = observed.services(host, guestbook.STACK)
    assert set(running) == {"proxy", "web", "migrate", "db"}
    assert all(running[name].runs for name in ("proxy", "web", "db"))
    assert all("@sha256:" in one.image for one in running.values())
    assert running["web"].image.endswith("@" + standing.fleet.open_registry.digest("demo/guestbook-web", "1.1"))


def test_the_same_again_changes_nothing(standing: Standing) -> None:
    before = observed.containers(standing.host, guestbook.STACK)
    run = standing.project.deploy("1.1")
    run.expect(0, "unchanged")
    assert observed.containers(standing.host, guestbook.STACK) == before


@dataclass(frozen=True)
class Broken:
    """A broken version, and what the output has to tell: the service, what was expected and seen, a line of its log."""

    version: str
    service: str
    expected: str
    seen: str
    log: str = ""
    options: tuple[str, ...] = ()


#: It would be asked until the gate's deadline, whether it is healthy or not.
BRIEF = ("-e", "stack_gate_timeout=20")
BROKEN = [
    Broken("1.2-never-healthy", "web", "healthy", "unhealthy", "cannot read setting GREETING_THEME"),
    Broken("1.2-crash-loop", "web", "restart", "restart", "cannot load the greeting cards"),
    Broken("1.2-bad-entrypoint", "web", "started", "created"),
    Broken("1.2-http-500", "entries can be read", "200", "500", options=BRIEF),
    Broken("1.2-migration-fails", "migrate", "exit", "1", "migrat"),
]


def tells(output: str, words: str) -> bool:
    return re.search(words, output, re.IGNORECASE) is not None


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.version)
def test_a_broken_release_goes_back_by_itself(standing: Standing, broken: Broken) -> None:
    before = standing.seen()
    run = standing.project.deploy(broken.version, *broken.options)
    _assert_back(standing, run, before)
    for words in (broken.service, f"expected: .*{broken.expected}", f"seen: .*{broken.seen}", broken.log):
        assert tells(run.output, words), f"{words!r} is missing in: {run}"


def test_a_service_without_a_health_check_that_crashes_is_noticed(standing: Standing) -> None:
    image = Probe("1.0", Behaviour.CRASH_LOOP).push(standing.fleet.registry)
    source = standing.project.source / "compose.yaml"
    good = source.read_text(encoding="utf-8")
    compose = yaml.safe_load(good)
    compose["services"]["herald"] = {"image": image, "restart": "always", "networks": ["back"]}
    before = standing.seen()
    source.write_text(yaml.safe_dump(compose), encoding="utf-8")
    run = standing.project.deploy("1.1")
    source.write_text(good, encoding="utf-8")
    _assert_back(standing, run, before)
    for words in ("service herald", "expected: ", "seen: ", "cannot open the cheese shop"):
        assert tells(run.output, words), f"{words!r} is missing in: {run}"


def _assert_back(standing: Standing, run: Run, before: dict[str, object]) -> None:
    run.expect(20, "rolled_back")
    assert standing.seen() == before
    host = standing.host
    assert run.host(host.name) == ("rolled_back", standing.second.release)
    assert host.name in run.output
    assert all(one.runs for one in observed.services(host, guestbook.STACK).values() if one.service != "migrate")
    events = [line["event"] for line in observed.journal(host, guestbook.STACK) if line["release"] == run.release]
    assert events[-1] == "rolled_back"
