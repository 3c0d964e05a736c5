# SPDX-License-Identifier: GPL-3.0-or-later
"""What many hosts say in the same words is said once."""

from __future__ import annotations

from ansible_collections.slipway.compose.plugins.plugin_utils.said_once import FAILURES_IN_FULL, Rest, SaidOnce


def test_a_failure_is_said_by_one_host_and_the_others_are_named() -> None:
    said = SaidOnce()
    lines = ["FAILED  Start", "gate failed after 7.3 s"]
    assert said.shows("a", lines, FAILURES_IN_FULL)
    assert not said.shows("b", ["FAILED  Start", "gate failed after 9.1 s"], FAILURES_IN_FULL)
    assert said.shows("c", ["FAILED  Start", "something else"], FAILURES_IN_FULL)
    assert said.rest() == [Rest("b", "a", tuple(lines))]
    assert said.rest() == []


def test_of_200_hosts_four_speak_and_the_others_are_counted() -> None:
    said = SaidOnce()
    shown = [said.shows(f"web{number}", [f"ready web{number}"]) for number in range(200)]
    assert sum(shown) == 4
    (rest,) = said.rest()
    assert (rest.who, rest.first) == ("196 hosts (web4, web5, …)", "")


def test_the_next_task_begins_anew() -> None:
    said = SaidOnce()
    for name in "abcdef":
        said.shows(name, ["done"])
    assert said.rest()[0].who == "e, f"
    assert said.shows("a", ["done"])


def test_times_tell_no_hosts_apart_but_numbers_do() -> None:
    said = SaidOnce()
    assert said.shows("a", ["run R since 2026-11-27T22:47:34Z, ends in 51 s", "status 500"], 1)
    assert not said.shows("b", ["run R since 2026-11-27T22:47:35Z, ends in 50 s", "status 500"], 1)
    assert said.shows("c", ["run R since 2026-11-27T22:47:35Z, ends in 50 s", "status 404"], 1)
