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


def resolved(
    folder: Path, compose: bytes, dotenv: bytes | None = None, more: dict[str, bytes] | None = None
) -> tuple[ResolvedProject, list[Finding]]:
    texts = {"compose.yaml": compose, **({".env": dotenv} if dotenv is not None else {}), **(more or {})}
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
        container_names=(("web", "shop-web-1"),),
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


def test_a_service_that_is_not_started_needs_no_variable(tmp_path: Path) -> None:
    compose = b"""\
x-common: {labels: {a: "${ONLY_HERE}"}}
services:
  web:
    image: web:1
    environment: {A: "shop${SUFFIX:+-${SUFFIX}}", B: "${OTHER:-${ANOTHER:-x}}", C: "$${D}"}
  backup: {image: 'web:1', profiles: [nightly], environment: {T: "${TARGET}"}, volumes: ["kept:/kept"]}
volumes: {kept: {name: "${KEPT}"}}
"""
    _project, findings = resolved(tmp_path / "idle", compose)
    assert findings == []
    project, findings = resolved(tmp_path / "started", compose, b"COMPOSE_PROFILES=nightly\n")
    assert len(project.services) == 2
    names = {finding.thing.split()[1] for finding in findings}
    assert names == {"TARGET", "KEPT"}


def test_what_compose_itself_asks_for_names_the_service_that_is_not_started(tmp_path: Path) -> None:
    compose = b"services: {web: {image: 'w:1'}, backup: {image: 'w:1', profiles: [nightly], user: '${WHO:?say}'}}\n"
    _project, (finding,) = resolved(tmp_path / "files", compose)
    assert finding.thing == "variable WHO in compose.yaml"
    assert finding.seen == "none; service backup wants it, which only profile nightly starts"
    assert "${WHO:-}" in finding.remedy


def test_a_dollar_in_a_file_of_values_is_found_with_its_line_and_not_shown(tmp_path: Path) -> None:
    compose = b"services: {web: {image: 'web:1', env_file: ['./${TIER}.env']}}\n"
    values = b"""\
# a comment
QUOTED="left$right"
HASH=$2y$10$Qm9iIHdhcyBoZXJl
LITERAL='left$right'
DOUBLED=left$$right
REFERENCE=${LITERAL}
LATER="two
lines $more"
"""
    _project, findings = resolved(
        tmp_path / "files", compose, b"TIER=app\nOWN=a$nothing\n", {"app.env": values, "idle.env": b"A=$x\n"}
    )
    assert [finding.thing for finding in findings] == [
        "value of OWN in .env, line 2",
        "value of QUOTED in app.env, line 2",
        "value of HASH in app.env, line 3",
        "value of LATER in app.env, line 7",
    ]
    said = "".join(finding.sentence() for finding in findings)
    assert "single quotes" in said
    assert not any(part in said for part in ("right", "Qm9iIHdhcyBoZXJl", "more "))
    good = b"QUOTED='left$right'\nHASH='$2y$10$Qm9iIHdhcyBoZXJl'\nDOUBLED=left$$right\n"
    assert resolved(tmp_path / "good", compose, b"TIER=app\n", {"app.env": good})[1] == []


def test_every_file_that_a_container_is_made_from_is_an_input(tmp_path: Path) -> None:
    compose = b"""\
services:
  web:
    image: web:1
    volumes: ["conf:/conf", "data:/data", "./page:/page"]
    security_opt: ["seccomp:./profile.json", "seccomp=other.json", "seccomp:unconfined", "no-new-privileges"]
    secrets: [token]
volumes:
  conf: {driver: local, driver_opts: {type: none, o: bind, device: ./conf}}
  data: {driver_opts: {type: nfs, o: addr=h, device: ":/x"}}
secrets: {token: {environment: TOKEN}}
"""
    project, findings = resolved(tmp_path / "files", compose, b"TOKEN=one\n")
    assert findings == []
    assert project.services[0].inputs == (
        "env:TOKEN", "path:conf", "path:other.json", "path:page", "path:profile.json",
    )  # fmt: skip
