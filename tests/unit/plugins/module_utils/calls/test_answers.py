# SPDX-License-Identifier: GPL-3.0-or-later
"""What modules may answer is what they are documented to return, and what the code makes."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
import yaml

from ansible_collections.slipway.compose.plugins.module_utils.boundary.shapes import Record, Shape
from ansible_collections.slipway.compose.plugins.module_utils.calls import result
from ansible_collections.slipway.compose.plugins.module_utils.calls.answers import REQUIRED, answer_keys
from ansible_collections.slipway.compose.plugins.module_utils.core.findings import Finding
from ansible_collections.slipway.compose.plugins.module_utils.gate.report import (
    CheckObservation,
    DownError,
    GateFailure,
    GateReport,
    Observation,
    StartFailedError,
)
from ansible_collections.slipway.compose.plugins.module_utils.hooks.release_hooks import with_hooks
from ansible_collections.slipway.compose.plugins.module_utils.stack.hooks import PRE_DEPLOY, Hook, HookReport

MODULES = ("release", "release_info", "deploy_lease", "image_digest_info")
#: What every module may say, and Ansible documents.
COMMON = {"changed", "failed", "msg", "diff"}
RELEASE = "20261122T214500Z-1.1"
REPORT = GateReport(
    passed=False,
    duration_s=3.2,
    failures=[GateFailure("web", None, "health", "healthy", "not", ["x"])],
    observations=[Observation("web", "shop-web-1", "c0", "running", None, 0, "web:1", 0)],
    checks=[CheckObservation("page", passed=True, attempts=1, duration_s=0.1, seen="200")],
    notes=["broke"],
)


@pytest.mark.parametrize("module", MODULES)
def test_a_module_may_answer_what_it_is_documented_to_return(module: str) -> None:
    documented = import_module(f"ansible_collections.slipway.compose.plugins.modules.{module}").RETURN
    assert set(answer_keys(module)) | COMMON == set(yaml.safe_load(documented)) | COMMON


def test_what_an_answer_must_have_is_something_that_it_may() -> None:
    for module_or_state, keys in REQUIRED.items():
        module = module_or_state if module_or_state in MODULES else "release"
        assert set(keys) <= set(answer_keys(module))


@pytest.mark.parametrize(
    "answer",
    [
        result.gate_result(RELEASE, REPORT, changed=True),
        result.start_failed(RELEASE, StartFailedError("release 1.1", REPORT, "no port")),
        result.start_failed(None, StartFailedError("what ran before", REPORT)),
        result.down(RELEASE, DownError([Finding("a", "b", "c", "d")], REPORT)),
        result.stopped(None, DownError([Finding("a", "b", "c", "d")])),
        with_hooks({"changed": True}, [HookReport(Hook(PRE_DEPLOY, "migrate", ("true",)), passed=True, seen="")]),
    ],
    ids=["gate", "start failed", "way back failed", "down", "stopped", "hooks"],
)
def test_what_a_host_answers_fits(answer: dict[str, Any]) -> None:
    keys: dict[str, Shape] = answer_keys("release")
    assert set(answer) <= set(keys)
    assert list(Record({}, keys).faults(answer)) == []
    assert Record({}, keys).taken(answer) == answer
