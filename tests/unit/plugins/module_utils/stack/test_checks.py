"""Declared checks: what is understood, what is refused, and how answers are judged."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.core.findings import SlipwayError
from ansible_collections.slipway.compose.plugins.module_utils.core.masking import Masker
from ansible_collections.slipway.compose.plugins.module_utils.stack.check_types.command import CommandProbe
from ansible_collections.slipway.compose.plugins.module_utils.stack.check_types.http import (
    HttpProbe,
    answer_faults,
    url_without_password,
)
from ansible_collections.slipway.compose.plugins.module_utils.stack.check_types.log import LogProbe
from ansible_collections.slipway.compose.plugins.module_utils.stack.check_types.tcp import TcpProbe
from ansible_collections.slipway.compose.plugins.module_utils.stack.checks import (
    Check,
    parse_checks,
    service_findings,
)

URL = "http://127.0.0.1:8080/healthz"


@pytest.mark.parametrize(
    ("raw", "check"),
    [
        ({"name": "a", "type": "http", "url": URL}, Check("a", HttpProbe(URL))),
        (
            {
                "name": "b",
                "type": "http",
                "url": URL,
                "method": "post",
                "headers": {"X-N": 1, "X-On": True},
                "body": {"a": 1},
                "status": [200, "301-303", "404"],
                "body_regex": "^ok",
                "jmespath": "a.b",
                "follow_redirects": "yes",
                "validate_certs": False,
                "ca_path": "/etc/ca.pem",
                "from": "controller",
                "timeout": "2.5",
                "interval": 0.5,
                "retries": "3",
                "service": "web",
            },
            Check(
                "b",
                HttpProbe(
                    URL,
                    method="POST",
                    headers=(("X-N", "1"), ("X-On", "true"), ("Content-Type", "application/json")),
                    body='{"a": 1}',
                    status=((200, 200), (301, 303), (404, 404)),
                    body_regex="^ok",
                    jmespath="a.b",
                    follow_redirects=True,
                    validate_certs=False,
                    ca_path="/etc/ca.pem",
                ),
                origin="controller",
                service="web",
                timeout_s=2.5,
                interval_s=0.5,
                retries=3,
            ),
        ),
        ({"name": "c", "type": "tcp", "port": "5432"}, Check("c", TcpProbe("127.0.0.1", 5432))),
        ({"name": "d", "type": "tcp", "host": "db", "port": 1}, Check("d", TcpProbe("db", 1))),
        (
            {"name": "e", "type": "command", "argv": ["nc", "-z", 80], "exit_codes": [0, 3], "service": "db"},
            Check("e", CommandProbe(("nc", "-z", "80"), frozenset({0, 3})), service="db"),
        ),
        (
            {"name": "f", "type": "log", "service": "web", "regex": "^ERROR", "present": "no"},
            Check("f", LogProbe("^ERROR", present=False), service="web"),
        ),
    ],
)
def test_checks_are_understood(raw: dict[str, Any], check: Check) -> None:
    assert parse_checks([raw]) == [check]


@pytest.mark.parametrize(
    ("wrong", "key", "seen"),
    [
        ({"url": None}, "url", "nothing"),
        ({"url": "ftp://host/"}, "url", "something else"),
        ({"url": "http://host:99999/"}, "url", "something else"),
        ({"statis": [200]}, "statis", "an unknown key"),
        ({"status": 200}, "status", "int 200"),
        ({"status": ["2xx"]}, "status", "str '2xx'"),
        ({"status": ["299-200"]}, "status", "str '299-200'"),
        ({"body_regex": "("}, "body_regex", "'('"),
        ({"jmespath": "a..b"}, "jmespath", "'a..b'"),
        ({"headers": ["X"]}, "headers", "list ['X']"),
        ({"headers": {"X": "a\nb"}}, "headers", "a value of X"),
        ({"timeout": 0}, "timeout", "int 0"),
        ({"timeout": "soon"}, "timeout", "str 'soon'"),
        ({"timeout": "nan"}, "timeout", "str 'nan'"),
        ({"interval": True}, "interval", "bool True"),
        ({"retries": 0}, "retries", "int 0"),
        ({"retries": 1.5}, "retries", "float 1.5"),
        ({"validate_certs": "maybe"}, "validate_certs", "str 'maybe'"),
        ({"from": "moon"}, "from", "'moon'"),
        ({"min_cert_days": 7}, "min_cert_days", "7 without that"),
        ({"type": "ping"}, "type", "'ping'"),
        ({"type": None}, "type", "nothing"),
        ({"name": 7}, "name", "int 7"),
    ],
)
def test_what_is_wrong_is_named(wrong: dict[str, Any], key: str, seen: str) -> None:
    raw = {"name": "a", "type": "http", "url": URL, **wrong}
    with pytest.raises(SlipwayError) as refusal:
        parse_checks([raw])
    (finding,) = refusal.value.findings
    assert finding.thing.endswith(f", key {key}")
    assert finding.seen.startswith(seen)


@pytest.mark.parametrize(
    "raw",
    [
        "curl",
        {"type": "tcp", "port": 80},
        {"name": "a", "type": "tcp"},
        {"name": "a", "type": "tcp", "port": 70000},
        {"name": "a", "type": "tcp", "port": 80, "url": URL},
        {"name": "a", "type": "log", "regex": "up"},
        {"name": "a", "type": "log", "service": "web"},
        {"name": "a", "type": "log", "service": "web", "regex": "("},
        {"name": "a", "type": "log", "service": "web", "regex": "up", "present": "maybe"},
        {"name": "a", "type": "log", "service": "web", "regex": "up", "argv": ["ls"]},
        {"name": "a", "type": "log", "service": "web", "regex": "up", "from": "controller"},
        {"name": "a", "type": "command", "argv": "ls -l"},
        {"name": "a", "type": "command", "argv": []},
        {"name": "a", "type": "command", "argv": ["ls"], "exit_codes": [-1]},
        {"name": "a", "type": "command", "argv": ["ls"], "service": "web", "from": "controller"},
    ],
)
def test_more_that_is_refused(raw: object) -> None:
    with pytest.raises(SlipwayError):
        parse_checks([raw])


def test_all_findings_come_at_once() -> None:
    with pytest.raises(SlipwayError) as refusal:
        parse_checks(
            [
                {"name": "a", "type": "http", "url": "x", "retries": -1, "colour": "red"},
                {"name": "b", "type": "tcp"},
                {"name": "c", "type": "tcp", "port": 1},
                {"name": "c", "type": "tcp", "port": 2},
            ]
        )
    assert [finding.thing for finding in refusal.value.findings] == [
        *("check 'a', key colour", "check 'a', key url", "check 'a', key retries", "check 'b', key port", "check 'c'"),
    ]


@pytest.mark.parametrize(
    ("rules", "status", "body", "faults"),
    [
        ({}, 204, "", []),
        ({}, 302, "", ["status 302"]),
        ({"status": [200, "404"]}, 404, "", []),
        ({"body_regex": "v1\\.[12]"}, 200, "this is v1.1", []),
        ({"body_regex": "v1\\.[12]"}, 500, "v1.3", ["status 500", "a body that does not match /v1\\.[12]/"]),
        ({"jmespath": "database == 'up'"}, 200, '{"database": "up"}', []),
        ({"jmespath": "database == 'up'"}, 200, '{"database": "down"}', ["JSON for which database == 'up' is false"]),
        ({"jmespath": "workers"}, 200, '{"workers": 0}', ["JSON for which workers is 0"]),
        ({"jmespath": "workers"}, 200, '{"workers": []}', ["JSON for which workers is []"]),
        ({"jmespath": "gone"}, 200, "{}", ["JSON for which gone is null"]),
        ({"jmespath": "length(a)"}, 200, '{"a": 1}', ["JSON on which length(a) fails"]),
        ({"jmespath": "a"}, 200, "<html>", ["a body that is no JSON"]),
    ],
)
def test_answers_are_judged(rules: dict[str, Any], status: int, body: str, faults: list[str]) -> None:
    (check,) = parse_checks([{"name": "a", "type": "http", "url": URL, **rules}])
    assert isinstance(check.probe, HttpProbe)
    found = answer_faults(check.probe, status, body, Masker())
    assert len(found) == len(faults)
    assert all(seen.startswith(wanted) for seen, wanted in zip(found, faults, strict=True))


def test_expectations_read_well_and_hide_passwords() -> None:
    probe = HttpProbe("https://me:secret@host/x?y", status=((200, 299), (404, 404)), body_regex="ok", min_cert_days=7)
    assert probe.expectation() == (
        "GET https://host/x?y answers with status 200-299 or 404, a body that matches /ok/, "
        "a certificate valid for at least 7 days"
    )
    assert url_without_password("http://[::1]:80/") == "http://[::1]:80/"
    assert CommandProbe(("a", "b"), frozenset({1, 0})).expectation() == "a b ends with exit code 0 or 1"


def test_a_check_names_a_service_that_is_there() -> None:
    checks = [{"name": "log", "service": "wroker"}, {"name": "page"}, {"name": "db", "service": "db"}]
    (finding,) = service_findings(checks, {"worker", "db"})
    assert finding.thing == "check 'log'"
    assert finding.expected == "a service that the release starts: one of db, worker"
    assert finding.seen == "wroker"
