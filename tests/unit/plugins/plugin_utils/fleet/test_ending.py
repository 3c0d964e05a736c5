# SPDX-License-Identifier: GPL-3.0-or-later
"""The end of a run as a stranger reads it at night: what broke, what runs where, what to type. One screen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.core.findings import Finding
from ansible_collections.slipway.compose.plugins.plugin_utils.commands import Commands
from ansible_collections.slipway.compose.plugins.plugin_utils.fleet.ending import Context
from ansible_collections.slipway.compose.plugins.plugin_utils.fleet.ending_lines import end_lines, findings
from ansible_collections.slipway.compose.plugins.plugin_utils.fleet.steps import HostSteps
from ansible_collections.slipway.compose.plugins.plugin_utils.fleet.verdict import HostVerdict, Verdict, judge

NEW, OLD = "20261122T220000Z-1.1", "20261122T210000Z-1.0"
RUN = "20261122T215955Z-deploy-210ec4"
OTHER_RUN = "20261122T215900Z-deploy-aaaaaa"
OK: dict[str, Any] = {"failed": False}
READY: dict[str, Any] = {"failed": False, "current": OLD, "unchanged": False, "guard_timeout": 900}
GATE_OK = {**OK, "gate": {"passed": True}}
CONTEXT = Context(
    Commands("/srv/inventories/lab"),
    RUN,
    f"var/runs/{RUN}",
    version="1.1",
    stack_folder="/var/lib/slipway/shop",
    logins={"lab3": "ssh deploy@lab3"},
)


def gate(seen: str = "status 500; body: broken", *logs: str, check: str = "page") -> dict[str, Any]:
    failure = {
        "service": "web",
        "container": "shop-web-1",
        "check": check,
        "expected": "status 200",
        "seen": seen,
        "logs": list(logs),
    }
    report = {"passed": False, "failures": [failure]}
    return {"failed": True, "msg": "failed its health check", "failures": [failure], "gate": report}


def found(*many: Finding) -> dict[str, Any]:
    return {"failed": True, "msg": "no", "findings": [one.as_dict() for one in many]}


def gone(port: int = 2302) -> dict[str, Any]:
    said = f"Task failed: Failed to connect to the host via ssh: ssh: connect to host 127.0.0.1 port {port}: "
    return {"unreachable": True, "msg": f"{said}Connection refused"}


def started(**results: dict[str, Any]) -> dict[str, Any]:
    return {"source": OK, "resolve": OK, "plan": OK, "prepare": READY, "start": OK, **results}


def ended(hosts: dict[str, dict[str, Any]], release: str | None = NEW, **changes: Any) -> Verdict:
    verdict = judge({name: HostSteps(results) for name, results in hosts.items()}, release)
    return replace(verdict, release=release, stack="shop", **changes)


def shown(verdict: Verdict, **changes: Any) -> str:
    return "\n".join(end_lines(verdict, replace(CONTEXT, **changes))) + "\n"


def lab(results: dict[str, Any], **others: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: others.get(name, results) for name in ("lab1", "lab2", "lab3", "lab4")}


PAGE_LOGS = ("INFO listens on port 8000", "ERROR cannot read setting THEME: it is not set")
ALL = f"All of it: var/runs/{RUN}/findings.txt"
LOST = {"source": OK, "resolve": OK, "plan": OK, "prepare": gone()}
READY_ONLY = {"source": OK, "resolve": OK, "plan": OK, "prepare": READY, "settle": OK}
BUSY = found(
    Finding("lease of stack shop", "no other run at work on it", f"run {OTHER_RUN} of anna@ci since 21:59", "Wait.")
)
NO_TAG = found(Finding("image r.test/web:9.9", "an image that r.test has", "manifest unknown", "Push it."))


def test_1_rolled_back_because_a_check_fails_everywhere() -> None:
    verdict = ended(lab(started(start=gate("status 500; body: broken", *PAGE_LOGS), settle=GATE_OK)))
    assert (
        shown(verdict)
        == f"""\
BROKE  4 of 4 hosts: service web, check 'page'
         expected: status 200
         seen: status 500; body: broken
         | INFO listens on port 8000
         | ERROR cannot read setting THEME: it is not set
RUNS   4 of 4 hosts: 1.0 (release {OLD}), went back, passed its health checks
NEXT   Nothing is down. Correct 1.1, build a new version, deploy that: scripts/deploy.sh lab --version NEW
       {ALL}
"""
    )


def test_2_rolled_back_because_a_process_ends_on_one_host() -> None:
    dead = gate("exited (exit code 3)", "panic: no licence", check="running")
    verdict = ended(lab(started(settle=GATE_OK), lab3=started(start=dead, settle=GATE_OK)))
    assert (
        shown(verdict)
        == f"""\
BROKE  lab3: service web, check 'running'
         expected: status 200
         seen: exited (exit code 3)
         | panic: no licence
RUNS   4 of 4 hosts: 1.0 (release {OLD}), went back, passed its health checks
NEXT   Nothing is down. Correct 1.1, build a new version, deploy that: scripts/deploy.sh lab --version NEW
       {ALL}
"""
    )


def test_3_refused_because_the_registry_has_no_such_tag_which_is_no_hosts_fault() -> None:
    verdict = ended(lab({"source": OK, "resolve": NO_TAG, "look": {**OK, "current": OLD}}), None)
    assert (
        shown(verdict, version="9.9")
        == f"""\
BROKE  image r.test/web:9.9: expected an image that r.test has, seen manifest unknown
RUNS   4 of 4 hosts: 1.0 (release {OLD}), confirmed earlier; not touched
NEXT   Push it.
       Then: scripts/deploy.sh lab --version 9.9
       {ALL}
"""
    )
    assert verdict.last_line("x") == "verdict: refused (bad input) · 4 hosts · 0.0 s · x"
    assert "said no" not in verdict.message


def test_4_refused_because_a_host_does_not_answer_which_has_not_said_no() -> None:
    verdict = ended(lab(READY_ONLY, lab2=LOST))
    told = {**verdict.hosts, "lab2": replace(verdict.hosts["lab2"], last_known=OLD)}
    assert (
        shown(replace(verdict, hosts=told))
        == f"""\
BROKE  lab2 (127.0.0.1:2302) DID NOT ANSWER: Connection refused
RUNS   3 of 4 hosts (lab1, lab3, lab4): 1.0 (release {OLD}), confirmed earlier; not touched
       lab2: NOT KNOWN, DID NOT ANSWER; if the call reached it, its lease ends by itself, and the next run removes \
what was staged; last known release {OLD}
NEXT   Nothing listens there. Check ansible_host and ansible_port, and that sshd runs.
       Then: scripts/deploy.sh lab --version 1.1
       Or without who does not answer: scripts/deploy.sh lab --version 1.1 --limit 'all:!lab2'
       {ALL}
"""
    )
    assert verdict.last_line("x").startswith(f"verdict: refused (unreachable) · release {NEW} · 4 hosts")
    (line,) = (line for line in verdict.message.splitlines() if line.startswith("lab2"))
    assert line.startswith("lab2: DID NOT ANSWER; if the call reached it, its lease ends by itself")


def test_5_rollback_failed_where_both_releases_fail_suspects_the_host_and_looks_first() -> None:
    verdict = ended(lab(started(settle=GATE_OK), lab3=started(start=gate(), settle=gate())))
    look = "docker compose -p shop ps --all; docker compose -p shop logs --tail 50; df -h"
    assert (
        shown(verdict)
        == f"""\
BROKE  lab3: service web, check 'page' (with what ran before, the same)
         expected: status 200
         seen: status 500; body: broken
RUNS   lab3: 1.0 was started again, and FAILED ITS HEALTH CHECK
       3 of 4 hosts (lab1, lab2, lab4): 1.0 (release {OLD}), went back, passed its health checks
NEXT   lab3 fails in the same way with 1.1 and without, and no other host does: suspect lab3, not the release.
       Look first: ssh deploy@lab3 '{look}'
       Once it can go back: ssh deploy@lab3 sh /var/lib/slipway/shop/releases/{NEW}/rollback.sh
       {ALL}
"""
    )


def test_6_interrupted_but_seen_to_settle_says_so() -> None:
    hosts = {name: HostVerdict("rolled_back", OLD, "cut off in 'Start'") for name in ("lab1", "lab2", "lab3", "lab4")}
    verdict = Verdict("rolled_back", hosts=hosts, release=NEW, reason="interrupted", cut_off_by="SIGTERM")
    said = "The run was cut off by SIGTERM, while it waited for 'Start' on lab1."
    assert (
        shown(verdict, noted=(said,))
        == f"""\
BROKE  {said}
RUNS   4 of 4 hosts: 1.0 (release {OLD}), went back, passed its health checks
NEXT   Nothing is down. 1.1 was not judged; when you like: scripts/deploy.sh lab --version 1.1
"""
    )
    assert verdict.last_line("x").startswith("verdict: rolled_back (interrupted) · ")


def test_7_refused_because_another_run_is_at_work_which_may_change_every_host() -> None:
    busy = {"source": OK, "resolve": OK, "plan": OK, "prepare": {**BUSY, "current": OLD}}
    verdict = ended(lab(busy))
    assert (
        shown(verdict)
        == f"""\
BROKE  4 of 4 hosts: busy with run {OTHER_RUN} of anna@ci since 21:59
RUNS   4 of 4 hosts: 1.0 (release {OLD}), busy with run {OTHER_RUN}; MAY BE CHANGING NOW
NEXT   Wait for that run: scripts/deploy.sh lab --version 1.1 --lease-wait 600
       If it is dead: scripts/recover.sh lab --run {OTHER_RUN}
       {ALL}
"""
    )
    assert verdict.last_line("x").startswith("verdict: refused (busy) · ")
    assert "nothing was touched" not in verdict.message


def test_a_way_back_that_broke_off_names_the_script_last() -> None:
    broken = found(Finding("way back", "rollback.sh to end with 0", "no space left on device", "Free disk space."))
    verdict = ended(lab(started(settle=GATE_OK), lab3=started(start=gate(), settle=broken)))
    lines = shown(verdict).splitlines()
    assert "BROKE  lab3: service web, check 'page'" in lines
    assert "lab3: on the way back: way back: expected rollback.sh to end with 0, seen no space" in "\n".join(lines)
    assert "RUNS   lab3: the way back BROKE OFF" in lines
    looks = [number for number, line in enumerate(lines) if "Look first" in line]
    (script,) = (number for number, line in enumerate(lines) if f"releases/{NEW}/rollback.sh" in line)
    assert looks[0] < script
    assert not [line for line in lines if "suspect" in line]


def test_where_every_host_fails_in_both_ways_no_host_is_suspected() -> None:
    assert "suspect what both need" in shown(ended(lab(started(start=gate(), settle=gate()))))


def test_a_healthy_fleet_is_not_called_unchanged() -> None:
    verdict = ended(lab({"verify": {**OK, "stands": True, "current": OLD}}), None)
    text = shown(verdict, verb="status")
    assert f"RUNS   4 of 4 hosts: 1.0 (release {OLD}), healthy, as it was confirmed\n" in text
    assert verdict.last_line("x") == "verdict: healthy · 4 hosts · 0.0 s · x"
    assert (verdict.word, verdict.exit_code) == ("unchanged", 0)


def test_what_was_never_asked_is_not_known_and_where_nothing_ran_that_is_said() -> None:
    planned = {"source": OK, "resolve": OK, "plan": OK}
    plan = f"scripts/deploy.sh lab --version 1.1 --plan var/runs/{RUN}/plan.json"
    assert (
        shown(ended(lab(planned)), verb="plan")
        == f"RUNS   4 of 4 hosts: NOT KNOWN, not touched\nNEXT   To do it: {plan}\n"
    )
    first = {**planned, "prepare": {**READY, "current": None}}
    text = shown(ended(lab({**first, "settle": OK}, lab2=LOST)))
    assert "3 of 4 hosts (lab1, lab3, lab4): no release was ever confirmed\n" in text


def test_who_was_left_out_of_a_good_run_is_still_to_be_seen_to() -> None:
    good = {"reach": OK, **started(confirm=OK)}
    verdict = ended(lab(good, lab2={"reach": gone()}))
    assert verdict.word == "deployed"
    text = shown(verdict)
    assert "       lab2: NOT KNOWN, LEFT OUT, DID NOT ANSWER\n" in text
    assert "Once who was left out answers: scripts/deploy.sh lab --version 1.1\n" in text
    assert "Nothing is left to do" not in text


def test_what_differs_from_what_was_confirmed_broke() -> None:
    drifts = {**OK, "stands": False, "current": OLD, "drift": ["web was made from something else"]}
    text = shown(ended(lab({"verify": drifts}), None), verb="status")
    assert "BROKE  4 of 4 hosts: web was made from something else\n" in text
    assert "DIFFERS from what was confirmed\n" in text
    assert "What differs: scripts/deploy.sh lab --version 1.0\n" in text


def fleet(size: int, results: dict[str, Any], **others: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: others.get(name, results) for name in (f"web{number}" for number in range(1, size + 1))}


def test_200_hosts_fit_one_screen_and_those_that_differ_are_named() -> None:
    bad, odd = started(start=gate("status 500", *PAGE_LOGS), settle=GATE_OK), gate("no answer within 8 s (2 attempts)")
    verdict = ended(fleet(200, bad, web7=started(start=odd, settle=GATE_OK)))
    lines = shown(verdict).splitlines()
    assert lines[0] == "BROKE  199 of 200 hosts (not web7): service web, check 'page'"
    odd_line = "web7: service web, check 'page': no answer within 8 s (2 attempts), asked from the host itself"
    assert f"       {odd_line}" in lines
    assert f"RUNS   200 of 200 hosts: 1.0 (release {OLD}), went back, passed its health checks" in lines
    assert findings(verdict).count("service web, check 'page'") == 200


LONG = "x" * 900
ANY_CAUSE = {
    "gate": gate(LONG, *(f"{LONG}{number}" for number in range(30))),
    "findings": found(*(Finding(f"port {port}/tcp", LONG, LONG, LONG) for port in range(40))),
    "said": {**gate(), "said": "\n".join([LONG] * 20)},
    "gone": gone(),
    "message": {"failed": True, "msg": "\n".join([LONG] * 20)},
}


@pytest.mark.parametrize("size", [1, 4, 200])
@pytest.mark.parametrize("cause", ANY_CAUSE.values(), ids=ANY_CAUSE)
@pytest.mark.parametrize("step", ["source", "resolve", "prepare", "start", "settle", "verify"])
def test_whatever_happens_fits_a_screen_of_24_rows(size: int, step: str, cause: dict[str, Any]) -> None:
    """Each host fails in words of its own; the line before these and the last one take two rows each at most."""
    hosts = {}
    for number in range(size):
        own = {**cause, "msg": f"{number % 9} {cause.get('msg')}"}
        hosts[f"a-host-with-a-long-name-{number}.example.com"] = started(**{step: own})
    verdict = ended(hosts)
    lines = end_lines(verdict, replace(CONTEXT, logins=dict.fromkeys(hosts, f"ssh {LONG}")))
    assert sum(-(-(len("00:00 ") + len(line)) // 80) for line in lines) + 4 <= 24, "\n".join(lines)
    # A host that could not speak for all says nothing else here.
    alone = step == "resolve" and cause.get("unreachable")
    assert {line[:7].strip() for line in lines} - {""} == {"RUNS", "NEXT"} | (set() if alone else {"BROKE"})
    last = f"00:16 {verdict.last_line(CONTEXT.folder)}"
    assert len(last) <= 160
    assert not [line for line in lines if " ENV" in line]


def test_a_host_of_which_nobody_knows_is_named_whatever_else_there_is_to_say() -> None:
    outlook = (
        "its guard takes it back by itself, if the release was started there, "
        "400 s (stack_guard_timeout) after the run last reached it"
    )
    before = "20261128T004116Z-1.6"
    hosts = {
        "host1": HostVerdict("rolled_back", before, ""),
        "host2": HostVerdict("unknown", None, "", outlook, known="DID NOT ANSWER", last_known=before),
        "host3": HostVerdict("untouched", before, ""),
    }
    lines = end_lines(Verdict("unknown", "", hosts, release="20261128T004131Z-1.8"), CONTEXT)
    (line,) = [line for line in lines if line.startswith("RUNS")]
    assert "host2: NOT KNOWN, DID NOT ANSWER" in line
    assert line.endswith(outlook)
