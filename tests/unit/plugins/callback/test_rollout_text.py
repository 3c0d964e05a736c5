# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of the rollout output."""

from __future__ import annotations

import pytest

from ansible_collections.slipway.compose.plugins.plugin_utils import rollout_text as text
from ansible_collections.slipway.compose.plugins.plugin_utils.rollout_text import HostTally


@pytest.mark.parametrize(
    ("seconds", "clock"), [(-1, "00:00"), (0.9, "00:00"), (7, "00:07"), (754, "12:34"), (3723, "1:02:03")]
)
def test_time_reads_like_a_clock(seconds: float, clock: str) -> None:
    assert text.elapsed(seconds) == clock


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("slipway.compose.stack : Gate the release", "Gate the release"),
        ("stack : Gate : again", "Gate : again"),
        ("Gate the release: now", "Gate the release: now"),
        ("two words : stay", "two words : stay"),
        (None, "None"),
    ],
)
def test_a_title_has_no_role_before_it(name: object, title: str) -> None:
    assert text.task_title(name) == title


@pytest.mark.parametrize(
    ("value", "lines"),
    [
        (None, []),
        ("", []),
        (" \n", []),
        ("a\r\nb  \n", ["a", "b"]),
        (b"a\xff", ["a\ufffd"]),
        (["a\nb", 3, None, ["c"]], ["a", "b", "3", "c"]),
        ({"a": 1}, ["{", '  "a": 1', "}"]),
        (True, ["True"]),
        ("\x1b[2J\x1b]0;title\x07red\x1b[0m\x00\x9b", ["red"]),
        ("a\tb", ["a\tb"]),
        ("over\rwritten", ["overwritten"]),
    ],
)
def test_any_value_becomes_lines_that_a_terminal_only_shows(value: object, lines: list[str]) -> None:
    assert text.as_lines(value) == lines


@pytest.mark.parametrize(
    ("result", "lines"),
    [
        ({"summary": ["a", "b"]}, ["a", "b"]),
        ({"summary": "a"}, ["a"]),
        ({"summary": 7}, ["7"]),
        ({}, []),
        (None, []),
        ({"summary": ["canary"], "_ansible_no_log": True}, []),
        ({"summary": ["canary"], "censored": "hidden"}, []),
    ],
)
def test_a_summary_is_shown_unless_it_is_secret(result: object, lines: list[str]) -> None:
    assert text.summary_lines(result) == lines


@pytest.mark.parametrize(
    ("result", "lines"),
    [
        ({"attention": ["LEFT OUT"], "summary": ["a"]}, ["LEFT OUT"]),
        ({"summary": ["a"]}, []),
        (None, []),
        ({"attention": ["canary"], "censored": "hidden"}, []),
    ],
)
def test_what_nobody_may_overlook_is_shown_unless_it_is_secret(result: object, lines: list[str]) -> None:
    assert text.attention_lines(result) == lines


@pytest.mark.parametrize(
    ("result", "lines"),
    [
        ({"msg": "Task failed: one\ntwo"}, ["one", "two"]),
        ({"msg": "ours", "findings": [], "stderr": "not shown"}, ["ours"]),
        ({"msg": "theirs", "rc": 3, "stderr": "e", "stdout": "o"}, ["theirs", "exit code: 3", "stderr:", "  e"]),
        ({"msg": "theirs", "rc": 3, "stderr": "", "stdout": "o"}, ["theirs", "exit code: 3", "stdout:", "  o"]),
        ({"msg": "no", "assertion": "a == b"}, ["no", "assertion: a == b"]),
        ({"reason": "why"}, ["why"]),
        ({"msg": {"odd": 1}}, ["{", '  "odd": 1', "}"]),
        ({"msg": "canary", "_ansible_no_log": True}, [text.CENSORED]),
        ({"censored": "x"}, [text.CENSORED]),
        ("bare text", ["bare text"]),
        (None, ["(no reason given)"]),
    ],
)
def test_a_failure_says_why_in_full(result: object, lines: list[str]) -> None:
    assert text.failure_lines(result) == lines


def test_a_failure_without_a_reason_says_how_to_see_more() -> None:
    assert "-v" in text.failure_lines({})[0]


def test_only_the_end_of_a_long_stream_is_shown() -> None:
    lines = text.failure_lines({"msg": "m", "stderr": "\n".join(map(str, range(100)))})
    assert lines[:2] == ["m", "stderr:"]
    assert lines[2:] == [f"  {number}" for number in range(80, 100)]


@pytest.mark.parametrize(
    ("reason", "remedy"),
    [
        ("Task failed: Failed to connect to the host via ssh: Host key verification failed.", "known_hosts"),
        ("No ED25519 host key is known for h and you have requested strict checking.", "known_hosts"),
        ("deploy@h: Permission denied (publickey).", "authorized_keys"),
        ("ssh: Could not resolve hostname h: Name or service not known", "ansible_host"),
        ("ssh: connect to host h port 22: Connection refused", "sshd"),
        ("ssh: connect to host h port 22: Connection timed out", "firewall"),
        ("something else", "ssh"),
    ],
)
def test_an_unreachable_host_comes_with_what_to_do(reason: str, remedy: str) -> None:
    lines = text.unreachable_lines({"msg": reason})
    assert lines[0] == reason.removeprefix("Task failed: ")
    assert remedy in lines[-1]


def test_an_unreachable_result_may_be_secret_or_odd() -> None:
    assert text.unreachable_lines({"msg": "canary", "_ansible_no_log": True})[0] == text.CENSORED
    assert text.unreachable_lines(None)[0] == "(no reason given)"


@pytest.mark.parametrize(
    ("hosts", "line"),
    [
        ({"a": HostTally(), "localhost": HostTally()}, "done in 12.3 s · 1 host: 1 ok"),
        ({"localhost": HostTally()}, "done in 12.3 s · 1 host: 1 ok"),
        ({}, "done in 12.3 s"),
        (
            {"a": HostTally(failures=1), "b": HostTally(failures=1, unreachable=1), "c": HostTally()},
            "done in 12.3 s · 3 hosts: 1 ok, 1 failed, 1 unreachable",
        ),
        (
            {"a": HostTally(), "localhost": HostTally(failures=1)},
            "done in 12.3 s · 1 host: 1 ok · the controller's own tasks failed",
        ),
    ],
)
def test_the_last_line_counts_targets(hosts: dict[str, HostTally], line: str) -> None:
    assert text.recap(12.34, hosts) == line


def test_a_releases_id_is_written_once_and_then_its_version() -> None:
    names = text.ReleaseNames()
    one, other = "20261122T220000Z-1.1", "20261123T080000Z-1.1"
    assert names.shortened(f"ready for release {one}: as it is") == f"ready for release {one}: as it is"
    assert names.shortened(f"Release {one}") == f"Release {one}"
    assert names.shortened(f"confirmed release {one}") == "confirmed release 1.1"
    # What is to be typed stays whole, and so do the IDs of runs.
    kept = f"sh /var/lib/slipway/shop/releases/{one}/rollback.sh, --to {one}, run {one}, also kept: {one}"
    assert names.shortened(kept) == kept
    # From here on the version would name two.
    assert names.shortened(f"to release {other}") == f"to release {other}"
    assert names.shortened(f"to release {one}") == f"to release {one}"


def test_the_lines_of_a_verdict_belong_to_its_parts() -> None:
    lines = ["rolled_back: it failed", "BROKE  a", "         seen: b", "RUNS   c", "NEXT   d", "       e"]
    assert [part for part, _line in text.verdict_parts(lines)] == ["", "BROKE", "BROKE", "RUNS", "NEXT", "NEXT"]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (
            "Failed to connect to the host via ssh: ssh: connect to host 10.0.0.1 port 22: Connection refused",
            ("10.0.0.1:22", "Connection refused"),
        ),
        (
            'Data could not be sent to remote host "h". Make sure: ssh: connect to host h port 22: No route to host',
            ("h:22", "No route to host"),
        ),
        ("Warning: x\ndeploy@h: Permission denied (publickey).", ("", "deploy@h: Permission denied (publickey).")),
        ("", ("", "no reason")),
    ],
)
def test_why_a_host_does_not_answer_is_one_line_and_an_address(said: str, reason: tuple[str, str]) -> None:
    assert text.unreachable_reason(said) == reason
