# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate with quick settings, on a stack of real containers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.slipway.compose.plugins.module_utils.core.masking import Masker
from ansible_collections.slipway.compose.plugins.module_utils.engine.client import Engine
from ansible_collections.slipway.compose.plugins.module_utils.gate.gate import run_gate
from ansible_collections.slipway.compose.plugins.module_utils.gate.health import ServiceExpectation
from ansible_collections.slipway.compose.plugins.module_utils.stack.gate_settings import GateSettings

if TYPE_CHECKING:
    from ansible_collections.slipway.compose.plugins.module_utils.gate.report import GateFailure, GateReport
    from tests.engine.conftest import Stack

WEB = ServiceExpectation("web", 1)


def gate(stack: Stack, *expected: ServiceExpectation, **settings: Any) -> GateReport:
    """Run the gate with quick settings."""
    masker, abort = settings.pop("masker", Masker()), settings.pop("abort", None)
    quick = {"timeout_s": 10.0, "healthy_for_s": 0.6, "stable_for_s": 0.6, "log_lines": 5}
    settings["checks"] = tuple(settings.pop("checks", ()))
    return run_gate(
        Engine(), stack.name, list(expected) or None, GateSettings(**{**quick, **settings}), masker, abort=abort
    )


def only_failure(report: GateReport) -> GateFailure:
    """Return the one failure of a report that failed."""
    assert not report.passed
    assert len(report.failures) == 1, report.message()
    return report.failures[0]
