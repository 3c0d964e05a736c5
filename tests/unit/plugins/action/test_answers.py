# SPDX-License-Identifier: GPL-3.0-or-later
"""Every way by which a host's answer enters the controller checks it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.slipway.compose.plugins.action import deploy_lease, image_digest_info, release, release_info

NONSENSE: dict[str, Any] = {
    "changed": False,
    "release": "20260101T000000Z-1.0; touch /tmp/x",
    "findings": [{"a": 1}],
    "lease": 7,
    "images": {"web": "latest"},
    "current": "\x1b[2J",
}


def action(plugin: Any, **args: Any) -> Any:  # noqa: ANN401 - an Ansible plugin without Ansible
    made = object.__new__(plugin.ActionModule)
    made._task = SimpleNamespace(args=args, async_val=0, check_mode=False, diff=False, environment=None)
    made._execute_module = lambda **_given: dict(NONSENSE)
    return made


@pytest.mark.parametrize("answer", [None, NONSENSE], ids=["as Ansible calls", "directly"])
@pytest.mark.parametrize("state", ["resolved", "prepared", "started", "confirmed", "rolled_back", "abandoned"])
def test_a_call_of_release(state: str, answer: dict[str, Any] | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release, "direct_call", lambda *_given: answer)
    result = action(release)._call({"state": state}, {})  # noqa: SLF001
    assert result["failed"]
    assert all(finding["thing"].startswith("the host's answer") for finding in result["findings"])
    assert result.get("release") is None


def test_a_look_at_a_host_whose_findings_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release, "direct_call", lambda *_given: {**NONSENSE, "failed": True, "msg": "no"})
    stack = {"stack_name": "shop", "stack_root": "/", "stack_min_free_mb": 1, "stack_pull_timeout": 1}
    result = action(release)._look({"state": "checked"}, stack, {})  # noqa: SLF001
    assert "the host's answer, key findings.number 1.thing: expected a text, seen nothing" in result["msg"]


@pytest.mark.parametrize("plugin", [release_info, deploy_lease, image_digest_info], ids=lambda one: str(one.__name__))
def test_a_call_of_another_module(plugin: Any, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ANN401
    monkeypatch.setattr("ansible.plugins.action.ActionBase.run", lambda *_given: {})
    result = action(plugin).run(task_vars={})
    assert result["failed"]
    assert all(finding["thing"].startswith("the host's answer") for finding in result["findings"])
