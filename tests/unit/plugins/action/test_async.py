# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run calls is waited for: no action plugin may be called with `async`."""

from __future__ import annotations

import importlib

import pytest

from tests.stages.process import ROOT

PLUGINS = sorted(path.stem for path in (ROOT / "plugins" / "action").glob("*.py"))


@pytest.mark.parametrize("name", PLUGINS)
def test_an_action_is_refused_where_nobody_waits_for_it(name: str) -> None:
    plugin = importlib.import_module(f"ansible_collections.slipway.compose.plugins.action.{name}")
    assert plugin.ActionModule._supports_async is False  # noqa: SLF001 - Ansible's base class refuses by this mark
