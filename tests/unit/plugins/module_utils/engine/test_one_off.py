"""The project of a one-off run: it takes what is there as it is, and nothing that exists only once."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.engine.one_off import FolderMap, one_off_document

VIEW, PROJECT = "/srv/view/files", "/srv/project"
FILES = ("compose.yaml", "conf/web.conf", "data/.gitkeep", "secrets/db")
RESOLVED: dict[str, Any] = {
    "name": "shop",
    "services": {
        "db": {"image": "db@sha256:1", "volumes": [{"type": "bind", "source": f"{VIEW}/data", "target": "/data"}]},
        "web": {
            "image": "web@sha256:2",
            "build": {"context": VIEW},
            "command": ["serve"],
            "container_name": "the-web",
            "depends_on": {"db": {"condition": "service_healthy"}},
            "deploy": {"replicas": 3, "resources": {"limits": {"memory": "1"}}, "restart_policy": {}},
            "environment": {"GREETING": "cost: $$5"},
            "networks": {"default": None, "back": {"ipv4_address": "10.0.0.7", "aliases": ["w"], "priority": 2}},
            "ports": [{"published": "80", "target": 80}],
            "pull_policy": "always",
            "restart": "always",
            "scale": 3,
            "volumes": [
                {"type": "bind", "source": f"{VIEW}/conf/web.conf", "target": "/etc/web.conf"},
                {"type": "bind", "source": f"{VIEW}/conf", "target": "/etc/web"},
                {"type": "bind", "source": f"{VIEW}/data", "target": "/data"},
                {"type": "bind", "source": f"{VIEW}/uploads", "target": "/uploads"},
                {"type": "bind", "source": "/etc/ssl", "target": "/etc/ssl"},
                {"type": "volume", "source": "cache", "target": "/cache"},
            ],
        },
    },
    "networks": {"default": {"name": "shop_default", "ipam": {}}, "back": {"name": "shop_back", "driver": "bridge"}},
    "volumes": {"cache": {"name": "shop_cache", "labels": {"changed": "yes"}}, "new": {"name": "shop_new"}},
    "secrets": {"db": {"name": "shop_db", "file": f"{VIEW}/secrets/db"}},
}


@pytest.fixture
def document() -> dict[str, Any]:
    return one_off_document(
        RESOLVED,
        "web",
        command=["migrate", "$HOME"],
        environment={"SLIPWAY_RUN": "a$b"},
        existing={"networks": {"shop_default"}, "volumes": {"shop_cache"}},
        folders=FolderMap(VIEW, PROJECT, FILES, {"data"}.__contains__),
    )


def test_the_run_takes_nothing_that_exists_only_once(document: dict[str, Any]) -> None:
    web = document["services"]["web"]
    gone = {"build", "container_name", "depends_on", "ports", "restart", "scale"}
    assert gone.isdisjoint(web)
    assert web["deploy"] == {"resources": {"limits": {"memory": "1"}}}
    assert web["networks"] == {"default": None, "back": {"priority": 2}}


def test_the_run_has_its_command_and_environment_and_asks_no_registry(document: dict[str, Any]) -> None:
    web = document["services"]["web"]
    assert web["image"] == "web@sha256:2"
    assert web["pull_policy"] == "never"
    assert web["command"] == ["migrate", "$$HOME"]
    assert web["environment"] == {"GREETING": "cost: $$5", "SLIPWAY_RUN": "a$$b"}


def test_files_come_from_the_release_and_data_from_the_project(document: dict[str, Any]) -> None:
    sources = [mount["source"] for mount in document["services"]["web"]["volumes"]]
    assert sources == [
        f"{VIEW}/conf/web.conf",
        f"{VIEW}/conf",
        f"{PROJECT}/data",
        f"{PROJECT}/uploads",
        "/etc/ssl",
        "cache",
    ]
    assert document["secrets"]["db"]["file"] == f"{VIEW}/secrets/db"


def test_networks_and_volumes_that_exist_are_taken_as_they_are(document: dict[str, Any]) -> None:
    assert document["networks"]["default"] == {"name": "shop_default", "external": True}
    assert document["networks"]["back"] == {"name": "shop_back", "driver": "bridge"}
    assert document["volumes"] == {"cache": {"name": "shop_cache", "external": True}, "new": {"name": "shop_new"}}


def test_without_a_command_the_service_has_its_own() -> None:
    folders = FolderMap(VIEW, PROJECT, FILES, lambda _path: False)
    document = one_off_document(RESOLVED, "web", command=(), environment={}, existing={}, folders=folders)
    assert document["services"]["web"]["command"] == ["serve"]
    assert RESOLVED["services"]["web"]["scale"] == 3, "what Compose said is left as it is"
