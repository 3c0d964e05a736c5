"""The gate with declared checks only; tests/engine proves it with real containers."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import create_autospec

from ansible_collections.slipway.compose.plugins.module_utils.core.findings import Finding, SlipwayError
from ansible_collections.slipway.compose.plugins.module_utils.core.masking import Masker
from ansible_collections.slipway.compose.plugins.module_utils.engine.client import Engine
from ansible_collections.slipway.compose.plugins.module_utils.gate import gate as gate_module
from ansible_collections.slipway.compose.plugins.module_utils.gate.gate import run_gate
from ansible_collections.slipway.compose.plugins.module_utils.gate.health import ServiceExpectation
from ansible_collections.slipway.compose.plugins.module_utils.gate.report import (
    CheckObservation,
    GateFailure,
    GateReport,
    Observation,
)
from ansible_collections.slipway.compose.plugins.module_utils.stack.gate_settings import GateSettings

if TYPE_CHECKING:
    import pytest


QUICK: dict[str, Any] = {
    "timeout_s": 5.0,
    "healthy_for_s": 0.0,
    "stable_for_s": 0.0,
    "log_lines": 5,
}


def gate(*checks: dict[str, Any], **settings: Any) -> GateReport:
    masker = settings.pop("masker", Masker())
    return run_gate(None, "", None, GateSettings(checks=checks, **{**QUICK, **settings}), masker)


def command(name: str, script: str, **settings: Any) -> dict[str, Any]:
    return {"name": name, "type": "command", "argv": ["sh", "-c", script], **settings}


def test_a_check_is_tried_until_it_passes(tmp_path: Path) -> None:
    marker = tmp_path / "ready"
    threading.Timer(0.4, marker.touch).start()
    report = gate({"name": "ready", "type": "command", "argv": ["test", "-e", str(marker)], "interval": 0.1})
    assert report.passed
    assert report.checks[0].attempts > 2


def test_checks_run_at_the_same_time() -> None:
    began_at = time.monotonic()
    assert gate(*(command(f"check {number}", "sleep 0.5") for number in range(6))).passed
    assert time.monotonic() - began_at < 1.5


def test_used_up_attempts_fail_at_once_with_masked_output() -> None:
    check = command("users", "echo password hunter22 is wrong; exit 4", retries=2, interval=0.05)
    report = gate(check, command("slow", "sleep 9", timeout=9), masker=Masker(["hunter22"]))
    assert report.failures == [
        GateFailure(
            service=None,
            container=None,
            check="users",
            expected="sh -c echo password ******** is wrong; exit 4 ends with exit code 0",
            seen="exit code 4 (2 attempts)",
            logs=["password ******** is wrong"],
        )
    ]
    assert report.duration_s < 2


def test_the_deadline_names_every_check_that_did_not_pass() -> None:
    report = gate(command("a", "exit 1", interval=0.1), command("b", "sleep 9"), command("c", "true"), timeout_s=0.6)
    assert [failure.check for failure in report.failures] == ["a", "b"]
    assert report.failures[0].expected.endswith("within 0.6 s")
    assert report.failures[1].seen.startswith(("the first attempt has not ended", "still running after"))
    assert 0.6 <= report.duration_s < 1.5


def test_without_anything_to_check_it_passes() -> None:
    assert gate().passed


def test_a_silent_engine_is_reported_and_forgiven(monkeypatch: pytest.MonkeyPatch) -> None:
    class SilentWatch:
        """An engine that never answers after the first look."""

        containers: dict[str, Any]
        first: dict[str, Any]
        last_exit_codes: dict[str, int]

        def __init__(self, *_arguments: object) -> None:
            self.containers, self.first, self.last_exit_codes = {}, {}, {}

        def open(self) -> None:
            """Nothing to open."""

        def close(self) -> None:
            """Nothing to close."""

        def engine_now(self) -> float:
            return 0.0

        def refresh(self) -> None:
            raise SlipwayError([Finding("Docker engine", "an answer", "connection refused", "Start it.")])

    monkeypatch.setattr(gate_module, "ContainerWatch", SilentWatch)
    engine = create_autospec(Engine, instance=True)
    wanted = [ServiceExpectation("web", 0)]
    settings = GateSettings(checks=(command("a", "sleep 0.2"),), **{**QUICK, "timeout_s": 0.6})
    report = run_gate(engine, "p", wanted, settings, Masker())
    (failure,) = report.failures
    assert (failure.check, failure.seen) == ("Docker engine", "connection refused")


def test_a_report_reads_well() -> None:
    failure = GateFailure("web", "x-web-1", "health", "healthy", "unhealthy", ["::error::no"])
    seen = [
        Observation("web", "x-web-1", "1", "running", "unhealthy", 2, "web:1", 0),
        Observation("web", "x-web-2", "2", "running", "healthy", 0, "web:1", 0),
        Observation("web", "x-web-3", "3", "running", "healthy", 0, "web:1", 0),
        Observation("job", "x-job-1", "4", "exited", None, 0, "web:1", 3),
    ]
    checks = [CheckObservation("front page", passed=True, attempts=1, duration_s=0.1, seen="status 200")]
    report = GateReport(False, 4.2, [failure], seen, checks, ["note"])  # noqa: FBT003
    assert report.summary() == [
        "job: 1 exited with code 3",
        "web: 1 running and unhealthy, 2 restarts; 2 running and healthy",
        "1 of 1 checks passed: front page",
        "note",
        "health gate failed on 1 condition after 4.2 s",
    ]
    assert report.message().splitlines() == [
        "health gate failed after 4.2 s",
        "service web (x-web-1), check 'health':",
        "  expected: healthy",
        "  seen: unhealthy",
        "  last lines:",
        "  | ::error::no",
    ]
    assert report.as_dict()["failures"] == [failure.as_dict()]
