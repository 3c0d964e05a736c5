# SPDX-License-Identifier: GPL-3.0-or-later
"""Many releases on one host."""

from __future__ import annotations

from tests.faults.on_host import run_on_host
from tests.faults.table import Phase, fault
from tests.support import observed
from tests.support.standing import Standing

COUNT = 100


@fault(
    "hundred-releases",
    Phase.AFTER,
    dies="nothing, but a hundred releases are kept",
    promised="Every one can be gone back to, and when fewer are to be kept, the others go with their images' names.",
)
def test_a_hundred_releases_are_kept_and_pruned(solo: Standing) -> None:
    host = solo.hosts[0]
    made: list[str] = run_on_host(solo, "many_releases.py", solo.stack, str(COUNT))["made"]
    solo.reset()
    solo.configure(stack_keep_releases=COUNT + 3)
    solo.offer()
    run = solo.deploy()
    run.expect(0, "deployed")
    assert set(made) <= set(observed.kept_releases(host, solo.stack))

    back = solo.project.rollback("--to", made[COUNT // 2])
    back.expect(0, "deployed")
    assert observed.current_release(host, solo.stack) == made[COUNT // 2]
    solo.goes_on()
    assert len(observed.kept_releases(host, solo.stack)) <= 3
    names = [name for name in observed.image_names(host) if f"slipway-kept:{solo.stack}." in name]
    assert not [name for name in names if "-many" in name and made[COUNT // 2] not in name], names
