# SPDX-License-Identifier: GPL-3.0-or-later
"""The hooks that docs/hooks.md shows are hooks, as Ansible reads its YAML."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader

from ansible_collections.slipway.compose.plugins.filter.hooks import controller_follows
from ansible_collections.slipway.compose.plugins.module_utils.stack.hooks import CONTROLLER, parse_hooks
from ansible_collections.slipway.compose.plugins.plugin_utils.plain_values import plain

PAGE = Path(__file__).resolve().parents[2] / "docs" / "hooks.md"
BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def shown() -> list[Any]:
    """Return `stack_hooks` of each block."""
    loaded = (DataLoader().load(text) for text in BLOCK.findall(PAGE.read_text()))
    return [block["stack_hooks"] for block in loaded if "stack_hooks" in block]


def test_the_page_shows_hooks() -> None:
    assert shown()


@pytest.mark.parametrize("hooks", shown())
@pytest.mark.parametrize("made", [plain, lambda hooks: hooks], ids=["plain", "tagged"])
def test_they_are_understood_with_the_place_that_they_name(hooks: Any, made: Any) -> None:  # noqa: ANN401 - YAML's
    parsed = parse_hooks(made(hooks))
    assert any(hook.place == CONTROLLER for hook in parsed) == ("on: controller" in PAGE.read_text())
    assert controller_follows(hooks)


@pytest.mark.parametrize(
    ("hooks", "follows"),
    [
        ({}, False),
        ({"post_deploy": [{"name": "here", "command": ["true"]}]}, False),
        ({"pre_deploy": [{"name": "before", "command": ["true"], "on": "controller"}]}, False),
        ({"post_rollback": [{"name": "after", "command": ["true"], True: "controller"}]}, True),
        ({"post_deploy": [{"name": "wrong"}]}, True),
    ],
)
def test_a_lone_host_waits_for_the_controller_where_that_has_a_hook(hooks: dict[str, Any], *, follows: bool) -> None:
    assert controller_follows(hooks) == follows
