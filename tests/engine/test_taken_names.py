# SPDX-License-Identifier: GPL-3.0-or-later
"""What a real engine says of names and ports that somebody else has, and that Compose says the same at the start."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.engine.client import Engine
from ansible_collections.slipway.compose.plugins.module_utils.engine.compose_model import parse_services
from ansible_collections.slipway.compose.plugins.module_utils.engine.host_needs import parse_host_needs
from ansible_collections.slipway.compose.plugins.module_utils.host.machine import facts
from ansible_collections.slipway.compose.plugins.module_utils.host.machine.needs import need_findings
from ansible_collections.slipway.compose.plugins.module_utils.host.preflight import taken_ports
from ansible_collections.slipway.compose.plugins.module_utils.release.store import ReleaseStore
from ansible_collections.slipway.compose.plugins.module_utils.stack.bundle import FileBundle

if TYPE_CHECKING:
    from tests.engine.conftest import Stack


@pytest.fixture
def network(stack: Stack) -> Iterator[str]:
    made = stack.client.networks.create(f"{stack.name}-front")
    yield f"{stack.name}-front"
    made.remove()


def compose(stack: Stack, folder: Path, service: dict[str, Any], *words: str, **project: Any) -> tuple[int, str]:
    """Run Compose on a project of its own, whose service `web` this is; return how it ended and what it said."""
    web = {"image": stack.image, "command": ["sleep", "60"], "init": True, **service}
    (folder / "compose.yaml").write_text(json.dumps({"services": {"web": web}, **project}))
    argv = ["docker", "compose", "-p", f"{stack.name}-other", *words]
    ended = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    return ended.returncode, ended.stdout if ended.returncode == 0 else ended.stderr


def test_what_compose_would_be_refused_is_found_before(stack: Stack, network: str, tmp_path: Path) -> None:
    holder = stack.run("till", "sleep 60", ports={"8080/tcp": ("127.0.0.1", None)})
    holder.reload()
    port = holder.attrs["NetworkSettings"]["Ports"]["8080/tcp"][0]["HostPort"]
    front = {"networks": {"front": {"name": network}}}
    older = facts.version_numbers(facts.compose_version() or "") < (5,)
    cases: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        f"container name {holder.name}": ({"container_name": holder.name}, {}),
        f"port 127.0.0.1:{port}/tcp": ({"ports": [f"127.0.0.1:{port}:8080"]}, {}),
        f"port {port}/tcp": ({"ports": [f"{port}:8080"]}, {}),
        f"port 0.0.0.0:{port}/tcp": ({"ports": [f"0.0.0.0:{port}:8080"]}, {}),
        # Newer versions of Compose take a network that they have not made.
        f"network {network}" if older else "": ({"networks": ["front"]}, front),
        # Another address is another port.
        " ": ({"ports": [f"127.0.0.2:{port}:8080"]}, {}),
    }
    store = ReleaseStore(str(tmp_path / "root"), f"{stack.name}-other", "run-1")
    for thing, (service, project) in cases.items():
        config = compose(stack, tmp_path, service, "config", "--format", "json", **project)[1]
        needs, engine = parse_host_needs(config, str(tmp_path)), Engine()
        found = need_findings(store, engine, needs, FileBundle((), {}, ()))
        found += taken_ports(engine, store.stack, parse_services(config, str(tmp_path)))
        assert [finding.thing.partition(" for service")[0] for finding in found] == ([thing] if thing.strip() else [])
        code, said = compose(stack, tmp_path, service, "up", "-d", "--pull", "never", **project)
        compose(stack, tmp_path, service, "down", "-t", "0", **project)
        assert (code != 0) == bool(thing.strip()), (thing, said)
        assert all(stack.name in finding.seen or "Compose has not made" in finding.seen for finding in found), found
