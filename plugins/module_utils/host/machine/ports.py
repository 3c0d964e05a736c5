# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the ports of the host that a release wants and somebody else has, address by address (I/O)."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...core.findings import Finding
from ...engine.compose_model import PublishedPort, Service
from ...engine.containers import ListedContainer

_LISTENING = "0A"
_STATE_FIELD = 3
_TABLES = (("tcp", "tcp"), ("tcp6", "tcp"), ("udp", "udp"), ("udp6", "udp"))
#: Every address of one family; "" is every address of both.
_ALL_IPV4, _ALL_IPV6 = "0.0.0.0", "::"  # noqa: S104 - compared with, not bound to


@dataclass(frozen=True)
class _Holder:
    """Who has a port, or is to have it."""

    port: PublishedPort
    who: str


def port_findings(
    services: Sequence[Service],
    containers: Sequence[ListedContainer],
    stack: str,
    sockets: Sequence[PublishedPort] | None = None,
) -> list[Finding]:
    """Return a finding for each port that a service cannot get.

    Args:
        services: the services of the release.
        containers: all containers of the engine.
        stack: the stack, whose own containers give their ports back.
        sockets: what listens on this host; looked for if None.
    """
    own = {port for one in containers if one.is_replica_of(stack) for port in one.ports}
    holders = [
        _Holder(port, f"container of {one.owner}")
        for one in containers
        if not one.is_replica_of(stack)
        for port in one.ports
    ]
    listening = listening_sockets() if sockets is None else sockets
    # With one of its own in the host's network, a socket may be that one's, which gives it back.
    if not any(one.is_replica_of(stack) and one.host_network and one.state == "running" for one in containers):
        holders += _processes(listening, own | {one.port for one in holders})
    findings: list[Finding] = []
    for service in services:
        for port in service.ports if service.replicas else ():
            findings += _lacking(service, port, holders)
        # Of two services of a stack that want the same port, the second does not get it.
        fixed = [port for port in service.ports if len(port.numbers) == 1] if service.replicas else []
        holders += [_Holder(port, f"service {service.name} of this stack") for port in fixed]
    return findings


def _lacking(service: Service, port: PublishedPort, holders: Sequence[_Holder]) -> list[Finding]:
    taken = {
        number: next(one.who for one in holders if _collide(port, number, one.port))
        for number in port.numbers
        if any(_collide(port, number, one.port) for one in holders)
    }
    free = len(port.numbers) - len(taken)
    if free >= service.replicas:
        return []
    thing = f"port {port} for service {service.name}"
    if not taken:
        remedy = f"Publish a range of ports, such as {port.port}-{port.port + service.replicas - 1}, or none."
        return [Finding(thing, f"a port for each of {service.replicas} replicas", f"{free}", remedy)]
    expected = "a free port" if service.replicas == 1 else f"a free port for each of {service.replicas} replicas"
    by_whom = [who if len(port.numbers) == 1 else f"{number} by {who}" for number, who in taken.items()]
    remedy = f"Stop it, or publish another port (`ss -lntup | grep :{next(iter(taken))}` shows the process)."
    return [Finding(thing, expected, f"taken {'by ' if len(port.numbers) == 1 else ''}{', '.join(by_whom)}", remedy)]


def _processes(sockets: Sequence[PublishedPort], of_containers: set[PublishedPort]) -> Iterator[_Holder]:
    """Yield the ports that processes have which are none of the engine's for a container."""
    for socket in sockets:
        if socket in of_containers:
            continue
        all_ipv4 = PublishedPort(_ALL_IPV4, socket.port, socket.protocol)
        if socket.address == _ALL_IPV6:
            # Engines before 20.10.2 listen so for both families, and tell of one.
            if all_ipv4 in of_containers:
                continue
            if not any(_is_ipv4(one) and one.numbers == socket.numbers for one in sockets):
                # Such a socket has the port in both families, unless somebody else could have it in the other.
                yield _Holder(PublishedPort("", socket.port, socket.protocol), "a process of this host")
                continue
        yield _Holder(socket, "a process of this host")


def _collide(wanted: PublishedPort, number: int, held: PublishedPort) -> bool:
    if held.port != number or held.protocol != wanted.protocol:
        return False
    if "" in (wanted.address, held.address):
        return True
    if _is_ipv4(wanted) != _is_ipv4(held):
        return False
    return wanted.address == held.address or not {_ALL_IPV4, _ALL_IPV6}.isdisjoint((wanted.address, held.address))


def _is_ipv4(port: PublishedPort) -> bool:
    return "." in port.address


def listening_sockets() -> list[PublishedPort]:
    """Return what something listens on, from /proc/net; no privilege is needed."""
    found: dict[PublishedPort, None] = {}
    for table, protocol in _TABLES:
        try:
            lines = Path(f"/proc/net/{table}").read_text().splitlines()[1:]
        except OSError:
            continue
        found.update(dict.fromkeys(parse_socket_table(lines, protocol)))
    return list(found)


def parse_socket_table(lines: Sequence[str], protocol: str) -> list[PublishedPort]:
    """Return each listening socket in lines of /proc/net/tcp and its like (proc(5))."""
    sockets = []
    for line in lines:
        fields = line.split()
        if len(fields) > _STATE_FIELD and (protocol == "udp" or fields[_STATE_FIELD] == _LISTENING):
            address, _colon, port = fields[1].rpartition(":")
            sockets.append(PublishedPort(_address(address), int(port, 16), protocol))
    return sockets


def _address(digits: str) -> str:
    """Return an address as the kernel prints it: numbers of 32 bits in the host's byte order."""
    import ipaddress

    words = [digits[at : at + 8] for at in range(0, len(digits), 8)]
    address = ipaddress.ip_address(b"".join(int(word, 16).to_bytes(4, sys.byteorder) for word in words))
    # A socket of both families that is bound to an address of IPv4.
    return str(getattr(address, "ipv4_mapped", None) or address)
