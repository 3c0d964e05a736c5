# SPDX-License-Identifier: GPL-3.0-or-later
"""Which ports of a host somebody else has, address by address, from what real hosts said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.engine.compose_model import PublishedPort, Service
from ansible_collections.slipway.compose.plugins.module_utils.engine.containers import ListedContainer
from ansible_collections.slipway.compose.plugins.module_utils.host.machine.ports import (
    listening_sockets,
    parse_socket_table,
    port_findings,
)

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
#: 2001:db8::10, the loopback, and 10.0.0.5 as an address of IPv6.
OTHER_TCP6 = """\\
   1: B80D0120000000000000000010000000:01BB 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 0 0
   2: 00000000000000000000000001000000:0019 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 0 0
   3: 0000000000000000FFFF00000500000A:1F40 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 0 0
"""
UDP = (
    "12227: 0B00007F:8A5E 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 "
    "711035 2 ffff88810e4eef40 0\n"
)


def port(text: str) -> PublishedPort:
    """Return the port that Docker spells so."""
    where, _slash, protocol = text.partition("/")
    address, _colon, number = where.rpartition(":")
    first, _dash, last = number.partition("-")
    return PublishedPort(address.strip("[]"), int(first), protocol or "tcp", int(last or 0))


def service(*ports: str, name: str = "web", replicas: int = 1) -> Service:
    return Service(name, "web:1", replicas, False, tuple(map(port, ports)), ())  # noqa: FBT003


def container(project: str, *ports: str, one_off: bool = False) -> ListedContainer:
    return ListedContainer("till", project, one_off, "running", tuple(map(port, ports)))


def test_listening_sockets_are_read_and_others_are_not() -> None:
    spelled = [str(one) for one in parse_socket_table(TCP.splitlines(), "tcp")]
    assert spelled == ["0.0.0.0:8080/tcp", "127.0.0.1:22/tcp", "127.0.0.11:45789/tcp"]
    spelled = [str(one) for one in parse_socket_table([*TCP6.splitlines(), *OTHER_TCP6.splitlines()], "tcp")]
    assert spelled == ["[::]:80/tcp", "[2001:db8::10]:443/tcp", "[::1]:25/tcp", "10.0.0.5:8000/tcp"]
    assert [str(one) for one in parse_socket_table(UDP.splitlines(), "udp")] == ["127.0.0.11:35422/udp"]
    assert parse_socket_table(["", "garbage"], "tcp") == []
    assert len(set(listening_sockets())) == len(listening_sockets())


@pytest.mark.parametrize(
    ("wanted", "held", "taken"),
    [
        ("80", "0.0.0.0:80", True),
        ("80", "[::]:80", True),
        ("80", "[2001:db8::10]:80", True),
        ("80", "10.0.0.5:80", True),
        ("0.0.0.0:80", "10.0.0.5:80", True),
        ("10.0.0.5:80", "0.0.0.0:80", True),
        ("10.0.0.5:80", "10.0.0.5:80", True),
        ("10.0.0.5:80", "10.0.0.6:80", False),
        ("127.0.0.1:80", "[2001:db8::10]:80", False),
        ("0.0.0.0:80", "[2001:db8::10]:80", False),
        ("[::]:80", "[2001:db8::10]:80", True),
        ("[2001:db8::10]:80", "[::]:80", True),
        ("[2001:db8::10]:80", "[2001:db8::10]:80", True),
        ("[2001:db8::10]:80", "[2001:db8::11]:80", False),
        ("[2001:db8::10]:80", "0.0.0.0:80", False),
        ("80/udp", "0.0.0.0:80", False),
        ("81", "0.0.0.0:80", False),
    ],
)
def test_a_port_collides_only_where_it_would_be_bound(wanted: str, held: str, *, taken: bool) -> None:
    for containers, sockets, by in (
        ([container("blog", held)], [], "container of blog"),
        ([container("", held)], [port(held)], "container of till"),
    ):
        found = port_findings([service(wanted)], containers, "shop", sockets)
        assert [one.seen for one in found] == ([f"taken by {by}"] if taken else [])


@pytest.mark.parametrize(
    ("wanted", "sockets", "taken"),
    [
        # A socket for all addresses of IPv6 has the port of IPv4 as well …
        ("127.0.0.1:80", ["[::]:80"], True),
        ("0.0.0.0:80", ["[::]:80"], True),
        # … unless another socket could have that.
        ("127.0.0.1:80", ["[::]:80", "127.0.0.2:80"], False),
        ("[2001:db8::10]:80", ["[::1]:80"], False),
        ("[2001:db8::10]:80", ["[2001:db8::10]:80"], True),
        ("10.0.0.5:80", ["10.0.0.6:80", "[2001:db8::10]:80"], False),
    ],
)
def test_a_process_has_a_port_by_address_and_can_have_it_in_both_families(
    wanted: str, sockets: list[str], *, taken: bool
) -> None:
    found = port_findings([service(wanted)], [], "shop", [port(one) for one in sockets])
    assert [one.seen for one in found] == (["taken by a process of this host"] if taken else [])


def test_the_stacks_own_ports_are_free_by_address_and_not_by_number() -> None:
    own = container("shop", "127.0.0.1:80")
    sockets = [port("127.0.0.1:80"), port("10.0.0.5:80")]
    assert port_findings([service("127.0.0.1:80")], [own], "shop", sockets) == []
    (found,) = port_findings([service("80")], [own], "shop", sockets)
    assert found.sentence() == (
        "port 80/tcp for service web: expected a free port, seen taken by a process of this host. "
        "Stop it, or publish another port (`ss -lntup | grep :80` shows the process)."
    )
    # What Compose does not replace does not give its port back.
    run = container("shop", "0.0.0.0:80", one_off=True)
    assert [one.seen for one in port_findings([service("80")], [run], "shop", [])] == ["taken by container of shop"]


def test_a_container_of_the_stack_in_the_hosts_network_gives_its_socket_back() -> None:
    sockets = [port("0.0.0.0:80")]
    own = replace(container("shop"), host_network=True)
    assert port_findings([service("80")], [own], "shop", sockets) == []
    for other in (replace(own, state="exited"), replace(own, project="blog"), container("shop")):
        (found,) = port_findings([service("80")], [other], "shop", sockets)
        assert found.seen == "taken by a process of this host"


@pytest.mark.parametrize("ports", [["0.0.0.0:80", "[::]:80"], ["0.0.0.0:80"]])
def test_what_the_engine_listens_on_for_a_container_is_that_containers(ports: list[str]) -> None:
    # Engines before 20.10.2 listen for both families at once, and tell of one.
    sockets = [port("[::]:80")] if len(ports) == 1 else [port(one) for one in ports]
    assert port_findings([service("80")], [container("shop", *ports)], "shop", sockets) == []
    (found,) = port_findings([service("80")], [container("blog", *ports)], "shop", sockets)
    assert found.seen == "taken by container of blog"


@pytest.mark.parametrize(
    ("wanted", "replicas", "held", "seen"),
    [
        ("8081-8083", 3, [], None),
        ("8081-8083", 2, ["0.0.0.0:8082"], None),
        ("8081-8083", 3, ["0.0.0.0:8082", "0.0.0.0:8084"], "taken 8082 by container of blog"),
        ("8081-8082", 3, [], "2"),
        ("8081", 2, [], "1"),
        ("8081", 0, ["0.0.0.0:8081"], None),
        ("127.0.0.1:8081-8082", 2, ["10.0.0.5:8081"], None),
    ],
)
def test_each_replica_needs_a_port(wanted: str, replicas: int, held: list[str], seen: str | None) -> None:
    found = port_findings([service(wanted, replicas=replicas)], [container("blog", *held)], "shop", [])
    assert [one.seen for one in found] == ([] if seen is None else [seen])
    assert not found or f"{replicas} replicas" in found[0].expected


def test_two_services_of_a_stack_do_not_get_the_same_port() -> None:
    both = [service("127.0.0.1:80", name="admin"), service("80"), service("[::1]:81", "0.0.0.0:81", "81/udp", name="x")]
    (found,) = port_findings(both, [], "shop", [])
    assert (found.thing, found.seen) == ("port 80/tcp for service web", "taken by service admin of this stack")
    assert port_findings([service("80", name="admin", replicas=0), service("80")], [], "shop", []) == []
