# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a host can take a release, from what real hosts said."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.engine.compose_model import PublishedPort
from ansible_collections.slipway.compose.plugins.module_utils.host.machine import facts

TCP = """\
   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2723784 1 ffff88 100 0 0 10 0
   1: 0100007F:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 711936 1 ffff88 100 0 0 10 0
   2: 0B00007F:B2DD 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 711036 1 ffff88 100 0 0 10 0
   3: 0100007F:1F91 0100007F:C000 01 00000000:00000000 00:00000000 00000000     0        0 711037 1 ffff88 20 0 0 10 -1
"""
TCP6 = (
    "   0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A "
    "00000000:00000000 00:00000000 00000000     0        0 711937 1 ffff88813b14c440 100 0 0 10 0\n"
)
UDP = (
    "12227: 0B00007F:8A5E 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 "
    "711035 2 ffff88810e4eef40 0\n"
)


def test_listening_sockets_are_read_and_others_are_not() -> None:
    parse = facts.parse_socket_table
    assert parse(TCP.splitlines(), "tcp") == [(8080, "00000000"), (22, "0100007F"), (45789, "0B00007F")]
    assert parse(TCP6.splitlines(), "tcp") == [(80, "0" * 32)]
    assert parse(UDP.splitlines(), "udp") == [(35422, "0B00007F")]
    assert parse(["", "garbage"], "tcp") == []


@pytest.mark.parametrize(
    ("port", "taken"),
    [
        (PublishedPort("", 8080, "tcp"), True),
        (PublishedPort("127.0.0.1", 8080, "tcp"), True),
        (PublishedPort("", 22, "tcp"), True),
        (PublishedPort("127.0.0.1", 22, "tcp"), True),
        (PublishedPort("10.0.0.1", 22, "tcp"), False),
        (PublishedPort("", 8080, "udp"), False),
        (PublishedPort("", 8081, "tcp"), False),
        (PublishedPort("", 80, "tcp"), True),
    ],
)
def test_a_port_collides_only_where_it_would_be_bound(
    port: PublishedPort, *, taken: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    sockets: dict[tuple[int, str], list[str]] = {}
    for number, address in facts.parse_socket_table([*TCP.splitlines(), *TCP6.splitlines()], "tcp"):
        sockets.setdefault((number, "tcp"), []).append(address)
    monkeypatch.setattr(facts, "listening_sockets", lambda: sockets)
    found = facts.port_findings([("web", port)], set(), {})
    assert [finding.seen for finding in found] == (["taken by a process of this host"] if taken else [])


def test_a_port_of_the_stack_itself_is_free_and_that_of_another_container_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(facts, "listening_sockets", lambda: {(80, "tcp"): ["00000000"]})
    wanted = [("web", PublishedPort("", 80, "tcp"))]
    assert facts.port_findings(wanted, {(80, "tcp")}, {}) == []
    found = facts.port_findings(wanted, set(), {(80, "tcp"): "container of blog"})
    assert found[0].sentence() == (
        "port 80/tcp for service web: expected a free port, seen taken by container of blog. "
        "Stop it, or publish another port (`ss -lntup | grep :80` shows the process)."
    )


@pytest.mark.parametrize(
    ("version", "api", "seen"),
    [
        ("2.26.1-4\n", "1.45", None),
        ("5.6.1", "1.41", None),
        ("v2.24.0", "1.41", None),
        ("2.24", "1.41", None),
        ("5.1.0", "1.44", None),
        ("5.1.1", None, None),
        (None, "1.45", "none"),
        ("unknown", "1.45", "none"),
        ("2.23.3", "1.45", "2.23.3"),
        ("1.29.2", "1.45", "1.29.2"),
        ("5.1.1", "1.41", "5.1.1, which breaks stacks with several networks on this engine"),
    ],
)
def test_the_compose_plugin_is_judged(version: str | None, api: str | None, seen: str | None) -> None:
    found = facts.compose_findings(version, api)
    assert [finding.seen for finding in found] == ([] if seen is None else [seen])
    assert all("playbooks/bootstrap.yml" in finding.remedy for finding in found)


def test_room_is_looked_for_where_the_folder_will_be(tmp_path: Path) -> None:
    folders = {str(tmp_path / "not" / "yet"): "releases"}
    assert facts.disk_findings(folders, 0) == []
    found = facts.disk_findings(folders, 10**12)
    assert found[0].thing == f"disk for releases ({tmp_path}/not/yet)"
    assert found[0].expected == "1000000000000 MB free"


def test_a_folder_that_can_be_made_is_fine_and_a_file_in_its_place_is_not(tmp_path: Path) -> None:
    assert facts.folder_findings(tmp_path / "a" / "b") == []
    (tmp_path / "file").write_text("")
    found = facts.folder_findings(tmp_path / "file" / "stack")
    assert [finding.seen for finding in found] == [f"{tmp_path}/file, which is no folder"]
