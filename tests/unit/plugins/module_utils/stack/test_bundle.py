# SPDX-License-Identifier: GPL-3.0-or-later
"""Files and environment on their way to a host."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.core.findings import SlipwayError
from ansible_collections.slipway.compose.plugins.module_utils.stack.bundle import BundledFile, FileBundle

BUNDLE = FileBundle(
    (
        BundledFile("bin/run", executable=True, content=b"\0\xff"),
        BundledFile("compose.yaml", executable=False, content=b"services: {}\n"),
    ),
    {"A": "1"},
    ("compose.yaml",),
)


def test_a_bundle_arrives_as_it_was_sent() -> None:
    again = FileBundle.from_dict(json.loads(json.dumps(BUNDLE.as_dict())))
    assert again == BUNDLE
    assert again.content_sha256 == BUNDLE.content_sha256


@pytest.mark.parametrize(
    "other",
    [
        replace(BUNDLE, env={"A": "2"}),
        replace(BUNDLE, env={"A": "1", "B": ""}),
        replace(BUNDLE, compose_files=()),
        replace(BUNDLE, files=BUNDLE.files[:1]),
        replace(BUNDLE, files=(replace(BUNDLE.files[0], executable=False), BUNDLE.files[1])),
        replace(BUNDLE, files=(replace(BUNDLE.files[0], path="bin/other"), BUNDLE.files[1])),
        replace(BUNDLE, files=(replace(BUNDLE.files[0], content=b""), BUNDLE.files[1])),
    ],
)
def test_whatever_differs_differs_in_the_hash(other: FileBundle) -> None:
    assert other.content_sha256 != BUNDLE.content_sha256


@pytest.mark.parametrize(
    ("path", "inside"),
    [
        ("a", True), ("a/b.c", True), ("..a/b", True), ("a b", True),
        ("", False), ("/etc/passwd", False), ("../a", False), ("a/../../b", False), ("a\0b", False), ("a\nb", False),
        (".", False), ("a/", False), ("a//b", False), ("./a", False), ("a/.", False), ("a\n", False), ("a/..", False),
    ],
)  # fmt: skip
def test_paths_stay_in_the_stacks_folder(path: str, *, inside: bool) -> None:
    document = {**BUNDLE.as_dict(), "files": [[path, False, ""]], "compose_files": []}
    if inside:
        assert FileBundle.from_dict(document).files[0].path == path
    else:
        with pytest.raises(SlipwayError, match="leads out of the stack's folder"):
            FileBundle.from_dict(document)


@pytest.mark.parametrize(
    "raw",
    [{}, {"files": 1}, {**BUNDLE.as_dict(), "files": [["a", False, "not base64!"]]}, {**BUNDLE.as_dict(), "env": 5}],
    ids=str,
)
def test_what_is_no_bundle_is_said_to_be_none(raw: dict[str, Any]) -> None:
    with pytest.raises(SlipwayError, match="Run the deployment again"):
        FileBundle.from_dict(raw)


@pytest.mark.parametrize(
    ("key", "value", "seen"),
    [
        ("env", {"A\n": "1"}, "the variable 'A\\n'"),
        ("env", {"A;id": "1", "B-": "2"}, "the variable 'B-'"),
        ("env", {"A": 1}, "the variable 'A'"),
        ("env", {"A": "1\0"}, "the variable 'A'"),
        ("compose_files", ["/etc/compose.yaml"], "the Compose file '/etc/compose.yaml'"),
    ],
    ids=str,
)
def test_what_a_shell_would_run_or_compose_would_read_from_elsewhere_is_refused(
    key: str, value: object, seen: str
) -> None:
    with pytest.raises(SlipwayError) as caught:
        FileBundle.from_dict({**BUNDLE.as_dict(), key: value})
    assert seen in str(caught.value)
