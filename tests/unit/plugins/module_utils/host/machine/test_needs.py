# SPDX-License-Identifier: GPL-3.0-or-later
"""What a release takes for granted and a host does not have is found before anything is touched."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.engine.containers import ListedContainer
from ansible_collections.slipway.compose.plugins.module_utils.engine.host_needs import HostNeeds, HostPath
from ansible_collections.slipway.compose.plugins.module_utils.host.machine import facts
from ansible_collections.slipway.compose.plugins.module_utils.host.machine.needs import need_findings, path_findings
from ansible_collections.slipway.compose.plugins.module_utils.release import journal
from ansible_collections.slipway.compose.plugins.module_utils.release.record import ReleaseFile
from ansible_collections.slipway.compose.plugins.module_utils.release.store import ReleaseStore
from ansible_collections.slipway.compose.plugins.module_utils.stack.bundle import BundledFile, FileBundle
from tests.support.records import RECORD

BEFORE = "20261122T210000Z-1.0"


REFUSED_NETWORKS = [
    ("network proxy", "one that Compose has not made"),
    ("network front", "one that stack blog calls web"),
]


class FakeEngine:
    """An engine that has one external network, one volume, and what others than stack `shop` have made."""

    containers = SimpleNamespace(
        all=lambda: [
            ListedContainer("till", "", False, "exited", ()),  # noqa: FBT003
            ListedContainer("desk", "blog", False, "running", ()),  # noqa: FBT003
            ListedContainer("once", "shop", True, "running", ()),  # noqa: FBT003
            ListedContainer("shop-web-1", "shop", False, "running", ()),  # noqa: FBT003
        ]
    )

    def network_makers(self) -> dict[str, tuple[str, str]]:
        return {
            "proxy": ("", ""),
            "rows": ("blog", "back"),
            "front": ("blog", "web"),
            "shop_default": ("shop", "default"),
        }

    def network_names(self) -> set[str]:
        return {"proxy"}

    def volume_names(self) -> set[str]:
        return {"media"}


@pytest.mark.parametrize("compose", ["2.26.1-4", "5.6.1"])
def test_names_that_somebody_elses_has_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compose: str) -> None:
    monkeypatch.setattr(facts, "compose_version", lambda: compose)
    needs = HostNeeds(
        container_names=(("a", "till"), ("b", "desk"), ("c", "once"), ("web", "shop-web-1"), ("new", "shop-new-1")),
        made_networks=(
            ("proxy", "proxy"),
            ("rows", "back"),
            ("front", "front"),
            ("shop_default", "default"),
            ("n", "n"),
        ),
    )
    store = ReleaseStore(str(tmp_path), "shop", "run-1")
    found = need_findings(store, FakeEngine(), needs, FileBundle((), {}, ()))  # type: ignore[arg-type]
    assert [(finding.thing, finding.seen) for finding in found] == [
        ("container name till for service a", "a container that no stack has (exited)"),
        ("container name desk for service b", "a container of stack blog (running)"),
        ("container name once for service c", "a container that `docker compose run` of this stack has left (running)"),
        *([] if compose == "5.6.1" else REFUSED_NETWORKS),
    ]
    assert "docker rm --force till" in found[0].remedy


def mount(path: str, target: str = "/t", *, may_be_made: bool = True) -> HostPath:
    return HostPath("service web", path, target, may_be_made)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    made = tmp_path / "shop" / "project"
    (made / "made-by-engine.conf").mkdir(parents=True)
    (made / "full.conf").mkdir()
    (made / "full.conf" / "a").touch()
    (made / "by-hand.conf").touch()
    (made / "old").touch()
    (made / "data").mkdir()
    return made


FILES = ["conf/site.conf", "secrets/pin"]


@pytest.mark.parametrize(
    "one",
    [
        mount("data"), mount("new/data"), mount("conf/site.conf"), mount("conf"), mount("."), mount("by-hand.conf"),
        mount("full.conf"), mount("/etc/hostname", "/etc/hostname"), mount("/srv/nothing"),
        HostPath("secret pin", "secrets/pin"),
        mount("data", may_be_made=False), mount("conf", "/etc/conf", may_be_made=False), mount("../shared"),
    ],
)  # fmt: skip
def test_what_is_there_or_may_be_made_is_no_finding(project: Path, one: HostPath) -> None:
    assert path_findings(project, [one], FILES, {"old"}) == []


@pytest.mark.parametrize(
    ("one", "seen"),
    [
        (mount("extra.conf"), "nothing at {project}/extra.conf"),
        (mount("extra", "/etc/extra.conf"), "nothing at {project}/extra"),
        (mount("by-hand.conf/below.conf"), "nothing at {project}/by-hand.conf/below.conf"),
        (mount("made-by-engine.conf"), "an empty folder at {project}/made-by-engine.conf, as the engine makes it"),
        (mount("old"), "a file of an earlier release at {project}/old, which this release does not have"),
        (mount("other", may_be_made=False), "nothing at {project}/other"),
        (mount("/nowhere/app.conf"), "nothing at /nowhere/app.conf"),
        (HostPath("config site", "conf/other"), "nothing at {project}/conf/other"),
        (HostPath("volume disk", "/nowhere"), "nothing at /nowhere"),
    ],
)
def test_what_is_missing_is_named(project: Path, one: HostPath, seen: str) -> None:
    (finding,) = path_findings(project, [one, one], FILES, {"old"})
    assert finding.thing == f"{one.path} for {one.user}"
    assert finding.seen.startswith(seen.format(project=project))


def test_what_this_user_may_not_see_counts_as_there(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(_path: Path, **_options: Any) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "stat", forbidden)
    assert path_findings(project, [mount("/root/key.pem", may_be_made=False)], FILES, ()) == []


def test_all_that_is_missing_is_said_at_once(tmp_path: Path) -> None:
    store = ReleaseStore(str(tmp_path), "shop", "run-1")
    store.make()
    record = replace(RECORD, id=BEFORE, files=(ReleaseFile("rules", executable=False, sha256="0" * 64),))
    store.release_folder(BEFORE).mkdir()
    store.write(BEFORE, "release.json", record.to_json())
    store.set_current(BEFORE)
    store.note(BEFORE, journal.CONFIRMED)
    (store.project / "rules").touch()
    dotenv = BundledFile(".env", executable=False, content=b"# B=1\nFROM_FILE=x\n")
    needs = HostNeeds(
        (mount("rules"), mount("extra.conf")),
        ("proxy", "front"),
        ("media", "rows"),
        (("secret a", "SET"), ("secret b", "FROM_FILE"), ("config c", "B")),
    )
    bundle = FileBundle((dotenv,), {"SET": ""}, ("compose.yaml",))
    found = need_findings(store, FakeEngine(), needs, bundle)  # type: ignore[arg-type]
    assert [finding.thing for finding in found] == [
        "rules for service web",
        "extra.conf for service web",
        "variable B for config c",
        "external network front",
        "external volume rows",
    ]
