# SPDX-License-Identifier: GPL-3.0-or-later
"""scripts/deploy.sh and its like, through the real ansible-runner."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import stat
import subprocess
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.integration.controller.conftest import LocalProject

TIMEOUT_S = 60

DEPLOY = """
- name: Plan the release
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Show what came
      ansible.builtin.debug:
        msg:
          - "{{ stack_version }} {{ number | default(0) | type_debug }} {{ stack_plan_file | default('no plan') }}"
          - "{{ secret | default('') | length }} {{ lookup('env', 'CANARY') | length }}"
          - "{{ lookup('env', 'ANSIBLE_HOST_KEY_CHECKING') }}"
    - name: Stop before any target
      ansible.builtin.fail: {msg: the plan says no}
      when: stop | default(false)
- name: Roll it out
  hosts: stack_hosts
  gather_facts: false
  tasks:
    - name: Wait for long
      ansible.builtin.command: sleep 50
      when: wait | default(false)
    - name: Do it
      report:
        result: {changed: true, summary: ["runs {{ stack_version }}"], other: "{{ secret | default('') }}"}
- name: Report
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Write the verdict
      ansible.builtin.copy:
        dest: "{{ stack_runs_dir }}/{{ stack_run_id }}/verdict.json"
        content: '{"verdict": "rolled_back", "exit_code": 20, "release": "R1", "duration_s": 3.2, "hosts": {"one": {}}}'
        mode: "0600"
      when: not silent | default(false)
"""


def kept_files(project: LocalProject) -> list[Path]:
    return [path for path in (project.root / "var").rglob("*") if path.is_file()]


def test_the_playbooks_verdict_is_the_last_line_and_the_exit_code(project: LocalProject) -> None:
    project.playbook("deploy", DEPLOY)
    plan = project.root / "plan.json"
    plan.write_text("{}", encoding="utf-8")
    done = project.run(
        project.command(
            "deploy", "staging", "--version", "1.10", "--plan", str(plan), "-e", "number=3", "-e", "secret=canary-extra"
        ),
        CANARY="canary-environment",
    )

    assert done.returncode == 20
    run = project.last_run
    lines = done.stdout.splitlines()
    assert lines[-1] == f"verdict: rolled_back · release R1 · 1 host · 3.2 s · var/runs/{run.name}"
    assert f"localhost  1.10 int {plan}" in done.stdout
    assert "localhost  12 18" in done.stdout
    assert "localhost  True" in done.stdout
    assert re.search(r"^\d\d:\d\d   one +runs 1\.10$", done.stdout, re.MULTILINE)
    assert "\x1b" not in done.stdout
    assert re.fullmatch(r"\d{8}T\d{6}Z-deploy-[0-9a-f]{6}", run.name)
    assert (run / "artifacts" / "stdout").read_text(encoding="utf-8")


def test_no_secret_stays_and_everything_is_the_owners(project: LocalProject) -> None:
    project.playbook("deploy", DEPLOY)
    project.run(
        project.command("deploy", "staging", "--version", "1", "-e", "secret=canary-extra"), CANARY="canary-environment"
    )
    files = kept_files(project)
    assert len(files) > 10
    assert [path for path in files if b"canary" in path.read_bytes()] == []
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert stat.S_IMODE(project.last_run.stat().st_mode) == 0o700


def test_a_stop_before_any_target_is_a_refusal(project: LocalProject) -> None:
    project.playbook("deploy", DEPLOY)
    done = project.run(project.command("deploy", "staging", "--version", "1", "-e", "stop=true"))
    assert done.returncode == 10
    assert "the plan says no" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("verdict: refused · ")
    assert json.loads((project.last_run / "verdict.json").read_text(encoding="utf-8"))["exit_code"] == 10


def test_a_run_without_a_verdict_is_unknown(project: LocalProject) -> None:
    project.playbook("deploy", DEPLOY)
    done = project.run(project.command("deploy", "staging", "--version", "1", "-e", "silent=true"))
    assert done.returncode == 40
    assert "scripts/status.sh staging" in done.stdout


def test_a_broken_playbook_is_a_refusal_without_a_traceback(project: LocalProject) -> None:
    project.playbook("status", "- hosts: [")
    done = project.run(project.command("status", "staging"))
    assert done.returncode == 10
    assert "Traceback" not in done.stdout


def test_bad_input_leaves_nothing_behind(project: LocalProject) -> None:
    done = project.run(project.command("deploy", "nowhere", "-e", "stack_run_id=1"))
    assert done.returncode == 10
    *findings, last = done.stdout.splitlines()
    assert [line.split(":")[0] for line in findings] == ["environment", "--version", "-e number 1"]
    assert last == "verdict: refused (bad input) · 3 findings · nothing was touched"
    assert not (project.root / "var").exists()


def test_a_missing_environment_says_how_to_make_it(project: LocalProject) -> None:
    (project.root / ".venv").unlink()
    done = project.run(project.command("status", "staging"))
    assert done.returncode == 10
    assert "Run scripts/setup.sh." in done.stdout
    assert done.stdout.splitlines()[-1].startswith("verdict: refused")


def process_list(project: LocalProject) -> list[bytes]:
    commands = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            commands.append(path.read_bytes())
    return [command for command in commands if bytes(project.root) in command]


def test_a_cancelled_run_ends_in_order_and_hides_its_values_meanwhile(project: LocalProject) -> None:
    project.playbook("deploy", DEPLOY)
    command = project.command("deploy", "staging", "--version", "1", "-e", "wait=true", "-e", "secret=canary-extra")
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        watchdog = threading.Timer(TIMEOUT_S, process.kill)
        watchdog.start()
        line = ""
        while "Roll it out" not in line:
            line = process.stdout.readline()
            assert line, "the run ended too early"
        shown = process_list(project)
        process.send_signal(signal.SIGTERM)
        rest = process.stdout.read()
        watchdog.cancel()

    assert process.returncode == 40
    assert any(b"--arguments-from" in command for command in shown)
    assert any(b"ansible-playbook" in command for command in shown)
    assert not any(b"canary-extra" in command for command in shown)
    assert "SIGTERM: stopping Ansible" in rest
    assert "scripts/status.sh staging" in rest
    assert rest.splitlines()[-1].startswith("verdict: unknown · ")
    assert json.loads((project.last_run / "verdict.json").read_text(encoding="utf-8"))["verdict"] == "unknown"


def test_a_closed_terminal_cancels(project: LocalProject) -> None:
    project.playbook("deploy", DEPLOY)
    command = project.command("deploy", "staging", "--version", "1", "-e", "wait=true")
    process, terminal = pty.fork()
    if process == 0:
        os.execve(command[0], command, os.environ | {"TERM": "xterm"})  # noqa: S606
    shown = b""
    while b"Roll it out" not in shown:
        shown += os.read(terminal, 4096)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 40
    verdict = json.loads((project.last_run / "verdict.json").read_text(encoding="utf-8"))
    assert verdict["cut_off_by"] == "SIGHUP"
    assert process_list(project) == []


def on_a_terminal(command: list[str], **environment: str) -> str:
    # Whoever runs the tests may have asked for plain output.
    inherited = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    process, descriptor = pty.fork()
    if process == 0:
        os.execve(command[0], command, inherited | {"TERM": "xterm"} | environment)  # noqa: S606
    output = b""
    with os.fdopen(descriptor, "rb", buffering=0) as terminal, suppress(OSError):
        while chunk := terminal.read(4096):
            output += chunk
    os.waitpid(process, 0)
    return output.decode()


def test_a_terminal_gets_colour_unless_told_otherwise(project: LocalProject) -> None:
    project.playbook("deploy", DEPLOY)
    command = project.command("deploy", "staging", "--version", "1")
    coloured = on_a_terminal(command)
    assert re.search(r"\x1b\[[0-9;]+m\d\d:\d\d   one +runs 1\x1b\[0m\r\n", coloured)
    plain = on_a_terminal(command, NO_COLOR="1")
    assert re.search(r"\d\d:\d\d   one +runs 1\r\n", plain)
    assert "m00:0" not in plain
