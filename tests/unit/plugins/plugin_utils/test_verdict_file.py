# SPDX-License-Identifier: GPL-3.0-or-later
"""What verdict.json holds, whoever writes it."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.slipway.compose.plugins.plugin_utils.fleet.causes import Cause
from ansible_collections.slipway.compose.plugins.plugin_utils.fleet.verdict import HostVerdict, Verdict
from ansible_collections.slipway.compose.plugins.plugin_utils.verdict_file import (
    as_file,
    last_known,
    parse_verdict,
    read_verdict,
    write_findings,
    write_verdict,
)

CAUSE = Cause("forward", "gate", "web", "up", "down", logs=("a line",))
HOSTS = {"a": HostVerdict("rolled_back", "R0", "it broke", causes=(CAUSE,))}
OF_PLAYBOOK = Verdict("rolled_back", "a: is back", HOSTS, "R1", "abc", 12.34, stack="shop", reason="busy")
BY_SCRIPTS = Verdict("unknown", "cut off", HOSTS, duration_s=1.0, by_scripts=True, cut_off_by="SIGINT")
STATED: dict[str, Any] = {
    "verdict": "rolled_back",
    "exit_code": 20,
    "message": "a: is back",
    "hosts": {
        "a": {
            "state": "rolled_back",
            "release": "R0",
            "error": "it broke",
            "outlook": "",
            "known": "",
            "last_known": None,
            "causes": [
                {
                    "phase": "forward",
                    "kind": "gate",
                    "thing": "web",
                    "expected": "up",
                    "seen": "down",
                    "remedy": "",
                    "logs": ["a line"],
                    "for_all": False,
                }
            ],
        }
    },
    "release": "R1",
    "plan_sha256": "abc",
    "duration_s": 12.3,
    "run": "RUN",
    "stack": "shop",
    "reason": "busy",
}


@pytest.mark.parametrize(
    ("verdict", "stated"),
    [
        (OF_PLAYBOOK, STATED),
        (replace(OF_PLAYBOOK, hooks=[{"name": "smoke"}]), {**STATED, "hooks": [{"name": "smoke"}]}),
        (replace(OF_PLAYBOOK, duration_s=None), {**STATED, "duration_s": None}),
        (replace(OF_PLAYBOOK, by_scripts=True), {**STATED, "cut_off_by": None}),
        (replace(OF_PLAYBOOK, by_scripts=True, cut_off_by="SIGHUP"), {**STATED, "cut_off_by": "SIGHUP"}),
    ],
)
def test_what_the_file_states(verdict: Verdict, stated: dict[str, Any]) -> None:
    assert as_file(verdict, "RUN") == stated


def test_a_verdict_is_read_and_printed() -> None:
    verdict = parse_verdict(
        json.dumps(
            {"verdict": "rolled_back", "exit_code": 20, "release": "R1", "duration_s": 12.34, "hosts": {"a": {}}}
        )
    )
    assert verdict.last_line("var/runs/x") == "verdict: rolled_back · release R1 · 1 host · 12.3 s · var/runs/x"
    assert verdict.exit_code == 20


def test_the_last_line_counts_apart_who_was_left_out() -> None:
    states = {"a": "deployed", "b": "skipped", "c": "deployed"}
    hosts = {name: HostVerdict(state, None, "") for name, state in states.items()}
    line = Verdict("deployed", hosts=hosts, duration_s=1.0).last_line("x")
    assert line == "verdict: deployed · 2 hosts · 1 LEFT OUT · 1.0 s · x"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "Expecting value"),
        ("[]", "JSON object"),
        ('{"verdict": "fine", "exit_code": 0}', "'verdict' must be one of"),
        ('{"verdict": ["deployed"], "exit_code": 0}', "'verdict' must be one of"),
        ('{"verdict": "rolled_back", "exit_code": 0}', "'exit_code' must be 20"),
        ('{"verdict": "deployed"}', "'exit_code' must be 0"),
    ],
)
def test_a_verdict_that_contradicts_itself_is_none(content: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_verdict(content)


@pytest.mark.parametrize("verdict", [replace(OF_PLAYBOOK, duration_s=None, hooks=[{"name": "smoke"}]), BY_SCRIPTS])
def test_what_is_written_can_be_read_and_belongs_to_its_owner(verdict: Verdict, tmp_path: Path) -> None:
    assert write_verdict(tmp_path, verdict)["run"] == tmp_path.name
    assert read_verdict(tmp_path) == verdict
    (path,) = tmp_path.iterdir()
    assert (path.name, stat.S_IMODE(path.stat().st_mode)) == ("verdict.json", 0o600)


@pytest.mark.parametrize(
    ("word", "reason", "line"),
    [
        ("refused", "busy", "verdict: refused (busy) · 0.0 s · x"),
        ("rolled_back", "interrupted", "verdict: rolled_back (interrupted) · 0.0 s · x"),
        # Nothing is said to be unchanged where a run only looks.
        ("unchanged", "healthy", "verdict: healthy · 0.0 s · x"),
        ("unchanged", "", "verdict: unchanged · 0.0 s · x"),
    ],
)
def test_the_last_line_says_why(word: str, reason: str, line: str) -> None:
    assert Verdict(word, reason=reason).last_line("x") == line


def test_what_earlier_runs_saw_of_a_host_is_found(tmp_path: Path) -> None:
    def ran(run: str, stack: str, **releases: str | None) -> None:
        (tmp_path / run).mkdir()
        hosts = {name: HostVerdict("deployed", release, "") for name, release in releases.items()}
        write_verdict(tmp_path / run, Verdict("deployed", hosts=hosts, stack=stack))

    ran("1", "shop", a="R1", b="R1", c="R1")
    ran("2", "shop", a="R2", b=None)
    ran("3", "other", a="R3", b="R3")
    ran("5", "shop", a="R5", b="R5")
    (tmp_path / "2b").mkdir()
    (tmp_path / "2b" / "verdict.json").write_text("{", encoding="utf-8")
    assert last_known(tmp_path / "4", "shop", ["a", "b", "d"]) == {"a": "R2", "b": "R1"}
    assert last_known(tmp_path / "gone" / "4", "shop", ["a"]) == {}


def test_findings_get_a_file_of_their_own_if_there_are_any(tmp_path: Path) -> None:
    write_findings(tmp_path, Verdict("deployed", hosts={"a": HostVerdict("deployed", "R1", "")}))
    assert not list(tmp_path.iterdir())
    write_findings(tmp_path, OF_PLAYBOOK)
    (path,) = tmp_path.iterdir()
    assert (path.name, stat.S_IMODE(path.stat().st_mode)) == ("findings.txt", 0o600)
    assert path.read_text(encoding="utf-8") == "a: web\n  expected: up\n  seen: down\n  | a line\n\n"
