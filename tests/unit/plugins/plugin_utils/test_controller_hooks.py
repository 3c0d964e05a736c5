"""Hooks on the controller: what they are told, and what the report is told of all hooks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.slipway.compose.plugins.module_utils.stack.bundle import BundledFile, FileBundle
from ansible_collections.slipway.compose.plugins.module_utils.stack.hooks import ON_FAILURE, PRE_DEPLOY, PRE_ROLLBACK
from ansible_collections.slipway.compose.plugins.plugin_utils.controller_hooks import (
    ControllerRun,
    failure_lines,
    told_hooks,
)
from ansible_collections.slipway.compose.plugins.plugin_utils.fleet.hook_events import Subject

RELEASE = "20260101T000000Z-1.1-rc"
HOOKS: dict[str, Any] = {
    PRE_DEPLOY: [
        {"name": "tell", "command": ["sh", "-c", "env | grep ^SLIPWAY_ | sort; pwd"], "on": "controller"},
        {"name": "on a target", "command": ["false"]},
        {"name": "fails", "command": ["sh", "-c", "echo no $SLIPWAY_STACK canary-value; exit 4"], "on": "controller"},
        {"name": "never", "command": ["true"], "on": "controller"},
    ],
    ON_FAILURE: [{"name": "call", "command": ["./call.sh"], "on": "controller"}],
}


def controller(folder: Path, bundle: FileBundle | None = None, **variables: object) -> ControllerRun:
    known = {"stack_name": "shop", "stack_hooks": HOOKS, "stack_env": {"TOKEN": "canary-value"}}
    return ControllerRun({**known, **variables}, folder, "run-7", ["web1", "web2"], bundle)


def test_they_know_the_run(tmp_path: Path) -> None:
    told, failed = controller(tmp_path).hooks(Subject(PRE_DEPLOY, RELEASE, "20251231T000000Z-1.0"))
    assert told.output == (
        "SLIPWAY_HOOK=pre_deploy",
        "SLIPWAY_HOST=localhost",
        "SLIPWAY_HOSTS=web1,web2",
        "SLIPWAY_PREVIOUS_RELEASE=20251231T000000Z-1.0",
        f"SLIPWAY_RELEASE={RELEASE}",
        "SLIPWAY_RUN=run-7",
        "SLIPWAY_STACK=shop",
        "SLIPWAY_VERSION=1.1-rc",
        str(tmp_path),
    )
    assert (failed.hook.name, failed.stops, failed.output) == ("fails", True, ("no shop [masked TOKEN]",))


def test_they_repeat_no_secret_of_the_stack(tmp_path: Path) -> None:
    compose = b"services: {web: {env_file: live.settings}}\nsecrets: {deed: {file: ./keys/deed}}\n"
    contents = {"compose.yaml": compose, "keys/deed": b"QUJDmiddleline\n", "live.settings": b"OWNER=blue-sofa-7\n"}
    files = tuple(BundledFile(path, executable=False, content=content) for path, content in contents.items())
    say = {"name": "say", "command": ["echo", "QUJDmiddleline blue-sofa-7 let-me-in 1.1-rc"], "on": "controller"}
    run = controller(
        tmp_path,
        stack_hooks={PRE_DEPLOY: [say]},
        stack_health_checks=[{"headers": {"X-Key": "let-me-in"}}],
        bundle=FileBundle(files, {}, ("compose.yaml",)),
    )
    (report,) = run.hooks(Subject(PRE_DEPLOY, RELEASE, ""))
    assert report.output == ("[masked keys/deed] [masked OWNER] [masked header X-Key] 1.1-rc",)


def test_a_program_of_the_stack_is_run_from_its_folder(tmp_path: Path) -> None:
    script = tmp_path / "call.sh"
    script.write_text("#!/bin/sh\necho $SLIPWAY_VERDICT $SLIPWAY_RELEASE\n")
    script.chmod(0o700)
    (report,) = controller(tmp_path).hooks(Subject(ON_FAILURE, "", ""), {"SLIPWAY_VERDICT": "refused"})
    assert report.output == ("refused",)
    script.unlink()
    (report,) = controller(tmp_path).hooks(Subject(ON_FAILURE, "", ""))
    assert not report.passed
    assert "call.sh cannot be run: No such file" in report.seen


def test_wrong_hooks_run_not_at_all_and_a_way_back_says_so(tmp_path: Path) -> None:
    wrong = {**HOOKS, "never": []}
    assert controller(tmp_path, stack_hooks=wrong).hooks(Subject(ON_FAILURE, "", "")) == []
    (report,) = controller(tmp_path, stack_hooks=wrong).hooks(Subject(PRE_ROLLBACK, RELEASE, ""))
    assert (report.passed, report.stops) == (False, False)
    assert "stack_hooks.never: expected an event that Slipway knows" in report.seen
    assert controller(tmp_path, stack_hooks=None).hooks(Subject(ON_FAILURE, "", "")) == []


def test_the_report_is_told_of_every_hook_once() -> None:
    def ended(name: str, *, passed: bool = True) -> dict[str, Any]:
        return {"kind": PRE_DEPLOY, "name": name, "passed": passed, "seen": "exit code 1 after 0.1 s"}

    outside = {"hooks": [ended("outside", passed=False)]}
    hostvars: dict[str, dict[str, Any]] = {
        "web1": {"__stack_prepare": {"hooks": [ended("here")]}, "__stack_start": {"failed": False}},
        "web2": {"__stack_prepare": {"hooks": [ended("here", passed=False)]}, "__stack_hooks_before": outside},
        "web3": {"__stack_hooks_before": outside},
    }
    told = told_hooks(hostvars, list(hostvars))
    assert [(one["name"], one["host"]) for one in told] == [
        ("here", "web1"),
        ("here", "web2"),
        ("outside", "localhost"),
    ]
    assert failure_lines(told) == [
        "hook: pre_deploy 'here' failed on web2: exit code 1 after 0.1 s",
        "hook: pre_deploy 'outside' failed on localhost: exit code 1 after 0.1 s",
    ]
