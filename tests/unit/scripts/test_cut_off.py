# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of a run that was cut off, from the events that it left."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.playbook_run.cut_off import DEFAULT_GUARD_S, LOOK, TELL, CutOff
from scripts.playbook_run.run_ledger import ROLLOUT, SETTLEMENT, TOUCHING, RunLedger

ROOT = Path(__file__).resolve().parents[3]
NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
RELEASE = "20261123T025500Z-1.1"


def event(name: str, host: str = "", action: str = "", task: str = "", **res: Any) -> dict[str, Any]:
    data: dict[str, Any] = {"host": host, "resolved_action": action, "task": task}
    return {"event": name, "event_data": data | ({"res": res} if res else {})}


def play(name: str) -> dict[str, Any]:
    return {"event": "playbook_on_play_start", "event_data": {"name": name}}


def task(title: str, action: str, *hosts: str) -> list[dict[str, Any]]:
    began = event("playbook_on_task_start", action=action, task=title)
    return [began, *(event("runner_on_start", host, action, title) for host in hosts)]


def ledger(*events: dict[str, Any]) -> RunLedger:
    made = RunLedger()
    for one in events:
        made.take(one)
    return made


PLANNED = (
    play("Plan the release"),
    *task("Read", "slipway.compose.stack_source", "host1", "host2"),
    event("runner_on_ok", "host1", limits={"run_timeout": 60, "guard_timeout": 120}),
    event("runner_on_ok", "host2", limits={"run_timeout": 60, "guard_timeout": 120}),
    event("runner_on_ok", "host1", plan={"release": RELEASE, "sha256": "abc"}),
)
PREPARED = (
    *PLANNED,
    play("Prepare every target"),
    *task("Prepare", "slipway.compose.release", "host1", "host2"),
    event("runner_on_ok", "host1", "slipway.compose.release", release=RELEASE),
    event("runner_on_ok", "host2", "slipway.compose.release", release=RELEASE),
)
STARTING = (*PREPARED, play(ROLLOUT), *task("stack : Start", "slipway.compose.release", "host1"))


def cut_off(known: RunLedger) -> CutOff:
    return CutOff(known, "SIGTERM", "staging", "RUN", NOW)


def test_a_plan_begins_nothing() -> None:
    known = ledger(*PLANNED)
    assert known.begun == []
    assert known.limits == {"run_timeout": 60.0, "guard_timeout": 120.0}
    verdict = cut_off(known).verdict(1.0)
    assert (verdict.exit_code, verdict.release, verdict.plan_sha256) == (10, RELEASE, "abc")
    assert (verdict.word, verdict.reason, verdict.cut_off_by) == ("refused", "interrupted", "SIGTERM")
    assert "Nothing was begun on any host." in verdict.message
    assert {name: host.state for name, host in verdict.hosts.items()} == {"host1": "untouched", "host2": "untouched"}


def test_a_way_back_by_hand_tells_its_limits_as_a_fact() -> None:
    facts = {"__stack_limits": {"run_timeout": 60, "guard_timeout": 120}}
    assert ledger(event("runner_on_ok", "host1", ansible_facts=facts)).limits["run_timeout"] == 60


def test_what_begins_while_ansible_ends_counts_and_a_check_leaves_nothing() -> None:
    known = ledger(*PREPARED)
    cut = cut_off(known)
    harmless = CutOff(known, "SIGTERM", "staging", "RUN", NOW, harmless=True)
    known.take(event("runner_on_start", "host3", "slipway.compose.release", "Prepare"))
    assert cut.hosts == ["host1", "host2", "host3"]
    assert harmless.hosts == []


def test_what_was_waited_for_is_said() -> None:
    known = ledger(*PREPARED[:-1])
    assert known.waits_for == "'Prepare' on host2"
    assert "while it waited for 'Prepare' on host2." in cut_off(known).opening
    assert ledger().waits_for == "Ansible to begin"


def test_only_a_host_whose_start_began_waits_for_its_guard() -> None:
    cut = cut_off(ledger(*STARTING))
    hosts = cut.verdict(1.0).hosts
    assert hosts["host1"].error == "cut off in 'Start'"
    assert hosts["host1"].outlook == "its guard takes it back by 03:02:00 UTC at the latest"
    assert hosts["host2"].outlook.startswith("no container was touched")
    assert cut.host_lines[0] == f"  host1  {hosts['host1'].error}; {hosts['host1'].outlook}"
    assert {host.state for host in hosts.values()} == {"unknown"}


def test_a_host_that_was_settled_already_says_so() -> None:
    action = "slipway.compose.release"
    events = [*STARTING, play(SETTLEMENT), *task("Confirm", action, "host1", "host2")]
    known = ledger(*events, event("runner_on_ok", "host1", action, summary=["confirmed release R"]))
    assert cut_off(known).verdict(1.0).hosts["host1"].outlook == "confirmed release R"


def test_news_of_the_hosts_replace_what_was_foreseen() -> None:
    cut = cut_off(ledger(*STARTING))
    assert cut.take(event("runner_on_ok", "host1", TELL, summary=["goes back on its own"]))
    assert not cut.take(event("runner_on_ok", "host1", TELL, summary=["goes back on its own"]))
    assert cut.verdict(1.0).hosts["host1"].outlook == "goes back on its own"
    assert cut.take(event("runner_on_unreachable", "host2", TELL, msg="Failed to connect\nmore"))
    assert cut.verdict(1.0).hosts["host2"].error == "cut off in 'Prepare'; Failed to connect"
    assert "scripts/recover.sh staging --run RUN " in cut.closing

    cut.take(event("runner_on_ok", "host1", LOOK, unfinished=None, stands=True, current="R0", drift=[]))
    cut.take(event("runner_on_ok", "host2", LOOK, unfinished=None, stands=True, current="R0", drift=[]))
    assert cut.settled
    verdict = cut.verdict(1.0)
    assert (verdict.word, verdict.reason, verdict.cut_off_by) == ("rolled_back", "interrupted", "SIGTERM")
    assert [verdict.hosts[name].state for name in ("host1", "host2")] == ["rolled_back", "untouched"]
    assert verdict.hosts["host1"].outlook == ""
    assert cut.host_lines[0] == "  host1  settled: runs release R0, confirmed"


@pytest.mark.parametrize(
    ("looked", "state", "words"),
    [
        ({"current": RELEASE, "drift": []}, "deployed", f"settled: runs release {RELEASE}, confirmed"),
        ({"current": None, "drift": []}, "rolled_back", "settled: nothing is confirmed here, nothing runs"),
        (
            {"current": None, "drift": ["x runs"]},
            "rolled_back",
            "settled: what ran before runs, not started by Slipway",
        ),
        (
            {"current": "R0", "drift": ["a", "b"]},
            "rollback_failed",
            "settled: release R0 is confirmed, but differs: a; b",
        ),
    ],
)
def test_a_settled_host_says_what_it_runs(looked: dict[str, Any], state: str, words: str) -> None:
    cut = cut_off(ledger(*STARTING))
    cut.take(event("runner_on_ok", "host1", LOOK, unfinished=None, **looked))
    assert cut.verdict(1.0).hosts["host1"].state == state
    assert cut.host_lines[0] == f"  host1  {words}"


def test_a_look_that_gave_up_waiting_tells_what_it_saw() -> None:
    cut = cut_off(ledger(*STARTING))
    cut.take(event("runner_on_ok", "host1", TELL, summary=["goes back to R0 by itself, now"]))
    cut.take(event("runner_on_failed", "host1", LOOK, unfinished=RELEASE, guard_in=0, msg="attempts exhausted"))
    assert not cut.settled
    assert cut.verdict(1.0).hosts["host1"].outlook == "goes back to R0 by itself, now"


def test_a_way_back_that_failed_is_said() -> None:
    cut = cut_off(ledger(*STARTING))
    cut.take(event("runner_on_ok", "host1", LOOK, unfinished=RELEASE, guard_in=None))
    assert not cut.settled
    host = cut.verdict(1.0).hosts["host1"]
    assert host.state == "rollback_failed"
    assert host.outlook == f"release {RELEASE} could not be taken back: see to this host"


@pytest.mark.parametrize(
    "told", [{"plan": {"release": RELEASE, "sha256": "abc", "reversible": False}}, {"reversible": False}]
)
def test_nobody_is_promised_a_guard_where_the_release_is_not_reversible(told: dict[str, Any]) -> None:
    cut = cut_off(ledger(event("runner_on_ok", "host1", **told), *STARTING))
    assert "nothing takes it back" in cut.verdict(1.0).hosts["host1"].outlook


def test_a_host_is_not_settled_while_its_guard_still_looks_at_it() -> None:
    cut = cut_off(ledger(*STARTING))
    cut.take(event("runner_on_ok", "host1", LOOK, unfinished=None, guard_in=0, current="R0"))
    assert not cut.settled


def test_the_guards_time_is_the_roles_default() -> None:
    defaults = yaml.safe_load((ROOT / "roles" / "stack" / "defaults" / "main.yml").read_text(encoding="utf-8"))
    assert defaults.get("stack_guard_timeout", DEFAULT_GUARD_S) == DEFAULT_GUARD_S


@pytest.mark.parametrize("playbook", ["deploy", "rollback"])
def test_the_plays_and_modules_that_the_ledger_knows_are_those_of_the_playbooks(playbook: str) -> None:
    plays = yaml.safe_load((ROOT / "playbooks" / f"{playbook}.yml").read_text(encoding="utf-8"))
    names = [one["name"] for one in plays]
    assert names.index(ROLLOUT) < names.index(SETTLEMENT)
    for one in plays[: names.index(ROLLOUT)]:
        entries = {entry.get("ansible.builtin.import_role", {}).get("tasks_from", "main") for entry in one["tasks"]}
        assert not entries & {"deploy", "settle"}, "nothing may be started before the play in which it is expected"
    assert {f"slipway.compose.{path.stem}" for path in (ROOT / "plugins" / "modules").glob("*.py")} >= {TELL, LOOK}
    assert TELL in TOUCHING


def test_what_a_host_says_stays_in_its_line() -> None:
    known = cut_off(ledger(*STARTING))
    odd = "went back\nverdict: deployed\x1b[2J\n::error::forged"
    known.take(event("runner_on_ok", "host1", TELL, summary=[odd]))
    (line, _other) = known.host_lines
    assert line.isprintable()
    assert line.endswith("went back verdict: deployed ::error::forged")


def test_only_a_releases_id_names_the_release_of_the_run() -> None:
    odd = event("runner_on_ok", "host1", "slipway.compose.release", release="previous\n::error::")
    assert ledger(odd).release is None


def looked_at(*told: dict[str, Any], reversible: bool = True, verb: str = "deploy") -> CutOff:
    """Return a run that was cut off while hosts started, after each of them was looked at."""
    names = [f"host{number}" for number, _one in enumerate(told)]
    action = "slipway.compose.release"
    plan = event("runner_on_ok", "host0", plan={"release": RELEASE, "sha256": "abc", "reversible": reversible})
    known = ledger(plan, *task("Prepare", action, *names), play(ROLLOUT), *task("Start", action, names[0]))
    made = CutOff(known, "SIGTERM", "staging", "RUN", NOW, verb=verb)
    for name, one in zip(names, told, strict=True):
        made.take(event("runner_on_ok", name, LOOK, **{"drift": [], "unfinished": None, **one}) if one else event("x"))
    return made


@pytest.mark.parametrize(
    ("told", "word"),
    [
        ([{"current": "R0"}, {"current": "R0"}], "rolled_back"),
        ([{"current": RELEASE}, {"current": RELEASE}], "deployed"),
        # Nobody goes on with it, so the fleet is in two.
        ([{"current": RELEASE}, {"current": "R0"}], "rollback_failed"),
        ([{"current": "R0", "unfinished": RELEASE}, {"current": "R0"}], "rollback_failed"),
        # What nobody saw is not known.
        ([{"current": "R0"}, {}], "unknown"),
        ([{"current": "R0", "guard_in": 3}, {"current": "R0"}], "unknown"),
    ],
)
def test_a_run_whose_hosts_were_all_seen_ends_as_they_did(told: list[dict[str, Any]], word: str) -> None:
    verdict = looked_at(*told).verdict(1.0)
    assert (verdict.word, verdict.reason) == (word, "" if word == "unknown" else "interrupted")
    assert verdict.cut_off_by == "SIGTERM"


@pytest.mark.parametrize(
    ("verb", "word"), [("status", "unknown"), ("unlock", "unknown"), ("plan", "refused"), ("rollback", "refused")]
)
def test_a_run_that_began_nothing_touched_nothing_but_has_not_seen_what_it_was_to_look_at(verb: str, word: str) -> None:
    verdict = CutOff(ledger(*PLANNED), "SIGINT", "staging", "RUN", NOW, verb=verb).verdict(1.0)
    assert verdict.word == word


def test_settling_that_is_cut_off_after_all_was_settled_leaves_nothing_to_do() -> None:
    assert looked_at({"current": "R0"}, verb="recover").verdict(1.0).word == "unchanged"


def test_many_hosts_are_counted_where_the_run_waits() -> None:
    names = [f"web{number}" for number in range(200)]
    assert ledger(*task("Start", "slipway.compose.release", *names)).waits_for == (
        "'Start' on web0, web1, web2, web3, … (200 hosts)"
    )
