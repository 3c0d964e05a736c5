# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo as a stranger runs it, then the documentation's commands against what it left, then its removal."""

from __future__ import annotations

import os
import re
import shlex
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
STACK = "slipway-demo-test"
#: With every image still to be built; a second showing takes a third of it.
DEMO_SECONDS = 600
COMMAND_SECONDS = 180
FENCE = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
RUNNABLE = re.compile(
    r"scripts/(plan|deploy|status|rollback)\.sh |ansible-playbook playbooks/(deploy|rollback|status)\.yml "
)


@dataclass(frozen=True)
class Showing:
    exit_code: int
    output: str
    extra: list[str]


def run(*command: str, seconds: int = COMMAND_SECONDS) -> subprocess.CompletedProcess[str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    programs = f"{ROOT / '.venv' / 'bin'}:{plain['PATH']}"
    return subprocess.run(
        command,
        cwd=ROOT,
        env=plain | {"DEMO_STACK": STACK, "PATH": programs},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=seconds,
        check=False,
    )


def left_behind() -> str:
    kinds = (["ps", "--all"], ["volume", "ls"], ["network", "ls"])
    label = f"label=com.docker.compose.project={STACK}"
    kept = run("docker", "image", "ls", "--quiet", "--filter", f"reference=slipway-kept:{STACK}.*").stdout
    return "".join(run("docker", *kind, "--quiet", "--filter", label).stdout for kind in kinds) + kept


@pytest.fixture(scope="module")
def showing() -> Iterator[Showing]:
    """Show the demo once for all tests of this module, and remove it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    run("scripts/demo.sh", "--clean")
    done = run("scripts/demo.sh", "--port", str(port), seconds=DEMO_SECONDS)
    first = re.search(r"^\$ scripts/deploy\.sh local --version 1\.0(.*)$", done.stdout, re.MULTILINE)
    yield Showing(done.returncode, done.stdout, shlex.split(first[1]) if first else [])
    cleaned = run("scripts/demo.sh", "--clean")
    assert cleaned.returncode == 0, cleaned.stdout
    assert left_behind() == ""
    again = run("scripts/demo.sh", "--clean")
    assert "Nothing to remove" in again.stdout


def documented() -> list[str]:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    lines = [line for page in pages for block in FENCE.findall(page.read_text()) for line in block.splitlines()]
    return list(dict.fromkeys(line for line in lines if RUNNABLE.match(line)))


@pytest.mark.timeout(DEMO_SECONDS + COMMAND_SECONDS)
def test_the_demo_shows_what_it_claims(showing: Showing) -> None:
    assert showing.exit_code == 0, showing.output
    assert "verdict: rolled_back" in showing.output
    assert "| ERROR unhealthy: cannot read setting GREETING_THEME" in showing.output
    assert "  NO  " not in showing.output
    assert showing.output.count("\n  yes  ") == 10


@pytest.mark.timeout(DEMO_SECONDS + COMMAND_SECONDS)
@pytest.mark.parametrize("line", documented())
def test_a_documented_command_works_on_it(showing: Showing, line: str) -> None:
    """Run it against this machine, with the version that the registry has."""
    ours = (
        line.replace("inventories/mine", "inventories/local").replace(".sh mine", ".sh local").replace("1.4.2", "1.1")
    )
    done = run(*shlex.split(ours), *showing.extra)
    assert done.returncode == 0, done.stdout


@pytest.mark.timeout(DEMO_SECONDS + COMMAND_SECONDS)
def test_the_way_back_without_ansible(showing: Showing) -> None:
    back = run("scripts/deploy.sh", "local", "--version", "1.0", *showing.extra)
    assert back.returncode == 0, back.stdout
    forth = run("scripts/deploy.sh", "local", "--version", "1.1", *showing.extra)
    assert forth.returncode == 0, forth.stdout
    script = re.search(r"^  sh (\S+rollback\.sh)", showing.output, re.MULTILINE)
    assert script is not None
    done = run("sh", script[1])
    assert done.returncode == 0, done.stdout
    web = run("docker", "inspect", f"{STACK}-web-1", "--format", "{{.Config.Env}}").stdout
    assert "GUESTBOOK_VERSION=1.0" in web
