# SPDX-License-Identifier: GPL-3.0-or-later
"""`rollback.sh`: a shell can read it, and no name in it does more than name something."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.gate.health import ServiceExpectation
from ansible_collections.slipway.compose.plugins.module_utils.release.environment_script import environment_script
from ansible_collections.slipway.compose.plugins.module_utils.release.record import ReleaseFile, ReleaseRecord
from ansible_collections.slipway.compose.plugins.module_utils.release.rollback_script import WayBack, render

NEW, OLD = "20261122T220000Z-1.1", "20261122T210000Z-1.0"
ODD = 'it\'s; $(touch pwned) `id` "q" && *.conf'
KEPT = ReleaseFile("compose.yaml", executable=False, sha256="0" * 64)
FILES = (KEPT, ReleaseFile(f"conf/{ODD}", executable=True, sha256="1" * 64))
OLD_RECORD = ReleaseRecord(
    id=OLD,
    stack="shop",
    version="1.0",
    created_at="2026-11-22T21:00:00Z",
    created_by="ada@desk",
    commit="",
    plan_sha256="",
    content_sha256="",
    reversible=True,
    compose_files=("compose.yaml", ODD),
    images={"web": "web@sha256:" + "0" * 64},
    files=(KEPT, ReleaseFile(ODD, executable=False, sha256="2" * 64)),
    services=(),
)
WAYS = {
    "to a release": WayBack("shop", NEW, FILES, to=OLD_RECORD, started=(("0123abc", "2026-11-22T21:00:03Z"),)),
    "to an adopted stack": WayBack(
        "shop", NEW, FILES, adopted_from=f"/srv/{ODD}", adopted_tags=(("sha256:1", "web:1"), ("sha256:2", ODD))
    ),
    "to nothing": WayBack("shop", NEW, FILES),
}


@pytest.fixture(params=sorted(WAYS))
def script(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The script of one way back, where it lies on a host."""
    path = tmp_path / "shop" / "releases" / NEW / "rollback.sh"
    path.parent.mkdir(parents=True)
    search = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    path.write_text(render(WAYS[request.param], {"PATH": search, "HOME": "/"}))
    return path


def test_a_shell_and_a_linter_can_read_it(script: Path) -> None:
    subprocess.run(["sh", "-n", script], check=True, timeout=30)
    linter = Path(sys.executable).with_name("shellcheck")
    checked = subprocess.run(
        [linter, "--shell=sh", "--severity=warning", "--exclude=SC1090,SC1091,SC2034", script],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert checked.stdout == ""


def test_odd_names_are_names(script: Path, tmp_path: Path) -> None:
    stack = tmp_path / "shop"
    for folder in (stack / "project" / "conf", stack / "releases" / OLD / "files"):
        folder.mkdir(parents=True)
    for name in ("compose.yaml", ODD):
        (stack / "releases" / OLD / "files" / name).write_text(f"old {name}")
    (stack / "releases" / OLD / "environment.sh").write_text(environment_script({"A": ODD, "B": "x\ny"}))
    (stack / "project" / "compose.yaml").write_text("new")
    (stack / "project" / "conf" / ODD).write_text("new")
    told = tmp_path / "told"
    fake = tmp_path / "bin" / "docker"
    fake.parent.mkdir()
    fake.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" "A=${{A-}}" >>{told}\n')
    fake.chmod(0o755)
    subprocess.run(
        ["sh", script],
        cwd="/",
        env={"PATH": f"{fake.parent}:{os.environ['PATH']}", "COMPOSE_FILE": "/nowhere"},
        check=True,
        capture_output=True,
        timeout=30,
    )
    assert not list(tmp_path.rglob("pwned"))
    words = told.read_text()
    assert not (stack / "project" / "conf" / ODD).exists()
    assert "rolling_back" in (stack / "journal.jsonl").read_text()
    if OLD in script.read_text():
        assert (stack / "project" / ODD).read_text() == f"old {ODD}"
        assert f"A={ODD}" in words
        assert "--pull\nnever" in words
        # The engine says another start than the one that was true before.
        assert "stop\n0123abc\n" in words
    elif "adopted" in script.read_text():
        assert f"tag\nsha256:2\n{ODD}\n" in words
    else:
        assert "down\n--remove-orphans" in words


@pytest.mark.parametrize("goal", sorted(WAYS))
def test_no_name_is_more_than_a_word(goal: str, tmp_path: Path) -> None:
    """Where such names come from, they are refused; if one ever arrives here, the shell must not run it."""
    odd = f"{NEW}'; touch {tmp_path}/pwned; $(touch {tmp_path}/pwned) \n touch {tmp_path}/pwned #"
    way = replace(
        WAYS[goal],
        stack=odd,
        release=odd,
        to=WAYS[goal].to and replace(OLD_RECORD, id=odd),
        expected=(ServiceExpectation(odd, 1),),
        gate_timeout_s=0.0,
    )
    path = tmp_path / "shop" / "releases" / NEW / "rollback.sh"
    path.parent.mkdir(parents=True)
    fake = tmp_path / "bin" / "docker"
    fake.parent.mkdir()
    fake.write_text("#!/bin/sh\n")
    fake.chmod(0o755)
    environment = {"PATH": f"{fake.parent}:{os.environ['PATH']}"}
    path.write_text(render(way, environment))
    subprocess.run(["sh", path], cwd="/", env=environment, check=False, capture_output=True, timeout=30)
    assert (tmp_path / "shop" / "journal.jsonl").is_file(), "it did not even begin"
    assert not list(tmp_path.rglob("pwned"))


def test_an_environment_is_exported_as_it_is() -> None:
    shell = shutil.which("sh") or "/bin/sh"
    values = {"A": ODD, "B": "two\nlines", "C": "", "D": "'"}
    text = environment_script(values) + 'printf "%s|" "$A" "$B" "$C" "$D"'
    said = subprocess.run([shell, "-c", text], capture_output=True, text=True, check=True, timeout=30).stdout
    assert said == "".join(f"{value}|" for value in values.values())
