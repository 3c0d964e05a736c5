# SPDX-License-Identifier: GPL-3.0-or-later
"""The command lines of all verbs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.core.findings import SlipwayError
from scripts.playbook_run.arguments import ABOUT, Request, build_parser, parse_request
from scripts.playbook_run.extra_variables import RESERVED, parse_extra_variables, typed_value

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def inventories(tmp_path: Path) -> Path:
    for name in ("staging", "local"):
        (tmp_path / name).mkdir()
    (tmp_path / "README").touch()
    return tmp_path


def refused(verb: str, argv: list[str], inventories: Path) -> list[str]:
    with pytest.raises(SlipwayError) as caught:
        parse_request(verb, argv, inventories)
    return [finding.sentence() for finding in caught.value.findings]


def test_a_full_command_line_is_read(inventories: Path, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text("{}", encoding="utf-8")
    argv = [
        "staging",
        "--version",
        "1.2",
        "--limit",
        "host1",
        "--plan",
        str(plan),
        "--plan-sha256",
        "a" * 64,
        "--check",
        "--diff",
        "-vv",
    ]

    request = parse_request("deploy", [*argv, "-e", "a=1", "-e", "b=two words"], inventories)

    assert request == Request(
        verb="deploy",
        environment="staging",
        version="1.2",
        plan=plan,
        plan_sha256="a" * 64,
        limit="host1",
        check=True,
        diff=True,
        verbosity=2,
        extra={"a": 1, "b": "two words"},
    )
    assert request.playbook_variables() == {
        "a": 1,
        "b": "two words",
        "stack_version": "1.2",
        "stack_plan_file": str(plan),
        "stack_plan_sha256": "a" * 64,
    }


def test_an_approval_is_bound_to_the_content(inventories: Path, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text("{}", encoding="utf-8")
    argv = ["local", "--version", "1", "--plan", str(plan), "--plan-sha256", "0" * 64]
    request = parse_request("deploy", argv, inventories)
    assert request.playbook_variables()["stack_plan_sha256"] == "0" * 64
    for wrong in ("", "0" * 63, "0" * 12, "A" * 64, "0" * 64 + "\n"):
        (sentence,) = refused("deploy", [*argv[:-1], wrong], inventories)
        assert sentence.startswith("--plan-sha256: expected a SHA-256")
    (sentence,) = refused("deploy", ["local", "--version", "1", *argv[5:]], inventories)
    assert sentence.startswith("--plan-sha256: expected a plan that has this hash, seen no --plan.")


def test_a_rollback_names_its_release(inventories: Path) -> None:
    request = parse_request("rollback", ["local", "--to", "20261122T214500Z-1.1"], inventories)
    assert request.playbook_variables() == {"stack_release": "20261122T214500Z-1.1"}


@pytest.mark.parametrize(("text", "seconds"), [("0", 0), ("600", 600)])
def test_a_run_may_wait_for_another(text: str, seconds: int, inventories: Path) -> None:
    request = parse_request("deploy", ["local", "--version", "1", "--lease-wait", text], inventories)
    assert request.playbook_variables() == {"stack_version": "1", "stack_lease_wait": seconds}


@pytest.mark.parametrize("text", ["", "-1", "1.5", "10m", "1" * 7])
def test_a_malformed_wait_is_refused(text: str, inventories: Path) -> None:
    assert refused("rollback", ["local", f"--lease-wait={text}"], inventories)[0].startswith("--lease-wait: ")


def test_unlock_names_the_run(inventories: Path) -> None:
    request = parse_request("unlock", ["local", "--run", "20261122T214500Z-deploy-3f2a1c"], inventories)
    assert request.playbook_variables() == {"stack_unlock_run": "20261122T214500Z-deploy-3f2a1c"}
    assert refused("unlock", ["local", "--run", "a/b"], inventories)[0].startswith("--run: ")


def test_continue_names_a_run_of_its_own(inventories: Path) -> None:
    request = parse_request("continue", ["local", "--run", "20261122T214500Z-deploy-3f2a1c"], inventories)
    assert request.playbook_variables() == {"stack_continue_run": "20261122T214500Z-deploy-3f2a1c"}


def test_everything_wrong_is_said_at_once(inventories: Path) -> None:
    argv = ["nowhere", "--version", "-1", "--limit", " ", "--plan", "/nonexistent/plan.json", "-e", "x", "-e", "1=2"]
    sentences = refused("deploy", [argv[0], "--version=-1", *argv[3:]], inventories)

    assert len(sentences) == 6
    assert "local, staging" in sentences[0]
    assert "README" not in sentences[0]
    for thing, sentence in zip(
        ("environment", "--version", "--limit", "--plan", "-e number 1", "-e number 2"), sentences, strict=True
    ):
        assert sentence.startswith(f"{thing}: expected ")


@pytest.mark.parametrize("name", ["", ".", "..", "staging/", "../staging", "README"])
def test_only_a_folder_of_inventories_is_an_environment(name: str, inventories: Path) -> None:
    assert refused("status", [name], inventories)[0].startswith("environment: ")


@pytest.mark.parametrize("version", ["", "-1", ".1", "1 2", "1/2", "v" * 65, "1\n", "$(id)", "é"])
def test_a_malformed_version_is_refused(version: str, inventories: Path) -> None:
    assert refused("deploy", ["local", f"--version={version}"], inventories)[0].startswith("--version: ")


@pytest.mark.parametrize("version", ["1", "1.10", "v2.0_rc-1", "2026-11-22", "a" * 64])
def test_a_sound_version_is_taken(version: str, inventories: Path) -> None:
    assert parse_request("plan", ["local", "--version", version], inventories).version == version


@pytest.mark.parametrize(
    ("content", "seen"),
    [("not json", "Expecting value"), ("[1]", "a list"), ("[" * 10**5, "nested")],
    ids=["text", "list", "deep"],
)
def test_a_plan_must_be_a_json_object(content: str, seen: str, inventories: Path, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text(content, encoding="utf-8")
    (sentence,) = refused("deploy", ["local", "--version", "1", "--plan", str(plan)], inventories)
    assert seen in sentence


@pytest.mark.parametrize("sha256", ["", "a" * 63, "A" * 64, "a" * 64 + "\n"])
def test_a_hash_that_no_plan_can_have_is_refused(sha256: str, inventories: Path, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text("{}", encoding="utf-8")
    argv = ["local", "--version", "1", "--plan", str(plan), f"--plan-sha256={sha256}"]
    assert refused("deploy", argv, inventories)[0].startswith("--plan-sha256: ")


def test_a_hash_needs_a_plan(inventories: Path) -> None:
    (sentence,) = refused("deploy", ["local", "--version", "1", "--plan-sha256", "a" * 64], inventories)
    assert sentence.startswith("--plan-sha256: expected a plan")


def test_an_unknown_option_is_a_finding_that_hides_its_value(inventories: Path) -> None:
    (sentence,) = refused("status", ["local", "--extra=password=canary"], inventories)
    assert "--extra=" in sentence
    assert "canary" not in sentence


def test_status_has_no_version(inventories: Path) -> None:
    assert refused("status", ["local", "--version", "1"], inventories)


@pytest.mark.parametrize("verb", list(ABOUT))
def test_help_tells_how_a_run_ends(verb: str) -> None:
    text = build_parser(verb).format_help()
    for word in ("refused", "rolled_back", "rollback_failed", "unknown", "var/runs", f"scripts/{verb}.sh ENV"):
        assert word in text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain", "plain"),
        ("", ""),
        ("true", True),
        ("null", None),
        ("3", 3),
        ("1.5", 1.5),
        ("1.10", "1.10"),
        ("1e3", "1e3"),
        ("007", "007"),
        ("NaN", "NaN"),
        ('"3"', "3"),
        ("[1, 2]", [1, 2]),
        ('{"a": "b=c"}', {"a": "b=c"}),
        ("yes", "yes"),
    ],
)
def test_a_value_is_json_only_where_nothing_is_lost(text: str, value: object) -> None:
    read = typed_value(text)
    assert (type(read), json.dumps(read)) == (type(value), json.dumps(value))


def test_the_value_keeps_its_equals_signs_and_the_last_one_wins() -> None:
    assert parse_extra_variables(["a=1", "a=b=c"]) == ({"a": "b=c"}, [])


@pytest.mark.parametrize("name", list(RESERVED))
def test_reserved_variables_are_refused_without_quoting_the_value(name: str) -> None:
    variables, (finding,) = parse_extra_variables([f"{name}=canary"])
    assert not variables
    assert "canary" not in finding.sentence()


@pytest.mark.parametrize("entry", ["@file.yml", "novalue", "a b=canary", "=canary", "a-b=canary", '{"a": "canary"}'])
def test_anything_but_a_name_and_a_value_is_refused(entry: str) -> None:
    variables, (finding,) = parse_extra_variables([entry])
    assert not variables
    assert "canary" not in finding.sentence()
