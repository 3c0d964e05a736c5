# SPDX-License-Identifier: GPL-3.0-or-later
"""A call of the module with the collection's own code alone: what is sent, what runs, and when it is not for it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure

from ansible_collections.slipway.compose.plugins.plugin_utils.direct_call import answered, direct_call

RELEASE, RUN = "20261122T220000Z-1.1", "20261122T214455Z-deploy-1f2e"
ARGUMENTS = {"state": "started", "stack": "shop", "release": RELEASE, "run": RUN, "guard_timeout": "900"}
HERE = {"ansible_python_interpreter": sys.executable}


class Action:
    """An action plugin as far as the call needs one. Its host is this machine, unless it is told an exit status."""

    def __init__(self, code: int | None = None, *, pipelining: bool = True, environment: str = "", **task: Any) -> None:
        """Say how the host answers and how Ansible is set up."""
        self._code = code
        self._pipelining = pipelining
        self._environment = environment
        self._task = SimpleNamespace(**{"check_mode": False, "delegate_to": None, **task})
        self._templar = SimpleNamespace(template=lambda value: value.replace("{{ mine }}", sys.executable))
        self.calls: list[tuple[str, bytes]] = []

    def _compute_environment_string(self) -> str:
        return self._environment

    def _is_pipelining_enabled(self, style: str) -> bool:
        return self._pipelining and style == "new"

    def _low_level_execute_command(self, command: str, in_data: bytes) -> dict[str, Any]:
        self.calls.append((command, in_data))
        if self._code is not None:
            return {"rc": self._code, "stdout": "", "stderr": ""}
        ended = subprocess.run(["sh", "-c", command], input=in_data, capture_output=True, timeout=30, check=False)
        return {"rc": ended.returncode, "stdout": ended.stdout.decode(), "stderr": ended.stderr.decode()}


def given(action: Action) -> dict[str, Any]:
    """Return what the program is given after its code."""
    ((_command, sent),) = action.calls
    size, _line, rest = sent.partition(b"\n")
    decoded: dict[str, Any] = json.loads(rest[int(size) :])
    return decoded


def test_the_program_answers_as_the_module_does() -> None:
    action = Action()
    result = direct_call(action, {**ARGUMENTS, "stack": "no stack's name"}, HERE)
    assert result is not None
    assert result["failed"]
    assert "no stack's name" in result["msg"]
    assert result["findings"]


def test_no_traceback_is_seen_for_what_nobody_thought_of() -> None:
    result = direct_call(Action(), {**ARGUMENTS, "root": "/dev/null"}, HERE)
    assert result is not None
    assert result["failed"]
    assert "Traceback" not in result["msg"]


def test_the_host_gets_every_option_in_its_type() -> None:
    action = Action(0)
    direct_call(action, ARGUMENTS, HERE)
    options = given(action)["options"]
    assert (options["guard_timeout"], options["keep_releases"], options["confirm"]) == (900, 5, False)
    assert given(action)["check_mode"] is False


def test_the_host_hears_of_check_mode() -> None:
    action = Action(0, check_mode=True)
    direct_call(action, ARGUMENTS, HERE)
    assert given(action)["check_mode"] is True


def test_what_is_given_is_not_in_the_process_list() -> None:
    action = Action(0)
    direct_call(action, {**ARGUMENTS, "payload": "hush"}, HERE)
    ((command, sent),) = action.calls
    assert "hush" not in command
    assert b"hush" in sent


def test_the_environment_of_the_task_reaches_the_call() -> None:
    action = Action(environment="PYTHONVERBOSE=1")
    assert direct_call(action, ARGUMENTS, HERE) is not None
    assert action.calls[0][0].startswith("PYTHONVERBOSE=1 ")


@pytest.mark.parametrize(
    "variables",
    [
        {"ansible_python_interpreter": "{{ mine }}"},
        {"ansible_facts": {"discovered_interpreter_python": sys.executable}},
        {
            "ansible_python_interpreter": "auto_silent",
            "ansible_facts": {"discovered_interpreter_python": sys.executable},
        },
    ],
)
def test_the_interpreter_is_the_one_that_ansible_would_take(variables: dict[str, Any]) -> None:
    action = Action(0)
    direct_call(action, ARGUMENTS, variables)
    assert action.calls[0][0].startswith(f"{sys.executable} -B -c ")


def test_a_delegated_call_runs_with_the_other_hosts_interpreter() -> None:
    action = Action(0, delegate_to="other")
    other = {"other": {"ansible_python_interpreter": "/opt/python3"}}
    direct_call(action, ARGUMENTS, {**HERE, "ansible_delegated_vars": other})
    assert action.calls[0][0].startswith("/opt/python3 -B -c ")


@pytest.mark.parametrize("variables", [{}, {"ansible_python_interpreter": "python3 -O"}, {"ansible_facts": {}}])
def test_the_module_is_sent_where_ansible_has_to_find_the_interpreter(variables: dict[str, Any]) -> None:
    action = Action(0)
    assert direct_call(action, ARGUMENTS, variables) is None
    assert not action.calls


@pytest.mark.parametrize("code", [97, 126, 127])
def test_the_module_is_sent_where_the_interpreter_does_not_do(code: int) -> None:
    assert direct_call(Action(code), ARGUMENTS, HERE) is None


#: What a host's Python finds wrong, as code that runs before the program.
UNFIT = {
    "too old": "import sys; sys.version_info = (3, 8)",
    "no memfd_create": "import os; del os.memfd_create",
    "vm.memfd_noexec": "import os; os.memfd_create = lambda *_: os.open('/root/none/none', 0)",
    "no /proc": "import os; look = os.stat; os.stat = lambda at, **how: look(str(at).replace('/proc', '/no'), **how)",
}


@pytest.mark.parametrize("wrong", UNFIT)
def test_the_module_is_sent_where_the_program_cannot_begin(wrong: str, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(UNFIT[wrong], encoding="ascii")
    action = Action(environment=f"PYTHONPATH={tmp_path}")
    assert direct_call(action, ARGUMENTS, HERE) is None
    assert len(action.calls) == 1


def test_what_fails_within_the_program_is_no_reason_to_begin_it_again(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import json; json.load = None", encoding="ascii")
    result = direct_call(Action(environment=f"PYTHONPATH={tmp_path}"), ARGUMENTS, HERE)
    assert result is not None
    assert "exit 1, " in result["msg"]


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "resolved"},
        {"state": "prepared", "release": None},
        {"state": "prepared", "plan": {"a": 1}},
        {"root": "~/stacks"},
        {"root": "$HOME/stacks"},
        {"guard_timeout": "soon"},
        {"release": None},
        {"unheard_of": 1},
    ],
)
def test_the_module_is_sent_where_it_has_to_judge(changes: dict[str, Any]) -> None:
    action = Action(0)
    assert direct_call(action, {**ARGUMENTS, **changes}, HERE) is None
    assert not action.calls


def test_the_module_is_sent_where_ansible_does_not_pipeline() -> None:
    action = Action(0, pipelining=False)
    assert direct_call(action, ARGUMENTS, HERE) is None
    assert not action.calls


def test_what_a_login_prints_is_passed_over() -> None:
    assert answered("shop", 0, 'Welcome!\n{"changed": false}\n', "") == {"changed": False}


@pytest.mark.parametrize("said", ["[]", "null", "nothing", "[" * 10**5, "{"])
def test_what_is_no_answer_is_a_failure_that_says_so(said: str) -> None:
    assert answered("shop", 0, said, "")["msg"].startswith("stack shop: expected the host's answer, seen exit 0, ")


def test_a_file_in_the_current_folder_is_nobodys_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('mine')\n", encoding="ascii")
    monkeypatch.chdir(tmp_path)
    result = direct_call(Action(), {**ARGUMENTS, "stack": "no stack's name"}, HERE)
    assert result is not None
    assert "no stack's name" in result["msg"]


def test_a_program_that_was_ended_is_a_failure_that_says_so() -> None:
    result = answered("shop", 137, "", "Killed\n")
    assert result["failed"]
    assert result["msg"].startswith("stack shop: expected the host's answer, seen exit 137, Killed")


class Refusing(Action):
    """An action plugin whose connection ends before the input is sent, and then says something else, or nothing."""

    def __init__(self, *, then: str) -> None:
        super().__init__(0)
        self._then = then

    def _low_level_execute_command(self, command: str, in_data: bytes = b"") -> dict[str, Any]:
        self.calls.append((command, in_data))
        if in_data:
            message = "Data could not be sent to remote host '127.0.0.1'. Make sure this host can be reached over SSH."
            raise AnsibleConnectionFailure(message)
        if self._then:
            raise AnsibleConnectionFailure(self._then)
        return {"rc": 0, "stdout": "", "stderr": ""}


@pytest.mark.parametrize(
    ("then", "said"), [("Connection refused", "Connection refused"), ("", "Data could not be sent")]
)
def test_why_a_connection_ended_is_asked_where_ansible_did_not_wait_to_hear_it(then: str, said: str) -> None:
    action = Refusing(then=then)
    with pytest.raises(AnsibleConnectionFailure, match=said):
        direct_call(action, ARGUMENTS, HERE)
    assert action.calls[1:] == [("true", b"")]
