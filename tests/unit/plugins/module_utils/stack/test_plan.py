# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan: its hash, and batches as Ansible cuts them."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.executor.playbook_executor import PlaybookExecutor

from ansible_collections.slipway.compose.plugins.module_utils.core.findings import SlipwayError
from ansible_collections.slipway.compose.plugins.module_utils.stack.plan import (
    Plan,
    batches,
    duration_findings,
    fleet_hash,
    host_part,
    is_serial,
    limit_findings,
    longest_silence,
    pause_round,
    wave_findings,
    waves,
)
from tests.support.plans import PLAN, forged


@pytest.mark.parametrize(
    ("bake_time", "longest_s", "refused"),
    [(60, 61, False), (60, 60, True), (60, 0, False), (0, 1, False), (0, -1, True)],
)
def test_a_run_that_cannot_end_in_its_time_is_refused(bake_time: int, longest_s: int, *, refused: bool) -> None:
    findings = duration_findings(replace(PLAN, bake_time=bake_time), longest_s)
    assert [finding.thing for finding in findings] == ["stack_run_timeout"] * refused


def batches_of_ansible(hosts: list[str], serial: Any) -> list[list[str]]:  # noqa: ANN401 - what a user may write
    """Ask Ansible itself."""
    inventory = SimpleNamespace(get_hosts=lambda *_args, **_kwargs: list(hosts))
    executor = SimpleNamespace(_inventory=inventory)
    play = SimpleNamespace(serial=serial if isinstance(serial, list) else [serial], hosts="all", order=None)
    found: list[list[str]] = PlaybookExecutor._get_serialized_batches(executor, play)  # noqa: SLF001
    return found


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7, 10, 18])
@pytest.mark.parametrize(
    "serial",
    ["100%", "50%", "30%", "1%", "33%", 1, 2, 3, "2", 0, 100, [1, 2], [1, "50%"], ["20%", 1], [1, 1, "100%"], [1, 0]],
    ids=str,
)
def test_batches_are_those_of_ansible(count: int, serial: Any) -> None:  # noqa: ANN401 - what a user may write
    hosts = [f"host{number}" for number in range(1, count + 1)]
    assert [list(batch) for batch in batches(hosts, serial)] == batches_of_ansible(hosts, serial)


@pytest.mark.parametrize("serial", [1, "50%", [1, "50%"], [], 0, "100%"], ids=str)
def test_what_can_cut_hosts_into_batches(serial: Any) -> None:  # noqa: ANN401 - what a user may write
    assert is_serial(serial)


@pytest.mark.parametrize(
    "serial", ["some", "%", "33.3%", "50% ", "nan%", {}, None, [1, "x"], [[1]], -1, "-5", "1.5", "inf%"], ids=str
)
def test_what_cannot(serial: Any) -> None:  # noqa: ANN401 - what a user may write
    assert not is_serial(serial)


def test_a_plan_is_read_as_it_was_written() -> None:
    again = Plan.from_dict(json.loads(PLAN.to_json()))
    assert again == PLAN
    assert again.sha256 == PLAN.sha256


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("version", "1.2"),
        ("reversible", False),
        ("commit", ""),
        ("images", {"web:1.1": "sha256:" + "f" * 64}),
        ("hosts", {"host1": "2" * 64}),
        ("batches", [["host1", "host2"]]),
        ("rollback_scope", "batch"),
        ("bake_time", 60),
        ("pause_after", "canary"),
    ],
)
def test_a_plan_that_was_changed_is_no_plan(key: str, value: object) -> None:
    raw = {**PLAN.as_dict(), key: value}
    with pytest.raises(SlipwayError, match="changed after it was made"):
        Plan.from_dict(raw)


@pytest.mark.parametrize("raw", [None, [], {}, "plan", {"schema": 1}, {"schema": "2"}], ids=str)
def test_what_is_no_plan_is_said_to_be_none(raw: object) -> None:
    with pytest.raises(SlipwayError, match=r"playbooks/plan\.yml"):
        Plan.from_dict(raw)


def test_a_plan_of_another_version_is_said_to_be_one() -> None:
    raw = {key: value for key, value in PLAN.as_dict().items() if key != "pause_after"} | {"schema": 1}
    with pytest.raises(SlipwayError, match=r"another version of Slipway \(schema 1\)"):
        Plan.from_dict(raw)


def test_whoever_changes_a_plan_can_recompute_its_hash() -> None:
    assert Plan.from_dict(forged(commit="")).commit == ""


@pytest.mark.parametrize(
    ("key", "value", "thing"),
    [
        ("release", "../../victim", "release"),
        ("release", "20261122T214500Z-1.1'; touch pwned; '", "release"),
        ("release", "20261122T214500Z-1.1\n", "release"),
        ("release", "20261122T214500Z-1.2", "release"),
        ("stack", "../shop", "stack"),
        ("stack", "shop\n", "stack"),
        ("version", "1.1/..", "version"),
        ("created_at", "yesterday", "created_at"),
        ("created_by", "ada\n::error::", "created_by"),
        ("commit", "HEAD", "commit"),
        ("reversible", 1, "reversible"),
        ("reversible", "yes", "reversible"),
        ("rollback_scope", "nobody", "rollback_scope"),
        ("images", {"web:1.1": "sha256:beef"}, "images.web:1.1"),
        ("images", {"web:1.1": "sha512:" + "0" * 64}, "images.web:1.1"),
        ("images", {"web:1.1;id": "sha256:" + "0" * 64}, "images"),
        ("images", ["web:1.1"], "images"),
        ("files", {"../compose.yaml": "1" * 64}, "files"),
        ("files", {"compose.yaml": "1" * 64 + "\n"}, "files.compose.yaml"),
        ("hosts", {"host1": "2" * 64, "host2": 3}, "hosts.host2"),
        ("hosts", {"host1": "2" * 64, "host2\x1b[2J": "3" * 64}, "hosts"),
        ("hosts", {"host1": "2" * 64}, "batches"),
        ("batches", [["host1"]], "batches"),
        ("batches", [["host1"], ["host1", "host2"]], "batches"),
        ("batches", ["host1", "host2"], "batches.number 1"),
        ("batches", 5, "batches"),
        ("bake_time", -1, "bake_time"),
        ("bake_time", True, "bake_time"),
        ("bake_time", 1.5, "bake_time"),
        ("bake_time", 10**30, "bake_time"),
        ("pause_after", "each", "pause_after"),
        ("attention", ["All is well."], "attention"),
        ("attention", None, "attention"),
    ],
    ids=str,
)
def test_a_crafted_plan_is_no_plan(key: str, value: object, thing: str) -> None:
    with pytest.raises(SlipwayError) as caught:
        Plan.from_dict(forged(**{key: value}))
    assert f"plan, key {thing}" in [finding.thing for finding in caught.value.findings]


def test_everything_that_is_wrong_with_a_plan_is_said_at_once() -> None:
    raw = forged(release="../../victim", images={"web:1.1": "latest"}, approved=True)
    del raw["commit"]
    with pytest.raises(SlipwayError) as caught:
        Plan.from_dict(raw)
    summary, *others = caught.value.findings
    assert summary.seen == "something else, as 4 findings show"
    assert [finding.thing for finding in others] == [
        "plan, key release",
        "plan, key commit",
        "plan, key images.web:1.1",
        "plan",
    ]
    assert "'approved'" in others[-1].seen


def test_a_plan_with_faults_without_end_is_refused_in_a_few_lines() -> None:
    with pytest.raises(SlipwayError) as caught:
        Plan.from_dict(forged(images={f"web:{number}": "x" * 10**4 for number in range(1000)}))
    assert len(str(caught.value)) < 10**4


def test_a_plan_for_a_release_without_a_way_back_says_so() -> None:
    assert PLAN.as_dict()["attention"] == []
    planned = replace(PLAN, reversible=False)
    assert "AUTOMATIC ROLLBACK PAST IT IS BLOCKED" in " ".join(planned.as_dict()["attention"])
    assert Plan.from_dict(json.loads(planned.to_json())) == planned


OUTSIDE = [{"name": "front page", "from": "controller"}]
HOOKS = {"post_deploy": [{"name": "smoke test", "command": ["true"], "timeout": 100}]}


@pytest.mark.parametrize(
    ("changed", "things"),
    [
        ({}, []),
        ({"stack_bake_time": 449}, []),
        ({"stack_bake_time": 450}, ["stack_bake_time"]),
        ({"stack_bake_time": -1}, ["stack_bake_time"]),
        ({"stack_guard_timeout": 421}, []),
        ({"stack_guard_timeout": 420}, ["stack_guard_timeout"]),
        ({"stack_guard_timeout": 540, "stack_health_checks": OUTSIDE}, ["stack_guard_timeout"]),
        ({"stack_guard_timeout": 541, "stack_health_checks": OUTSIDE}, []),
        ({"stack_guard_timeout": 520, "stack_hooks": HOOKS}, ["stack_guard_timeout"]),
        ({"stack_guard_timeout": 600, "stack_bake_time": 300}, ["stack_bake_time", "stack_guard_timeout"]),
        ({"stack_guard_timeout": 0}, ["stack_guard_timeout"]),
        ({"stack_pause_after": "canary"}, []),
        ({"stack_pause_after": "canary", "stack_pause_timeout": 3600}, ["stack_pause_timeout"]),
        ({"stack_pause_after": "batch", "stack_pause_timeout": 9000, "stack_run_timeout": 0}, []),
        ({"stack_pause_after": "batch", "stack_pause_timeout": 9001, "stack_run_timeout": 0}, ["stack_pause_timeout"]),
        ({"stack_pause_after": "batch", "stack_pause_timeout": 0}, ["stack_pause_timeout"]),
        ({"stack_pause_timeout": 0}, []),
    ],
    ids=str,
)
def test_no_host_goes_back_while_the_run_does_what_it_may(changed: dict[str, Any], things: list[str]) -> None:
    usual: dict[str, Any] = {
        "stack_guard_timeout": 900,
        "stack_bake_time": 0,
        "stack_pause_after": "nothing",
        "stack_pause_timeout": 1800,
        "stack_run_timeout": 3600,
        "stack_start_timeout": 300,
        "stack_gate_timeout": 120.0,
        "stack_health_checks": [],
        "stack_hooks": {},
    }
    assert [finding.thing for finding in limit_findings(usual | changed)] == things


@pytest.mark.parametrize(
    ("bake_time", "checks", "hooks", "seconds"),
    [
        (0, [], {}, 420.0),
        (60, [], {}, 480.0),
        (-1, None, None, 420.0),
        (0, OUTSIDE, {}, 540.0),
        (0, [{"name": "front page"}], {}, 420.0),
        (0, [], HOOKS, 520.0),
        (60, OUTSIDE, HOOKS, 700.0),
        # The plan refuses these.
        (0, "all", {"post_deploy": [{}]}, 420.0),
    ],
    ids=str,
)
def test_the_longest_silence_adds_up_every_limit(bake_time: int, checks: object, hooks: object, seconds: float) -> None:
    assert longest_silence(300.0, 120.0, bake_time, checks, hooks) == seconds


@pytest.mark.parametrize(
    ("left", "start_timeout", "expected"),
    [
        (1800.0, 300.0, (150, False)),
        (150.1, 300.0, (150, False)),
        (150.0, 300.0, (150, True)),
        (41.2, 300.0, (42, True)),
        (0.0, 300.0, (0, True)),
        (-5.0, 300.0, (0, True)),
        # The shorter of the two counts.
        (1800.0, 9000.0, (150, False)),
        (1800.0, 60.0, (30, False)),
    ],
)
def test_a_pause_waits_in_rounds(left: float, start_timeout: float, expected: tuple[int, bool]) -> None:
    assert pause_round(left, 900.0, start_timeout) == expected


@pytest.mark.parametrize(
    ("sizes", "forks", "waits", "parts"),
    [
        ([5], 2, False, [2, 2, 1]),
        ([5], 5, False, [5]),
        ([1, 4, 5], 2, False, [1, 2, 2, 2, 2, 1]),
        ([1, 4, 5], 2, True, [1, 4, 2, 2, 1]),
        ([], 2, False, []),
    ],
)
def test_a_batch_is_rolled_out_in_as_many_parts_as_it_takes(
    sizes: list[int], forks: int, *, waits: bool, parts: list[int]
) -> None:
    hosts = [f"host{number}" for number in range(sum(sizes))]
    planned = [tuple(hosts[sum(sizes[:place]) : sum(sizes[: place + 1])]) for place in range(len(sizes))]
    cut = list(waves(planned, forks, waits=waits))
    assert [len(part) for part in cut] == parts
    assert [host for part in cut for host in part] == hosts


def test_no_guard_acts_while_other_hosts_of_its_batch_still_have_their_turn() -> None:
    """The longest that a host can hear nothing: each turn of its batch uses up every limit."""
    cases = itertools.product((1, 25, 26, 75, 200), (1, 25, 200), (115.0, 420.0), (421, 900))
    for size, forks, silence, guard in cases:
        turns = -(-size // forks)
        refused = wave_findings([["host"] * size], forks, silence, guard) != []
        assert refused == (turns > 1 and turns * silence >= guard)
    (finding,) = wave_findings([["host"], ["host"] * 75], 25, 420.0, 900)
    assert finding.sentence() == (
        "stack_guard_timeout: expected more than 1260 s: 75 hosts change together, 25 at a time (forks), seen 900 s. "
        "Raise forks in ansible.cfg, cut smaller batches (stack_serial), or raise it."
    )


def test_a_hosts_part_of_a_plan_has_the_hash_of_the_whole_and_is_no_plan() -> None:
    document = json.loads(PLAN.to_json())
    part = host_part(document, "host2", fleet_hash(document))
    taken = Plan.from_dict(part, part=True)
    assert (taken.sha256, taken.hosts, taken.batches) == (PLAN.sha256, {"host2": PLAN.hosts["host2"]}, (("host2",),))
    with pytest.raises(SlipwayError, match="the part of it that is for one host"):
        Plan.from_dict(part)
    # Whatever else is changed in it, it is not that plan any more.
    for change in ({"version": "1.2", "release": "20261122T214500Z-1.2"}, {"reversible": False}, {"fleet": "0" * 64}):
        with pytest.raises(SlipwayError):
            Plan.from_dict({**part, **change}, part=True)
    assert Plan.from_dict(host_part(document, "host3", fleet_hash(document)), part=True).hosts == {}


def test_what_is_sent_to_a_host_does_not_grow_with_the_fleet() -> None:
    sizes = []
    for count in (2, 1000):
        hosts = {f"host{number:04}": "2" * 64 for number in range(count)}
        document = replace(PLAN, hosts=hosts, batches=(tuple(hosts),)).as_dict()
        sizes.append(len(json.dumps(host_part(document, "host0001", fleet_hash(document)))))
    assert sizes[0] == sizes[1]
