# SPDX-License-Identifier: GPL-3.0-or-later
"""What a resolved project takes for granted on its host."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.engine.host_needs import HostPath, parse_host_needs

ROOT = "/srv/shop/releases/.staging-x/files"


def bind(source: str, target: str = "/t", **options: Any) -> dict[str, Any]:
    return {"type": "bind", "source": source, "target": target, **({"bind": options} if options else {})}


def paths(*mounts: dict[str, Any]) -> list[tuple[str, bool]]:
    needs = parse_host_needs(json.dumps({"services": {"web": {"volumes": list(mounts)}}}), ROOT)
    return [(one.path, one.may_be_made) for one in needs.paths]


def test_all_kinds_of_needs_are_found() -> None:
    project = {
        "services": {
            "web": {"volumes": [bind(f"{ROOT}/conf", "/c"), {"type": "volume", "source": "v", "target": "/v"}]},
            "db": {"volumes": [bind("/etc/app.conf", "/etc/app.conf", create_host_path=False)]},
            "bare": {},
        },
        "secrets": {"pin": {"file": f"{ROOT}/secrets/pin"}, "key": {"environment": "KEY"}, "far": {"external": True}},
        "configs": {"site": {"file": "/etc/site"}, "text": {"content": "x"}},
        "networks": {"default": {"name": "shop_default"}, "front": {"name": "proxy", "external": True}},
        "volumes": {
            "v": {"name": "real", "external": True},
            "own": None,
            "data": {"driver_opts": {"type": "none", "o": "ro,bind", "device": "/mnt/disk"}},
            "nfs": {"driver_opts": {"type": "nfs", "o": "addr=10.0.0.1", "device": ":/export"}},
        },
    }
    needs = parse_host_needs(json.dumps(project), ROOT)
    assert needs.paths == (
        HostPath("service db", "/etc/app.conf", "/etc/app.conf", may_be_made=False),
        HostPath("service web", "conf", "/c", may_be_made=True),
        HostPath("secret pin", "secrets/pin"),
        HostPath("config site", "/etc/site"),
        HostPath("volume data", "/mnt/disk"),
    )
    assert (needs.networks, needs.volumes, needs.variables) == (("proxy",), ("real",), (("secret key", "KEY"),))


def test_names_are_those_that_compose_gives() -> None:
    project = {
        "name": "shop",
        "services": {
            "web": {"container_name": "till", "networks": {"default": None, "front": None, "back": {"aliases": ["w"]}}},
            "node": {"deploy": {"replicas": 2}, "networks": {"default": None}},
            "tool": {"scale": 0, "network_mode": "host"},
        },
        "networks": {
            "default": {"name": "shop_default"},
            "front": {"name": "proxy", "external": True},
            "back": {"name": "rows"},
            "idle": {"name": "idle"},
        },
    }
    needs = parse_host_needs(json.dumps(project), ROOT)
    assert needs.container_names == (("node", "shop-node-1"), ("node", "shop-node-2"), ("web", "till"))
    assert needs.made_networks == (("rows", "back"), ("shop_default", "default"))


def test_a_path_beside_the_folder_is_not_where_it_was_resolved() -> None:
    assert paths(bind("/srv/shop/releases/.staging-x/shared"), bind(ROOT), bind("/srv/other")) == [
        ("../shared", True),
        (".", True),
        ("/srv/other", True),
    ]


def test_older_compose_says_what_may_be_made_and_newer_what_may_not() -> None:
    assert paths(bind("/a"), bind("/b", propagation="rprivate")) == [("/a", True), ("/b", True)]
    assert paths(bind("/a"), bind("/b", create_host_path=False)) == [("/a", True), ("/b", False)]
    assert paths(bind("/a"), bind("/b", create_host_path=True)) == [("/a", False), ("/b", True)]


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("nginx.conf", "/etc/nginx/nginx.conf"), ("conf", "/etc/app/settings.YAML"),
        ("init.sql", "/docker-entrypoint-initdb.d"),
        ("Caddyfile", "/etc/caddy/Caddyfile"), (".env", "/app/.env"), ("/etc/hosts", "/etc/hosts"),
        ("/var/run/docker.sock", "/var/run/docker.sock"), ("../tls/server.key", "/k"), ("db.sqlite3", "/data/db"),
    ],
)  # fmt: skip
def test_what_is_a_file_by_its_name(source: str, target: str) -> None:
    assert HostPath("service web", source, target).looks_like_a_file


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("data", "/data"), ("conf.d", "/etc/nginx/conf.d"), ("www/example.com", "/var/www/example.com"),
        ("app-1.2", "/app"), ("/etc/localtime", "/etc/localtime"), ("tls", "/etc/ssl/certs"),
        (".config", "/config"), ("media", "/usr/src/app/media"), ("profile", "/profile"), (".conf", "/.d"),
        (".", "/app"),
    ],
)  # fmt: skip
def test_what_may_be_a_folder_for_data(source: str, target: str) -> None:
    assert not HostPath("service web", source, target).looks_like_a_file
