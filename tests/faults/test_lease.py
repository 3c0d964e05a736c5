# SPDX-License-Identifier: GPL-3.0-or-later
"""Two runs want the same hosts."""

from __future__ import annotations

from pathlib import Path

from tests.faults import moments
from tests.faults.table import Fault, Phase, fault, proves
from tests.support.standing import GUARD_S, START_S, Standing

#: Seconds for a run that is refused, on a busy machine.
WHOLE_RUN_S = 60


@proves(
    Fault(
        "lease-held",
        Phase.LEASE,
        dies="nothing, but another run is at work on the stack",
        promised="Refused (10): whose run it is, since when, and how to get the lease. The other run is not disturbed.",
    ),
    Fault(
        "lease-of-a-dead-run-unlocked",
        Phase.PULL,
        dies="the controller, and nobody wants to wait for its lease to end",
        promised="scripts/unlock.sh ENV --run RUN ends that run's lease, and no other. "
        "The next deployment works at once.",
    ),
)
def test_a_lease_that_is_held_refuses_until_it_is_ended(solo: Standing, tmp_path: Path) -> None:
    other = solo.twin(tmp_path / "p")
    solo.offer()
    other.offer()
    # The other run comes and goes while this one's start is held.
    solo.configure(stack_start_timeout=START_S + WHOLE_RUN_S, stack_guard_timeout=GUARD_S + WHOLE_RUN_S)
    with moments.armed(solo) as held, solo.begin("-e", "stack_run_owner=alice") as attempt:
        held.reach(attempt)
        refused = other.deploy()
        held.let_go()
        run = attempt.end()
    refused.expect(10, "refused")
    assert run.folder is not None
    for told in ("alice", run.folder.name, "--lease-wait", "scripts/unlock.sh"):
        assert told in refused.output, f"{told!r} is not in:\n{refused}"
    solo.went_on(run)
    solo.offer()
    with moments.reached(solo, moments.pulling) as attempt:
        run = attempt.kill()
    assert run.folder is not None
    unlocked = solo.project.run("unlock", "--run", run.folder.name)
    assert unlocked.exit_code == 0, unlocked
    solo.stands()
    solo.goes_on()


@fault(
    "two-runs-in-one-second",
    Phase.LEASE,
    dies="nothing, but two deployments to the same hosts begin in the same second",
    promised="Exactly one proceeds, on all hosts; the other is refused (10).",
)
def test_of_two_runs_at_once_exactly_one_proceeds(pair: Standing, tmp_path: Path) -> None:
    other = pair.twin(tmp_path / "p")
    pair.offer()
    other.offer()
    with pair.begin() as mine, other.begin() as theirs:
        ended = {pair.offered: mine.end(), other.offered: theirs.end()}
    words = sorted(run.word for run in ended.values())
    assert words == ["deployed", "refused"], "\n".join(map(str, ended.values()))
    pair.version = next(version for version, run in ended.items() if run.word == "deployed")
    pair.stands()
    pair.goes_on()
