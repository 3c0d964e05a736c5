# SPDX-License-Identifier: GPL-3.0-or-later
"""What Compose makes of a release's files, wherever the process is that asks it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.slipway.compose.plugins.module_utils.core.findings import Finding
from ansible_collections.slipway.compose.plugins.module_utils.engine.host_needs import HostNeeds, HostPath
from ansible_collections.slipway.compose.plugins.module_utils.host.resolve import ResolvedProject, examine
from ansible_collections.slipway.compose.plugins.module_utils.release.store import unpack_files
from ansible_collections.slipway.compose.plugins.module_utils.stack.bundle import BundledFile, FileBundle

if TYPE_CHECKING:
    import pytest

COMPOSE = b"""\
services:
  web:
    image: web:${STACK_VERSION}
    volumes:
      - ${PWD}/pages:/pages:ro
      - ./data:/data
      - ../beside:/beside
      - {type: bind, source: ./conf, target: /conf, bind: {create_host_path: false}}
      - rows:/rows
    secrets: [pin, key]
    networks: [front]
secrets: {pin: {file: ./secrets/pin}, key: {environment: KEY}}
networks: {front: {name: proxy, external: true}}
volumes: {rows: {external: true}}
"""


def resolved(folder: Path, compose: bytes, dotenv: bytes | None = None) -> tuple[ResolvedProject, list[Finding]]:
    texts = {"compose.yaml": compose, **({".env": dotenv} if dotenv is not None else {})}
    files = tuple(BundledFile(name, executable=False, content=text) for name, text in texts.items())
    bundle = FileBundle(files, {"STACK_VERSION": "1"}, ("compose.yaml",))
    unpack_files(bundle, folder)
    return examine("shop", bundle, folder)


def test_needs_are_those_of_the_project_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    project, findings = resolved(tmp_path / "files", COMPOSE)
    assert findings == []
    assert project.needs == HostNeeds(
        paths=(
            HostPath("service web", "pages", "/pages", may_be_made=True),
            HostPath("service web", "data", "/data", may_be_made=True),
            HostPath("service web", "../beside", "/beside", may_be_made=True),
            HostPath("service web", "conf", "/conf", may_be_made=False),
            HostPath("secret pin", "secrets/pin"),
        ),
        networks=("proxy",),
        volumes=("rows",),
        variables=(("secret key", "KEY"),),
    )


def test_profiles_of_its_env_file_hold_and_a_stray_one_means_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compose = b"services: {web: {image: 'web:1'}, debug: {image: 'debug:1', profiles: [debug]}}\n"
    (tmp_path / ".env").write_text("COMPOSE_PROFILES=debug\n")
    monkeypatch.chdir(tmp_path)
    without, _findings = resolved(tmp_path / "without", compose)
    assert [service.name for service in without.services] == ["web"]
    has, _findings = resolved(tmp_path / "with", compose, b"COMPOSE_PROFILES=debug\n")
    assert [service.name for service in has.services] == ["debug", "web"]


def test_a_variable_that_may_not_be_set_is_not_said_to_be_settable(tmp_path: Path) -> None:
    compose = b"services: {web: {image: '${WEB}:${DOCKER_TLS}'}}\n"
    _project, findings = resolved(tmp_path / "files", compose)
    remedies = {finding.thing: finding.remedy for finding in findings}
    assert "stack_env" in remedies["variable WEB in compose.yaml"]
    assert "stack_env" not in remedies["variable DOCKER_TLS in compose.yaml"]
