# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose a container is that its engine has lost, from the addresses that it has."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.engine.lost.ending import addresses, belongs

#: Of a container with one network, as the kernel tells it; the second table says the same once more.
FIB_TRIE = """\
Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 127.0.0.0/8 2 0 2
        +-- 127.0.0.0/31 1 0 0
           |-- 127.0.0.0
              /8 host LOCAL
           |-- 127.0.0.1
              /32 host LOCAL
        |-- 127.255.255.255
           /32 link BROADCAST
     +-- 172.20.0.0/16 2 0 2
        +-- 172.20.0.0/30 2 0 2
           |-- 172.20.0.0
              /16 link UNICAST
           |-- 172.20.0.3
              /32 host LOCAL
        |-- 172.20.255.255
           /32 link BROADCAST
"""


def test_the_addresses_of_a_process_are_those_that_the_kernel_calls_local(tmp_path: Path) -> None:
    folder = tmp_path / "7" / "net"
    folder.mkdir(parents=True)
    (folder / "fib_trie").write_text(FIB_TRIE + FIB_TRIE.replace("Main", "Local"), encoding="ascii")
    assert addresses(7, tmp_path) == {"172.20.0.3"}
    (folder / "if_inet6").write_text(
        "00000000000000000000000000000001 01 80 10 80       lo\n"
        "fe800000000000000042acfffe140003 05 40 20 80     eth0\n"
        "fd000000000000010000000000000003 05 40 00 80     eth0\n"
    )
    assert addresses(7, tmp_path) == {"172.20.0.3", "fd00:0:0:1::3"}
    # A network can have IPv6 alone.
    (folder / "fib_trie").unlink()
    assert addresses(7, tmp_path) == {"fd00:0:0:1::3"}
    assert belongs(addresses(7, tmp_path), HOST, {"fd00:0:0:1::/64"})
    assert addresses(8, tmp_path) == set(), "it has ended meanwhile"


HOST = {"10.0.0.5", "172.17.0.1", "172.20.0.1"}


@pytest.mark.parametrize(
    ("found", "subnets", "answer"),
    [
        ({"172.20.0.3"}, {"172.20.0.0/16"}, True),
        ({"172.20.0.3"}, {"172.20.0.1/16"}, True),
        ({"172.20.0.3"}, {"172.21.0.0/16", "fd00::/64"}, False),
        ({"172.18.0.9", "172.20.0.3"}, {"172.18.0.0/16", "172.20.0.0/16"}, True),
        # It shares a network with the stack.
        ({"172.19.0.9", "172.20.0.3"}, {"172.20.0.0/16"}, False),
        # It has the host's network.
        (HOST, {"172.20.0.0/16"}, False),
        ({"172.20.0.1"}, {"172.20.0.0/16"}, False),
        (set(), {"172.20.0.0/16"}, False),
        ({"172.20.0.3"}, set(), False),
    ],
)
def test_a_container_is_the_stacks_that_is_in_its_networks_and_in_no_other(
    found: set[str], subnets: set[str], *, answer: bool
) -> None:
    assert belongs(found, HOST, subnets) is answer
