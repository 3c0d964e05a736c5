# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's side of a call with the code that is on the host already."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.slipway.compose.plugins.plugin_utils.later_call import answered, later_call

RELEASE, RUN = "20261122T220000Z-1.1", "20261122T214455Z-deploy-1f2e"
ARGUMENTS = {"state": "started", "stack": "shop", "release": RELEASE, "run": RUN, "guard_timeout": "900"}
UNANSWERED = (0, "", "")


class Action:
    """An action plugin as far as the call needs one; it answers as it was told to."""

    def __init__(self, answer: tuple[int, str, str], *, pipelining: bool = True, **task: Any) -> None:
        """Say how the host answers and how Ansible is set up."""
        self._answer = answer
        self._pipelining = pipelining
        self._task = SimpleNamespace(check_mode=False, async_val=0, **task)
        self.calls: list[tuple[str, bytes]] = []

    def _compute_environment_string(self) -> str:
        return ""

    def _is_pipelining_enabled(self, style: str) -> bool:
        return self._pipelining and style == "new"

    def _low_level_execute_command(self, command: str, in_data: bytes) -> dict[str, Any]:
        self.calls.append((command, in_data))
        return dict(zip(("rc", "stdout", "stderr"), self._answer, strict=True))


def test_the_host_gets_every_option_in_its_type_and_no_code() -> None:
    action = Action((0, '{"changed": true}\n', ""))
    assert later_call(action, ARGUMENTS) == {"changed": True}
    ((command, given),) = action.calls
    assert f"/var/lib/slipway/shop/releases/{RELEASE}/call.sh {RUN}" in command
    assert b'"guard_timeout": 900' in given
    assert b'"keep_releases": 5' in given
    assert b'"confirm": false' in given


@pytest.mark.parametrize("code", [97, 126, 127])
def test_the_module_is_sent_where_its_code_is_not(code: int) -> None:
    assert later_call(Action((code, "", "")), ARGUMENTS) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "prepared"},
        {"state": "rolled_back"},
        {"root": "~/stacks"},
        {"root": "$HOME/stacks"},
        {"guard_timeout": "soon"},
        {"release": None},
        {"unheard_of": 1},
    ],
)
def test_the_module_is_sent_where_it_has_to_judge(changes: dict[str, Any]) -> None:
    action = Action(UNANSWERED)
    assert later_call(action, {**ARGUMENTS, **changes}) is None
    assert not action.calls


def test_the_module_is_sent_where_ansible_does_not_pipeline() -> None:
    action = Action(UNANSWERED, pipelining=False)
    assert later_call(action, ARGUMENTS) is None
    assert not action.calls


def test_what_a_login_prints_is_passed_over() -> None:
    assert answered(RELEASE, 0, 'Welcome!\n{"changed": false}\n', "") == {"changed": False}


def test_a_program_that_was_ended_is_a_failure_that_says_so() -> None:
    result = answered(RELEASE, 137, "", "Killed\n")
    assert result["failed"]
    assert result["msg"].startswith(f"release {RELEASE}: expected the host's answer, seen exit 137, Killed")
