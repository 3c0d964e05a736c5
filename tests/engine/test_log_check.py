"""Checks of type log against real logs."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.core.masking import Masker
from ansible_collections.slipway.compose.plugins.module_utils.gate.health import ServiceExpectation
from tests.engine.quick_gate import WEB, gate, only_failure

if TYPE_CHECKING:
    from tests.engine.conftest import Stack


def log(regex: str, **settings: Any) -> list[dict[str, Any]]:
    return [{"name": "log", "type": "log", "service": "web", "regex": regex, "interval": 0.2, **settings}]


def test_a_line_of_every_replica_passes(stack: Stack) -> None:
    stack.run("web", "echo ready 1; exec sleep 600")
    stack.run("web", "sleep 0.5; printf '\\033[32mready\\033[0m 2\\n'; exec sleep 600", number=2)
    report = gate(stack, checks=log("^ready [12]$"))
    assert report.passed, report.message()


def test_a_replica_that_starts_later_needs_the_line_too(stack: Stack) -> None:
    stack.run("web", "echo ready; exec sleep 600")
    later = threading.Timer(1.0, lambda: stack.run("web", "echo up; exec sleep 600", number=2))
    later.start()
    try:
        report = gate(stack, ServiceExpectation("web", 2), checks=log("ready"), timeout_s=5.0)
    finally:
        later.join()
    assert only_failure(report).seen.startswith(f"no such line in the log of {stack.name}-web-2")


@pytest.mark.parametrize("present", [True, False])
def test_a_line_is_seen_however_many_follow(stack: Stack, *, present: bool) -> None:
    container = stack.run("web", "echo first; seq 30000; exec sleep 600")
    deadline = time.monotonic() + 20
    while container.logs(tail=1) != b"30000\n":
        assert time.monotonic() < deadline, "the log is not written"
        time.sleep(0.1)
    report = gate(stack, WEB, checks=log("^first$", present=present))
    assert report.passed is present, report.message()


def test_a_line_that_does_not_come_fails_at_the_deadline(stack: Stack) -> None:
    stack.run("web", "echo up; exec sleep 600")
    failure = only_failure(gate(stack, WEB, checks=log("ready"), timeout_s=1.5))
    assert failure.expected == "a log with a line that matches /ready/ within 1.5 s"
    assert failure.seen.startswith(f"no such line in the log of {stack.name}-web-1")
    assert failure.logs == ["up"]


def test_a_forbidden_line_that_comes_late_fails_at_once_and_is_masked(stack: Stack) -> None:
    stack.run("web", "echo up; sleep 1.5; echo ERROR hunter22 >&2; exec sleep 600")
    checks = log("ERROR", present=False)
    report = gate(stack, WEB, checks=checks, stable_for_s=20.0, timeout_s=30.0, masker=Masker(["hunter22"]))
    assert "ERROR ********" in only_failure(report).seen
    assert report.duration_s < 5


def test_a_forbidden_line_is_looked_for_once_more_at_the_end(stack: Stack) -> None:
    stack.run("web", "sleep 1; echo ERROR; exec sleep 600")
    report = gate(stack, WEB, checks=log("ERROR", present=False, interval=60), stable_for_s=2.0)
    assert "ERROR" in only_failure(report).seen


def test_an_earlier_run_does_not_count(stack: Stack) -> None:
    container = stack.run("web", "test -e /again || echo ERROR; touch /again; echo up; exec sleep 600", init=True)
    container.restart(timeout=0)
    checks = [*log("ERROR", present=False), {**log("up")[0], "name": "up"}]
    report = gate(stack, WEB, checks=checks)
    assert report.passed, report.message()


def test_an_endless_log_is_bounded(stack: Stack) -> None:
    stack.run("web", "exec yes")
    report = gate(stack, WEB, checks=log("never", timeout=2), timeout_s=3.0)
    assert only_failure(report).check == "log"
    assert report.duration_s < 6


def test_a_log_that_cannot_be_read_says_so(stack: Stack) -> None:
    stack.run("web", "echo up; exec sleep 600", log_config={"type": "none"})
    failure = only_failure(gate(stack, WEB, checks=log("ERROR", present=False), timeout_s=1.5))
    assert "cannot be read" in failure.seen
