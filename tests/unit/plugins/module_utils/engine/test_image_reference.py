# SPDX-License-Identifier: GPL-3.0-or-later
"""Image references: what they mean, and what is none."""

from __future__ import annotations

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.core.findings import SlipwayError
from ansible_collections.slipway.compose.plugins.module_utils.engine.image_reference import ImageReference

DIGEST = "sha256:" + "0a" * 32


@pytest.mark.parametrize(
    ("text", "name", "tag", "digest", "registry", "spelled"),
    [
        ("postgres", "postgres", None, None, "docker.io", "postgres:latest"),
        ("team/web:1.0", "team/web", "1.0", None, "docker.io", "team/web:1.0"),
        ("localhost/web", "localhost/web", None, None, "localhost", "localhost/web:latest"),
        ("localhost:5000/web", "localhost:5000/web", None, None, "localhost:5000", "localhost:5000/web:latest"),
        ("r.example.com/a/b/c:V_1.2-x", "r.example.com/a/b/c", "V_1.2-x", None, "r.example.com", None),
        (f"r.example.com:5000/web@{DIGEST}", "r.example.com:5000/web", None, DIGEST, "r.example.com:5000", None),
        (f"web:1@{DIGEST}", "web", "1", DIGEST, "docker.io", None),
        ("a__b/c--d.e_f", "a__b/c--d.e_f", None, None, "docker.io", "a__b/c--d.e_f:latest"),
        ("REGISTRY:5000/web", "REGISTRY:5000/web", None, None, "REGISTRY:5000", "REGISTRY:5000/web:latest"),
    ],
)
def test_what_a_reference_means(  # noqa: PLR0913, PLR0917 - the columns of a table
    text: str, name: str, tag: str | None, digest: str | None, registry: str, spelled: str | None
) -> None:
    reference = ImageReference.parse(text)
    assert (reference.name, reference.tag, reference.digest) == (name, tag, digest)
    assert reference.registry == registry
    assert str(reference) == (spelled or text)
    assert reference.pinned(DIGEST) == f"{name}@{DIGEST}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Web",
        "web:",
        "web:-x",
        "web@sha256:abc",
        "/web",
        "web/",
        "a//b",
        "web:1 ",
        "$(id)",
        "web;id",
        "-web",
        "a:b:c",
    ],
)
def test_what_is_no_reference_is_named(text: str) -> None:
    with pytest.raises(SlipwayError) as caught:
        ImageReference.parse(text)
    assert caught.value.findings[0].thing == f"image {text!r}"
