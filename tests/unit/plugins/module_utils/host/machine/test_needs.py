# SPDX-License-Identifier: GPL-3.0-or-later
"""What a release takes for granted and a host does not have is found before anything is touched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.engine.host_needs import HostNeeds, HostPath
from ansible_collections.slipway.compose.plugins.module_utils.host.machine.needs import need_findings, path_findings
from ansible_collections.slipway.compose.plugins.module_utils.release import journal
from ansible_collections.slipway.compose.plugins.module_utils.release.record import ReleaseFile, ReleaseRecord
from ansible_collections.slipway.compose.plugins.module_utils.release.store import ReleaseStore
from ansible_collections.slipway.compose.plugins.module_utils.stack.bundle import BundledFile, FileBundle

BEFORE = "20261122T210000Z-1.0"


class FakeEngine:
    """An engine that has one network and one volume."""

    def network_names(self) -> set[str]:
        return {"proxy"}

    def volume_names(self) -> set[str]:
        return {"media"}


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
    record = ReleaseRecord(
        id=BEFORE, stack="shop", version="1.0", created_at="", created_by="", commit="", plan_sha256="",
        content_sha256="", reversible=True, compose_files=(), images={}, services=(),
        files=(ReleaseFile("rules", executable=False, sha256="0" * 64),),
    )  # fmt: skip
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
