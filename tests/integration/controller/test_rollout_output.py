# SPDX-License-Identifier: GPL-3.0-or-later
"""What the rollout callback prints, in a real run of ansible-playbook."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.integration.controller.conftest import LocalProject

RESULTS = r"""
- name: Every kind of result
  hosts: one
  gather_facts: false
  tasks:
    - name: Say what was done
      report:
        result: {changed: true, summary: [first line, second line]}
    - name: Say it with a number
      report:
        result: {summary: 7}
    - name: Have nothing to say
      report:
        result: {changed: true}
    - name: Be skipped
      report:
        result: {summary: [never shown]}
      when: inventory_hostname == 'nobody'
    - name: Warn
      report:
        result: {warn: [a warning to keep]}
    - name: Keep a secret
      report:
        result: {summary: [canary-summary], warn: [canary-warning], changed: true}
      no_log: true
    - name: Fail with a secret
      report:
        result: {fails: true, msg: canary-message}
      no_log: true
      ignore_errors: true
    - name: Speak
      ansible.builtin.debug:
        msg: "message of debug\nover two lines"
    - name: Items
      report:
        result: {fails: "{{ item == 'b' }}", msg: "reason of {{ item }}", summary: ["item {{ item }}"]}
      loop: [a, b]
      loop_control: {label: "label-{{ item }}"}
      ignore_errors: true
    - name: Show a difference
      ansible.builtin.copy: {content: "new text\n", dest: "{{ playbook_dir }}/file", mode: "0600"}
    - name: A block with a way back
      block:
        - name: Break
          report:
            result: {fails: true, msg: "line one\nline two", findings: []}
      rescue:
        - name: Come back
          report:
            result: {summary: [came back]}
        - name: Fail loudly
          ansible.builtin.fail: {msg: it failed and came back}
"""

EXPECTED = """\
Every kind of result
  one  first line
  one  second line
  one  7
  one  (a warning is hidden: the task is marked no_log)
  one  failed (ignored)  Fail with a secret
      (the output is hidden: the task is marked no_log)
  one  message of debug
  one  over two lines
  one  item a
  one  failed (ignored)  Items (item=label-b)
      reason of b
  one  Show a difference
  one  failed (handled)  Break
      line one
      line two
  one  came back
  one  FAILED  Fail loudly
      it failed and came back
"""

BATCHES = """
- name: Roll it out
  hosts: stack_hosts
  serial: 1
  gather_facts: false
  tasks:
    - name: Do it
      report:
        result: {summary: [done]}
- name: For nobody
  hosts: nobody
  tasks: []
"""

TWO = r"""
- name: Nothing to do
  hosts: stack_hosts
  gather_facts: false
  tasks:
    - name: Be skipped
      ansible.builtin.fail: {msg: never}
      when: false
- name: Both
  hosts: stack_hosts
  gather_facts: false
  tasks:
    - name: Fail everywhere
      report:
        result: {fails: true, msg: "reason\nfailed after {{ 1 if inventory_hostname == 'one' else 2 }} s"}
      ignore_errors: true
    - name: Fail for all
      report:
        result: {fails: true, msg: no such tag}
      run_once: true
      ignore_errors: true
    - name: Speak of a release
      report:
        result: {summary: ["runs release 20261122T220000Z-1.1"]}
      throttle: 1
"""

EXPECTED_OF_TWO = """\
Both
  one     failed (ignored)  Fail everywhere
      reason
      failed after 1 s
  second  failed (ignored)  Fail everywhere: the same as on one
  all hosts  failed (ignored)  Fail for all
      no such tag
  one     runs release 20261122T220000Z-1.1
  second  runs release 1.1
"""

UNREACHABLE = """
- name: Reach out
  hosts: one
  gather_facts: false
  vars: {ansible_connection: ssh, ansible_host: 127.0.0.1, ansible_port: 1}
  tasks:
    - name: Do it
      report:
        result: {}
"""


def timed_lines(output: str) -> str:
    """Return the lines of the callback without their times, after the one that says when they begin."""
    first, *lines = [line[6:] for line in output.splitlines() if re.match(r"\d\d:\d\d ", line)]
    assert re.fullmatch(r"began \d\d:\d\d:\d\d UTC", first)
    return "".join(f"{line}\n" for line in lines)


@pytest.fixture
def ran(project: LocalProject) -> str:
    project.playbook("site", RESULTS)
    return project.ansible_playbook("site", "--diff").stdout


def test_only_what_matters_is_printed(ran: str) -> None:
    *lines, last = timed_lines(ran).splitlines(keepends=True)
    assert "".join(lines) == EXPECTED
    assert re.fullmatch(r"done in \d+\.\d s · 1 host: 0 ok, 1 failed\n", last)
    assert "a warning to keep" in ran
    assert "+new text" in ran
    assert "canary" not in ran
    assert "\x1b" not in ran


def test_verbose_shows_every_result_but_no_secret(project: LocalProject) -> None:
    project.playbook("site", RESULTS)
    output = project.ansible_playbook("site", "-v", "--check").stdout
    assert timed_lines(output).startswith("(check mode, nothing is changed)\nEvery kind of result\n")
    assert "TASK [Have nothing to say]" in output
    assert "skipping: [one]" in output
    assert "  one  first line\n" in output
    assert "canary" not in output


def test_batches_and_plays_for_nobody_are_told_apart(project: LocalProject) -> None:
    project.playbook("site", BATCHES)
    lines = timed_lines(project.ansible_playbook("site").stdout)
    batches = "Roll it out\n  one  done\nRoll it out (batch 2)\n  second  done\n"
    assert lines.startswith(f"{batches}For nobody\n  no host of the inventory matches")
    assert "2 hosts: 2 ok" in lines


def test_two_hosts_say_the_same_once_and_a_play_without_work_has_no_heading(project: LocalProject) -> None:
    project.playbook("site", TWO)
    # One after the other, or their order is nobody's.
    lines = timed_lines(project.ansible_playbook("site", "--forks", "1").stdout)
    assert lines.startswith(EXPECTED_OF_TWO)


def test_an_unreachable_host_comes_with_the_reason_and_the_remedy(project: LocalProject) -> None:
    project.playbook("site", UNREACHABLE)
    output = project.ansible_playbook("site").stdout
    assert "  one  UNREACHABLE  Do it\n" in output
    assert "Connection refused\n" in output
    assert "sshd runs" in output
