# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers of hosts: what is believed of them, and that nonsense costs its host and nobody else."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.slipway.compose.plugins.plugin_utils.fleet.hook_events import PREPARED, subject
from ansible_collections.slipway.compose.plugins.plugin_utils.fleet.steps import collect
from ansible_collections.slipway.compose.plugins.plugin_utils.fleet.verdict import judge
from ansible_collections.slipway.compose.plugins.plugin_utils.host_answer import checked_answer

RELEASE, BEFORE = "20261122T214500Z-1.1", "20261121T090000Z-1.0"
DIGEST = "sha256:" + "0" * 64
FINDING = {"thing": "port 8080", "expected": "free", "seen": "taken", "remedy": "Free it."}
PREPARATION: dict[str, Any] = {
    "changed": True,
    "release": RELEASE,
    "unchanged": False,
    "current": BEFORE,
    "way_back": f"release {BEFORE}",
    "pulled": [f"registry.example.com/web@{DIGEST}"],
    "summary": ["ready"],
    "diff": {"before": "a\n", "after": "b\n"},
    "reversible": True,
}
HOOK = {
    "kind": "pre_deploy", "name": "migrate", "on": "target", "passed": True, "seen": "", "output": [],
    "duration_s": 0.1,
}  # fmt: skip
FAILURE = {"service": "web", "container": None, "check": "health", "expected": "healthy", "seen": "not", "logs": ["x"]}
GATE = {"passed": False, "duration_s": 3.2, "failures": [FAILURE], "observations": [], "checks": [], "notes": []}
LEASE = {
    "run": "run-7", "owner": "ada", "run_url": "", "taken_at": "", "phase": "prepared", "paused_at": "",
    "continued_by": "", "goes_on": False, "ends_in": 7,
}  # fmt: skip
STATUS: dict[str, Any] = {
    "changed": False, "current": RELEASE, "unfinished": None, "stands": True, "drift": [], "releases": [],
    "containers": [], "guard_in": None, "journal": [], "summary": [],
}  # fmt: skip


def test_an_answer_is_taken_as_it_is() -> None:
    assert checked_answer("release", PREPARATION, "prepared") == PREPARATION
    failed = {"failed": True, "changed": True, "release": None, "msg": "no", "gate": GATE, "failures": [FAILURE]}
    assert checked_answer("release", failed, "started") == failed
    assert checked_answer("release_info", STATUS) == STATUS
    lease = {"changed": True, "lease": LEASE, "summary": ["run-7 holds it"]}
    assert checked_answer("deploy_lease", lease) == lease
    assert checked_answer("deploy_lease", {"changed": False, "lease": None})["lease"] is None


@pytest.mark.parametrize(
    ("module", "state", "wrong"),
    [
        ("release", "prepared", {"release": "20260101T000000Z-1.0; touch /tmp/x; :"}),
        ("release", "prepared", {"release": RELEASE + "\n"}),
        ("release", "prepared", {"release": None}),
        ("release", "prepared", {"current": "previous"}),
        ("release", "prepared", {"unchanged": "no"}),
        ("release", "prepared", {"reversible": 0}),
        ("release", "prepared", {"changed": "yes"}),
        ("release", "prepared", {"failed": "no"}),
        ("release", "prepared", {"summary": "runs"}),
        ("release", "prepared", {"summary": [{"a": 1}]}),
        ("release", "prepared", {"findings": [{"a": 1}]}),
        ("release", "prepared", {"findings": [{**FINDING, "remedy": None}]}),
        ("release", "prepared", {"failed": True, "msg": ["no"]}),
        ("release", "prepared", {"failed": True}),
        ("release", "prepared", {"hooks": [{"name": "migrate"}]}),
        ("release", "prepared", {"hooks": [{**HOOK, "kind": "\x1b[2J"}]}),
        ("release", "prepared", {"pulled": ["web; id"]}),
        ("release", "prepared", {"gate": {"passed": True}}),
        ("release", "prepared", {"diff": [{}]}),
        ("release", "resolved", {"images": {"web:1": "sha256:eeee"}}),
        ("release", "resolved", {"images": {"web 1": DIGEST}}),
        ("release", "resolved", {"images": None}),
        ("release_info", None, {**STATUS, "current": "1.0\n::error::forged\x1b[31m"}),
        ("release_info", None, {**STATUS, "guard_in": -1}),
        ("release_info", None, {**STATUS, "guard_in": "soon"}),
        ("release_info", None, {**STATUS, "drift": "none"}),
        ("release_info", None, {**STATUS, "releases": [{"id": "../x"}]}),
        ("deploy_lease", None, {"lease": {**LEASE, "run": "$(id)"}}),
        ("deploy_lease", None, {"lease": {**LEASE, "ends_in": float("inf")}}),
        ("deploy_lease", None, {"lease": [LEASE]}),
        ("image_digest_info", None, {"images": {"web:1": "latest"}}),
    ],
    ids=str,
)
def test_nonsense_is_a_failure_that_says_where(module: str, state: str | None, wrong: dict[str, Any]) -> None:
    answer = {**PREPARATION, **wrong} if state == "prepared" else {"changed": False, **wrong}
    result = checked_answer(module, answer, state)
    assert result["failed"]
    assert {finding["thing"].partition(",")[0] for finding in result["findings"]} == {"the host's answer"}
    assert "touch /tmp" not in str(result.get("release"))
    assert result["msg"].isprintable() or "\n" in result["msg"]


def test_an_answer_that_lacks_what_others_need_is_none() -> None:
    result = checked_answer("release", {"changed": False, "summary": []}, "prepared")
    assert [finding["thing"].rpartition(" ")[2] for finding in result["findings"]] == [
        "release",
        "unchanged",
        "current",
    ]


def test_what_ansible_would_act_on_is_not_for_a_host_to_say() -> None:
    acted_on = {
        "add_host": {"host_name": "web2"}, "add_group": "all", "_ansible_no_log": False, "skipped": True,
        "unreachable": True, "results": [], "warnings": ["\x1b[2J"], "deprecations": [{}], "exception": "x",
        "ansible_facts": {"stack_src": "/", "discovered_interpreter_python": "/usr/bin/python3; id"}, "invocation": {},
        "called_at": 1e99, "plan": {"release": "x"}, "attention": ["x"], "verdict": {"verdict": "deployed"},
    }  # fmt: skip
    assert checked_answer("release", {**PREPARATION, **acted_on}, "prepared") == PREPARATION


def test_the_interpreter_that_ansible_found_is_kept() -> None:
    facts = {"discovered_interpreter_python": "/usr/bin/python3.11"}
    result = checked_answer("release", {**PREPARATION, "ansible_facts": {**facts, "a": 1}}, "prepared")
    assert result["ansible_facts"] == facts


def test_what_ansible_says_of_a_module_that_broke_is_kept() -> None:
    said = {"failed": True, "msg": "no result", "module_stdout": "Killed\x1b[0m", "module_stderr": "", "rc": 137}
    assert checked_answer("release", said, "started") == {**said, "module_stdout": "Killed"}


def test_texts_are_printable() -> None:
    odd = "\x1b[31mready\x1b[0m\nverdict: deployed\x07 ##[add-mask]x"
    result = checked_answer("release", {**PREPARATION, "summary": [odd], "way_back": odd}, "prepared")
    assert result["summary"] == [result["way_back"]] == ["ready\nverdict: deployed # #[add-mask]x"]


def test_a_host_that_answers_nonsense_costs_only_itself() -> None:
    def told(answer: dict[str, Any]) -> dict[str, Any]:
        return {"__stack_prepare": checked_answer("release", answer, "prepared")}

    good = told(PREPARATION)
    hostvars = {
        "web1": good,
        "web2": told({**PREPARATION, "findings": [{"a": 1}], "failed": True, "msg": "x"}),
        "web3": told({**PREPARATION, "hooks": [{}], "current": "\x1b[2J"}),
    }
    verdict = judge(collect(hostvars, hostvars), RELEASE)
    assert verdict.word == "refused"
    assert verdict.hosts["web1"].state == "untouched"
    for name in ("web2", "web3"):
        assert verdict.hosts[name].state == "refused"
        assert verdict.hosts[name].error.startswith("the host's answer, key ")
    assert subject(PREPARED, collect(hostvars, hostvars)).release == BEFORE
