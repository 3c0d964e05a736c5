# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said when a way back could not be gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.host.rollback_target import failed

SCRIPT = Path("/var/lib/slipway/app/releases/20261123T120000Z-1.1/rollback.sh")
HELD = "driver failed programming external connectivity: Bind for 0.0.0.0:80 failed: port is already allocated"


@pytest.mark.parametrize(("said", "restart"), [("no such image", False), (HELD, True)])
def test_only_where_the_engine_holds_a_port_a_restart_of_it_is_advised(said: str, *, restart: bool) -> None:
    finding = failed(SCRIPT, said)
    assert finding.seen == said
    assert finding.remedy.endswith(f"sh {SCRIPT}")
    assert ("systemctl restart docker" in finding.remedy) == restart
