# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of a run: arguments and environment kept private, events, colour."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from scripts.playbook_run.launch import pack_environment, unpack_environment
from scripts.playbook_run.live_output import LiveOutput
from scripts.playbook_run.private_arguments import masked, take_arguments
from scripts.playbook_run.session import Project, ansible_environment, colour_variables


def test_values_are_hidden_in_the_process_list() -> None:
    given = ["staging", "-e", "a=canary", "-eb=canary", "--extra-vars=c=canary", "--version", "1"]
    assert masked(given) == ["staging", "-e", "a=********", "-eb=********", "--extra-vars=********", "--version", "1"]


def test_arguments_without_values_are_taken_as_they_are() -> None:
    assert take_arguments(["deploy", "staging", "--version", "1"]) == ["deploy", "staging", "--version", "1"]


def test_an_environment_survives_the_pipe() -> None:
    environment = {"A": "1", "B": "two=2\nlines", "EMPTY": "", "ODD": "\udcff"}
    unpacked = unpack_environment(pack_environment(environment))
    assert {os.fsdecode(name): os.fsdecode(value) for name, value in unpacked.items()} == environment


def test_host_keys_stay_verified_whatever_the_user_set() -> None:
    environment = {"ANSIBLE_HOST_KEY_CHECKING": "False", "PATH": "/bin"}
    chosen = ansible_environment(Project(Path("/p")), environment, terminal=False)
    assert chosen["ANSIBLE_HOST_KEY_CHECKING"] == chosen["ANSIBLE_SSH_HOST_KEY_CHECKING"] == "True"
    assert chosen["ANSIBLE_CONFIG"] == "/p/ansible.cfg"
    assert chosen["PATH"].endswith(":/bin")


@pytest.mark.parametrize(
    ("environment", "terminal", "expected"),
    [
        ({}, True, {"ANSIBLE_FORCE_COLOR": "1"}),
        ({}, False, {"ANSIBLE_NOCOLOR": "1"}),
        ({"NO_COLOR": "1"}, True, {"ANSIBLE_NOCOLOR": "1"}),
        ({"ANSIBLE_NOCOLOR": "1"}, True, {"ANSIBLE_NOCOLOR": "1"}),
        ({"ANSIBLE_FORCE_COLOR": "1"}, False, {}),
    ],
)
def test_colour_follows_the_terminal_and_the_user(
    environment: dict[str, str], expected: dict[str, str], *, terminal: bool
) -> None:
    assert colour_variables(environment, terminal=terminal) == expected


def event(name: str, pattern: str, **data: object) -> dict[str, Any]:
    return {"event": name, "stdout": "", "event_data": {"play_pattern": pattern, **data}}


def test_only_plays_for_targets_touch_targets() -> None:
    output = LiveOutput(None)
    output.take(event("runner_on_ok", "localhost", host="localhost"))
    output.take({"event": "verbose", "stdout": ""})
    assert not output.targets_touched
    output.take(event("runner_on_start", "stack_hosts", host="localhost"))
    assert output.targets_touched


def test_results_are_not_kept_and_lines_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    taken = event("runner_on_ok", "stack_hosts", host="a", res={"content": "canary"})
    taken["stdout"] = "one\r\ntwo"
    assert LiveOutput(None).take(taken)
    assert "res" not in taken["event_data"]
    assert capsys.readouterr().out == "one\ntwo\n"


def test_a_closed_pipe_does_not_stop_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w", buffering=1, encoding="utf-8") as stream:
        monkeypatch.setattr("sys.stdout", stream)
        output = LiveOutput(None)
        output.say("nobody reads this")
        output.say("nor this")
        monkeypatch.setattr(stream, "close", lambda: None, raising=False)


def test_no_line_is_taken_for_ours(capsys: pytest.CaptureFixture[str]) -> None:
    output = LiveOutput(None)
    output.say("verdict: unchanged · release 1.0\n::error::forged\x1b[31m · 1 host")
    output.take({"event": "warning", "stdout": "[WARNING]: junk\r\nverdict: deployed\n::add-mask::x\x1b[2J"})
    assert capsys.readouterr().out.splitlines() == [
        "verdict: unchanged · release 1.0 ::error::forged · 1 host",
        "[WARNING]: junk",
        "| verdict: deployed",
        "| ::add-mask::x",
    ]
