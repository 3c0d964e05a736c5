# SPDX-License-Identifier: GPL-3.0-or-later
"""Only what changed is made anew, and data stays."""

from __future__ import annotations

from pathlib import Path

from tests.fleet import Fleet, Host, Probe
from tests.support import observed
from tests.support.probe_stack import app, compose
from tests.support.project import Project

PORTS = {"mounted": 8080, "configured": 8081, "listed": 8082, "plain": 8083}
DEPLOYMENTS = 4


class FourServices:
    """Services that take their settings in four ways."""

    def __init__(self, fleet: Fleet, root: Path) -> None:
        """Begin with nothing deployed."""
        self.host: Host = fleet.hosts[0]
        self.images = {version: Probe(version).push(fleet.registry) for version in ("1.0", "1.1")}
        self.project = Project(root / "project", fleet, "app")
        self.project.environment([self.host])
        self.settings = {"mounted": "1", "configured": "1", "listed": "1", "image": "1.0"}

    def deploy(self) -> None:
        """Deploy the settings as they are now, and see that the services have them."""
        image = self.images["1.0"]
        services = {
            "mounted": app(image, PORTS["mounted"], volumes=["./mounted.conf:/etc/probe.conf:ro"]),
            "configured": app(image, PORTS["configured"], configs=[{"source": "it", "target": "/etc/probe.conf"}]),
            "listed": app(image, PORTS["listed"], env_file=["listed.env"]),
            "plain": app(self.images[self.settings["image"]], PORTS["plain"]),
        }
        self.project.stack(
            {
                "compose.yaml": compose(services, configs={"it": {"environment": "CONFIGURED"}}),
                "mounted.conf": f"mounted {self.settings['mounted']}\n",
                # Compose itself sees neither what is mounted nor what a variable holds.
                ".env": f"CONFIGURED='configured {self.settings['configured']}'\n",
                "listed.env": f"PROBE_LISTED={self.settings['listed']}\n",
            }
        )
        run = self.project.deploy("1.0")
        run.expect(0, "deployed")
        self._assert_served()

    def _assert_served(self) -> None:
        assert observed.answer(self.host, "/config", PORTS["mounted"]) == f"mounted {self.settings['mounted']}"
        seen = observed.answer(self.host, "/config", PORTS["configured"])
        assert seen == f"configured {self.settings['configured']}"
        listed = observed.answer(self.host, "/env", PORTS["listed"]).splitlines()
        assert f"PROBE_LISTED={self.settings['listed']}" in listed
        assert observed.answer(self.host, "/", PORTS["plain"]) == self.settings["image"]

    def change(self, **settings: str) -> set[str]:
        """Deploy other settings and return the services whose containers are new or were started again."""
        before = observed.services(self.host, "app")
        self.settings.update(settings)
        self.deploy()
        after = observed.services(self.host, "app")
        assert set(after) == set(before)
        same = {name for name in after if (after[name].id, after[name].started_at) == _start(before[name])}
        return set(after) - same


def _start(container: observed.Container) -> tuple[str, str]:
    return container.id, container.started_at


def test_exactly_the_service_whose_image_or_file_changed_is_made_anew(each_kind: Fleet, tmp_path: Path) -> None:
    stack = FourServices(each_kind, tmp_path)
    stack.deploy()
    # Each service is once among those that changed, and once among the others.
    assert stack.change(image="1.1", mounted="2") == {"plain", "mounted"}
    assert stack.change(configured="2", listed="2") == {"configured", "listed"}

    containers = observed.services(stack.host, "app")
    back = stack.project.rollback()
    back.expect(0, "deployed")
    assert "PROBE_LISTED=1" in observed.answer(stack.host, "/env", PORTS["listed"]).splitlines()
    now = observed.services(stack.host, "app")
    assert {name for name in now if _start(now[name]) != _start(containers[name])} == {"configured", "listed"}


def test_data_survives_deployments_and_rollbacks(fleet: Fleet, tmp_path: Path) -> None:
    host = fleet.hosts[0]
    host.wipe()
    project = Project(tmp_path / "project", fleet, "app")
    project.environment([host], stack_healthy_for=1)
    image = Probe("1.0").push(fleet.registry).replace("1.0", "${STACK_VERSION}")
    for version in ("1.1", "1.2"):
        Probe(version).push(fleet.registry)
    service = app(image, environment={"PROBE_DATA": "/named"}, volumes=["named:/named", "./data:/bound"])
    project.stack({"compose.yaml": compose({"app": service}, volumes={"named": {}})})
    lines: list[str] = []
    for number in range(DEPLOYMENTS):
        run = project.deploy(f"1.{number % 3}")
        run.expect(0, "deployed")
        _write(host, lines, f"after deployment {number}")
        if number % 2:
            back = project.rollback()
            back.expect(0, "deployed")
            assert observed.answer(host) == f"1.{(number - 1) % 3}"
            _write(host, lines, f"after the rollback from deployment {number}")
    assert len(lines) == DEPLOYMENTS + DEPLOYMENTS // 2


def _write(host: Host, lines: list[str], line: str) -> None:
    """Add a line to both kinds of data, and see that every earlier one is still there."""
    container = observed.services(host, "app")["app"].name
    lines.append(line)
    for folder in ("/bound", "/named"):
        host.docker("exec", container, "sh", "-c", f"echo '{line}' >>{folder}/lines")
        assert host.docker("exec", container, "cat", f"{folder}/lines").splitlines() == lines
