# SPDX-License-Identifier: GPL-3.0-or-later
"""What one host has named for the whole fleet, another one confirms."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from ansible_collections.slipway.compose.plugins.module_utils.core.findings import Finding
from ansible_collections.slipway.compose.plugins.module_utils.host.preflight import digest_findings

WEB, DB = "registry.test/web:1.1", "registry.test/db:16"
TRUE, FALSE = f"sha256:{'a' * 64}", f"sha256:{'e' * 64}"
SILENT = Finding(DB, "a digest", "no answer", "Look at the registry.")


def engine(digests: dict[str, str], *findings: Finding) -> Any:  # noqa: ANN401 - as far as it is asked
    def resolve(references: Sequence[str]) -> tuple[dict[str, str], list[Finding]]:
        assert references == [DB, WEB]
        return digests, list(findings)

    return SimpleNamespace(images=SimpleNamespace(resolve=resolve))


def test_what_the_second_host_sees_as_well_is_planned() -> None:
    assert digest_findings(engine({WEB: TRUE, DB: TRUE}), {WEB: TRUE, DB: TRUE}) == []


def test_a_digest_that_the_first_host_made_up_is_found() -> None:
    (finding,) = digest_findings(engine({WEB: TRUE, DB: TRUE}), {WEB: FALSE, DB: TRUE})
    assert (finding.thing, finding.seen) == (f"image {WEB}", TRUE)
    assert finding.expected == f"{FALSE}, as the first host says"


def test_a_registry_that_does_not_answer_the_second_host_is_found() -> None:
    assert digest_findings(engine({WEB: TRUE}, SILENT), {WEB: TRUE, DB: TRUE}) == [SILENT]
