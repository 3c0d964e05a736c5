# SPDX-License-Identifier: GPL-3.0-or-later
"""A container ends a process of its host, and that one alone."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.core.processes import process_began
from ansible_collections.slipway.compose.plugins.module_utils.engine.client import Engine
from ansible_collections.slipway.compose.plugins.module_utils.engine.lost.ending import (
    addresses,
    belongs,
    end_process_from_container,
)

if TYPE_CHECKING:
    import docker

    from tests.engine.conftest import Stack


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """A process of this host."""
    with subprocess.Popen(["sleep", "600"]) as process:
        yield process
        process.kill()


def test_a_process_is_ended(sleeper: subprocess.Popen[bytes]) -> None:
    assert end_process_from_container(Engine(), "shop", sleeper.pid, process_began(sleeper.pid)) == ""
    assert sleeper.wait(10) == -9


def test_a_number_that_means_another_process_by_now_is_left_alone(sleeper: subprocess.Popen[bytes]) -> None:
    assert end_process_from_container(Engine(), "shop", sleeper.pid, "1") == ""
    assert sleeper.poll() is None


def test_neither_container_nor_image_is_left_of_it(
    stack: Stack, engine: docker.DockerClient, sleeper: subprocess.Popen[bytes]
) -> None:
    end_process_from_container(Engine(), stack.name, sleeper.pid, process_began(sleeper.pid))
    project = {"label": f"com.docker.compose.project={stack.name}"}
    assert engine.api.containers(all=True, filters=project) == []
    assert engine.api.images(f"slipway-nothing:{os.getpid()}") == []


def test_a_container_has_an_address_in_the_network_of_its_stack(stack: Stack, engine: docker.DockerClient) -> None:
    network = engine.networks.create(stack.name, labels={"com.docker.compose.project": stack.name})
    try:
        container = stack.run("web", "sleep 600", network=stack.name)
        container.reload()
        found = addresses(int(container.attrs["State"]["Pid"]))
        assert found == {container.attrs["NetworkSettings"]["Networks"][stack.name]["IPAddress"]}
        assert belongs(found, addresses(os.getpid()), Engine().subnets(stack.name))
        assert not belongs(found, addresses(os.getpid()), Engine().subnets("another"))
        assert not belongs(addresses(os.getpid()), addresses(os.getpid()), Engine().subnets(stack.name))
        network.disconnect(container, force=True)
    finally:
        network.remove()
