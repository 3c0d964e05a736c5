"""Module health_check on a real project, run as Ansible runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.engine.conftest import Stack

ROOT = Path(__file__).resolve().parents[2]


def run_module(options: dict[str, Any]) -> tuple[bool, dict[str, Any]]:
    """Return whether the module succeeded, and its result."""
    argv = [str(Path(sys.executable).with_name("ansible")), "localhost", "-m", "slipway.compose.health_check"]
    argv += ["-a", json.dumps(options), "-e", f"ansible_python_interpreter={sys.executable}"]
    settings = {"ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".collections"), "ANSIBLE_CALLBACK_RESULT_FORMAT": "json"}
    answer = subprocess.run(
        argv, env={**os.environ, **settings}, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    head, _arrow, document = answer.stdout.partition(" => ")
    return head.endswith("SUCCESS"), json.loads(document)


def test_a_healthy_project_passes(stack: Stack) -> None:
    web = stack.run("web", "exec sleep 600", health="true")
    succeeded, result = run_module({"project_name": stack.name, "healthy_for": 0.5, "timeout": 20})
    assert succeeded
    assert result["summary"][0] == "web: 1 running and healthy"
    assert [seen["id"] for seen in result["observations"]] == [web.id]


def test_a_broken_project_fails_with_its_log_and_without_secrets(stack: Stack) -> None:
    stack.run("web", "echo cannot log in with hunter22; exit 3")
    services = [{"service": "web"}]
    options = {"project_name": stack.name, "services": services, "mask": ["hunter22"], "timeout": 20}
    succeeded, result = run_module(options)
    assert not succeeded
    assert result["failures"] == [
        {
            "service": "web",
            "container": f"{stack.name}-web-1",
            "check": "running",
            "expected": "running",
            "seen": "exited (exit code 3) and restart policy 'no' leaves it so",
            "logs": ["cannot log in with ********"],
        }
    ]
    assert "hunter22" not in json.dumps(result)
