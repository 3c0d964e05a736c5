# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a release needs a variable that nothing sets; the real Compose is asked in tests/engine/test_resolve.py."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.stack.unset_variables import (
    UnsetVariables,
    active_services,
    env_file_paths,
)

MODEL: dict[str, Any] = {
    "services": {
        "web": {"image": "web:${TAG}", "environment": {"A": "${SUFFIX:+-${SUFFIX}}"}},
        "idle": {"image": "x:1", "profiles": ["night"], "command": ["${TARGET}"]},
    },
    "volumes": {"kept": {"name": "$KEPT"}},
    "x-all": {"a": "${EXTRA}"},
}


@pytest.mark.parametrize(
    ("profiles", "active"),
    [("", {"web"}), ("night", {"web", "idle"}), ("day, night", {"web", "idle"}), ("*", {"web", "idle"})],
)
def test_profiles_say_which_services_are_started(profiles: str, active: set[str]) -> None:
    assert active_services(MODEL, profiles) == active


@pytest.mark.parametrize(
    ("name", "needed"),
    [("TAG", True), ("SUFFIX", False), ("TARGET", False), ("KEPT", False), ("EXTRA", False), ("NOWHERE", True)],
)
def test_a_name_is_found_where_the_release_needs_it_or_nobody_knows_its_place(name: str, *, needed: bool) -> None:
    # Compose 2.26 warns of SUFFIX, too.
    variables = UnsetVariables([name], {"SUFFIX": "x"}, ("compose.yaml",))
    variables.look_at(MODEL, {"services": {"web"}})
    assert bool(variables.findings()) == needed


def test_files_are_those_of_started_services_that_something_is_put_into() -> None:
    services = {
        "web": {"env_file": [{"path": "/s/${TIER}.env"}, {"path": "/s/raw.env", "format": "raw"}, "/etc/x.env"]},
        "one": {"env_file": "a.env", "label_file": ["/s/labels"]},
        "idle": {"env_file": "idle.env"},
    }
    assert env_file_paths({"services": services}, ["web", "one"], {"TIER": "app"}, "/s") == {
        "app.env": "/s/app.env", "/etc/x.env": "/etc/x.env", "a.env": "/s/a.env", "labels": "/s/labels",
    }  # fmt: skip
