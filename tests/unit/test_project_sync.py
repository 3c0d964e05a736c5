# SPDX-License-Identifier: GPL-3.0-or-later
"""A fresh checkout is a project for AWX and its like, which run no script of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.stages.process import ROOT, project_files


def test_the_playbooks_are_found_whole_without_setup(tmp_path: Path) -> None:
    project, synced = tmp_path / "project", tmp_path / "synced"
    for name in project_files():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, project / name, follow_symlinks=False)
    # What a project sync does, with what it sets.
    known = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "ANSIBLE_COLLECTIONS_PATH": str(synced)}
    playbooks = sorted(str(path) for path in (project / "playbooks").glob("*.yml"))
    for program, *arguments in (
        ("ansible-galaxy", "collection", "install", "-r", "collections/requirements.yml", "-p", str(synced)),
        ("ansible-playbook", "--syntax-check", "-i", "inventories/production", *playbooks),
    ):
        ended = subprocess.run(
            [str(Path(sys.executable).with_name(program)), *arguments],
            capture_output=True, check=False, cwd=project, env=known, text=True, timeout=60,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stdout + ended.stderr
    assert not (project / ".collections").exists()
