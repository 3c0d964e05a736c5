"""The module: what it asks of its options, and what Ansible gets from it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.slipway.compose.plugins.module_utils.core.findings import SlipwayError
from ansible_collections.slipway.compose.plugins.module_utils.gate.health import ServiceExpectation
from ansible_collections.slipway.compose.plugins.module_utils.gate.request import read_request
from ansible_collections.slipway.compose.plugins.module_utils.stack.gate_settings import GateSettings
from ansible_collections.slipway.compose.plugins.modules import health_check

ROOT = Path(__file__).resolve().parents[4]
TCP = {"name": "port", "type": "tcp", "port": 1}
OPTIONS: dict[str, Any] = {
    "project_name": "guestbook",
    "services": None,
    "checks": [],
    "timeout": 120.0,
    "healthy_for": 2.0,
    "stable_for": 5.0,
    "log_lines": 20,
    "mask": [],
    "source": {},
    "sealed": None,
    "docker_host": None,
}
WEB = {"service": "web", "replicas": 2, "one_shot": False, "image": None}


def run_module(options: dict[str, Any], **environment: str) -> dict[str, Any]:
    """Run the module as Ansible does; return its result."""
    argv = [str(Path(sys.executable).with_name("ansible")), "localhost", "-m", "slipway.compose.health_check"]
    argv += ["-a", json.dumps(options), "-e", f"ansible_python_interpreter={sys.executable}", "--check"]
    settings = {
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".collections"),
        "ANSIBLE_CALLBACK_RESULT_FORMAT": "json",
    }
    answer = subprocess.run(
        argv, env={**os.environ, **settings, **environment}, cwd=ROOT, capture_output=True, text=True, check=False
    )
    head, _arrow, document = answer.stdout.partition(" => ")
    return {**json.loads(document), "failed": head.endswith("FAILED!")}


def test_a_request_is_understood() -> None:
    expected, settings = read_request({**OPTIONS, "services": [WEB], "checks": [TCP]})
    assert expected == [ServiceExpectation("web", 2)]
    assert [check.name for check in settings.parsed_checks()] == ["port"]
    assert read_request(OPTIONS) == (None, GateSettings())


@pytest.mark.parametrize(
    ("wrong", "things"),
    [
        ({"project_name": None}, ["health check"]),
        ({"project_name": None, "services": [WEB], "checks": [TCP]}, ["services"]),
        (
            {"project_name": "", "checks": [{"name": "a", "type": "command", "argv": ["ls"], "service": "db"}]},
            ["check 'a'"],
        ),
        ({"services": [WEB, WEB]}, ["service web"]),
        (
            {"timeout": -1.0, "healthy_for": -0.5, "stable_for": float("inf"), "log_lines": -1},
            ["timeout", "healthy_for", "stable_for", "log_lines"],
        ),
        (
            {"log_lines": -1, "services": [{**WEB, "replicas": -2}]},
            ["log_lines", "replicas of service web"],
        ),
        ({"timeout": -1.0, "checks": [{**TCP, "port": 0}]}, ["timeout", "check 'port', key port"]),
    ],
)
def test_everything_wrong_is_named_at_once(wrong: dict[str, Any], things: list[str]) -> None:
    with pytest.raises(SlipwayError) as refusal:
        read_request({**OPTIONS, **wrong})
    assert [finding.thing for finding in refusal.value.findings] == things


def test_documentation_and_arguments_agree() -> None:
    documented = yaml.safe_load(health_check.DOCUMENTATION)["options"]
    assert sorted(documented) == sorted(health_check.ARGUMENT_SPEC)
    for name, spec in health_check.ARGUMENT_SPEC.items():
        assert documented[name].get("default") == spec.get("default")
        assert documented[name]["type"] == spec["type"]


def test_ansible_gets_a_result() -> None:
    result = run_module({"checks": [{"name": "true", "type": "command", "argv": ["true"]}]})
    assert result["passed"] is True
    assert result["changed"] is False
    assert result["summary"][0] == "1 of 1 checks passed: true"


def test_ansible_gets_a_readable_failure_without_secrets() -> None:
    check = {"name": "users", "type": "command", "argv": ["sh", "-c", "echo hunter22; exit 1"], "retries": 1}
    result = run_module({"checks": [check], "mask": ["hunter22"]})
    assert result["failed"] is True
    assert result["msg"].splitlines()[1:] == [
        "stack, check 'users':",
        "  expected: sh -c echo ********; exit 1 ends with exit code 0",
        "  seen: exit code 1 (1 attempt)",
        "  last lines:",
        "  | ********",
    ]
    assert "hunter22" not in json.dumps(result)


def test_an_engine_that_does_not_answer_is_a_finding() -> None:
    result = run_module({"project_name": "guestbook", "docker_host": "unix:///no/such.sock"})
    assert result["failed"] is True
    assert result["findings"][0]["thing"] == "Docker engine"
    assert "playbooks/bootstrap.yml" in result["msg"]


@pytest.mark.parametrize(
    ("library", "options"),
    [
        ("docker", {"project_name": "guestbook"}),
        ("requests", {"checks": [{"name": "a", "type": "http", "url": "http://127.0.0.1:1/"}]}),
        ("jmespath", {"checks": [{"name": "a", "type": "http", "url": "http://127.0.0.1:1/", "jmespath": "a"}]}),
    ],
)
def test_a_missing_library_names_its_package(tmp_path: Path, library: str, options: dict[str, Any]) -> None:
    (tmp_path / f"{library}.py").write_text(f"raise ImportError('No module named {library}')\n", encoding="utf-8")
    result = run_module(options, PYTHONPATH=str(tmp_path))
    assert result["failed"] is True
    assert result["findings"][0]["thing"] == f"Python library {library}"
    assert f"python3-{library}" in result["msg"]
    assert "playbooks/bootstrap.yml" in result["msg"]


PAGE = {
    "name": "page",
    "type": "http",
    "url": "http://127.0.0.1:1/?token=in-query&page=front",
    "headers": {"Authorization": "Bearer tok3n-in-header"},
    "body": {"password": "in-body"},
    "retries": 1,
}
TELL = {"name": "tell", "type": "command", "argv": ["echo", "in-header pw4you! 4711"], "exit_codes": [3], "retries": 1}


@pytest.mark.parametrize(
    ("checks", "told"),
    [
        ([PAGE], "GET http://127.0.0.1:1/?token=[masked token]&page=front answers"),
        ([TELL], "in-header [masked MAIL_PWD] 4711 ends with exit code 3"),
    ],
)
def test_neither_the_call_nor_the_result_shows_secrets(checks: list[dict[str, Any]], told: str) -> None:
    source = {"stack_env": {"MAIL_PWD": "pw4you!", "PORT": 4711}}
    result = run_module({"checks": checks, "timeout": 3, "source": source})
    assert result["failed"]
    assert "invocation" not in result
    for secret in ("in-query", "tok3n-in-header", "in-body", "pw4you!"):
        assert secret not in json.dumps(result), secret
    assert told in result["msg"]
