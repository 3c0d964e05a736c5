# SPDX-License-Identifier: GPL-3.0-or-later
"""The override that pins every service."""

from __future__ import annotations

import json

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.core.findings import SlipwayError
from ansible_collections.slipway.compose.plugins.module_utils.engine.compose_model import FILES_HASH_LABEL, Service
from ansible_collections.slipway.compose.plugins.module_utils.engine.image_pins import (
    pin_services,
    pins_document,
    unpinned,
)

DIGEST = "sha256:" + "0" * 64


def service(name: str, image: str | None, inputs: tuple[str, ...] = ()) -> Service:
    return Service(name, image, replicas=1, one_shot=False, ports=(), inputs=inputs)


def test_tags_give_way_to_the_planned_digest() -> None:
    services = [service("web", "r.test:5000/web:1.0"), service("db", "postgres")]
    pins = pin_services(services, {"r.test:5000/web:1.0": DIGEST, "postgres": DIGEST})
    assert pins == {"web": f"r.test:5000/web@{DIGEST}", "db": f"postgres@{DIGEST}"}


def test_every_image_that_was_not_planned_is_named() -> None:
    services = [service("web", "web:2"), service("tool", None), service("db", "postgres")]
    with pytest.raises(SlipwayError) as caught:
        pin_services(services, {"postgres": DIGEST})
    seen = {finding.thing: finding.seen for finding in caught.value.findings}
    assert seen == {
        "image of service web": "web:2, which is not in the plan",
        "image of service tool": "`build:` alone",
    }


def test_the_lock_pins_images_and_labels_what_mounts_files() -> None:
    services = [service("web", "web:1", ("path:a.conf",)), service("db", "postgres")]
    pins = {"web": f"web@{DIGEST}", "db": f"postgres@{DIGEST}"}
    lock = json.loads(pins_document(services, pins, {"a.conf": "1" * 64}, {}))
    assert lock["services"]["db"] == {"image": pins["db"]}
    assert lock["services"]["web"]["image"] == pins["web"]
    label = lock["services"]["web"]["labels"][FILES_HASH_LABEL]
    changed = json.loads(pins_document(services, pins, {"a.conf": "2" * 64}, {}))
    assert changed["services"]["web"]["labels"][FILES_HASH_LABEL] != label


def test_what_no_release_would_keep_is_called_by_its_name() -> None:
    services = {
        "built": {"build": {"context": "."}},
        "fine": {"image": "x:1", "volumes": [{"type": "volume", "source": "v"}], "models": {}},
        "prov": {"provider": {"type": "cloud"}},
        "web": {
            "image": "x:1",
            "volumes": [{"type": "image", "source": "data:7", "target": "/d"}],
            "models": {"llm": None},
        },
    }
    assert [(one.thing, one.seen) for one in unpinned(json.dumps({"services": services}))] == [
        ("image of service built", "`build:` alone"),
        ("provider of service prov", "provider cloud"),
        ("volume /d of service web", "image data:7"),
        ("models of service web", "llm"),
    ]
