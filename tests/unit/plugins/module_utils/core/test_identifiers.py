# SPDX-License-Identifier: GPL-3.0-or-later
"""IDs of runs: their order is a protocol. Forms of names: each is that of the whole text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.core import identifiers
from ansible_collections.slipway.compose.plugins.module_utils.core.findings import SlipwayError
from ansible_collections.slipway.compose.plugins.module_utils.core.identifiers import (
    RUN_ID,
    Form,
    check_names,
    new_run_id,
    run_began,
)

#: A text of each form.
EXAMPLES = {
    "SERVICE": "web.1_a-b",
    "CONTAINER_ID": "c" * 64,
    "VERSION": "1.4.2",
    "RELEASE_ID": "20261122T214500Z-1.4.2",
    "STACK_NAME": "shop",
    "RUN_ID": "20261122T214455Z-deploy-1f2e",
    "VARIABLE_NAME": "API_TOKEN",
    "SHA256": "0" * 64,
    "DIGEST": "sha256:" + "0" * 64,
    "COMMIT": "a" * 40 + "+",
    "MOMENT": "2026-11-22T21:45:00Z",
    "LINE": "Ada Lovelace, CI",
    "HOST": "web1",
    "PATH_INSIDE": "conf/web.conf",
}
FORMS = {name: form for name, form in vars(identifiers).items() if isinstance(form, Form)}
NOW = datetime(2026, 11, 22, 21, 45, tzinfo=UTC)


def test_a_run_is_named_by_time_and_verb() -> None:
    first, second = new_run_id("deploy", NOW), new_run_id("deploy", NOW)
    assert first.startswith("20261122T214500Z-deploy-")
    assert len(first.rsplit("-", 1)[1]) == 6
    assert first != second
    assert RUN_ID.fits(first)


def test_the_run_that_began_earlier_sorts_first() -> None:
    assert new_run_id("rollback", NOW) < new_run_id("deploy", NOW + timedelta(seconds=1))


def test_the_id_tells_when_the_run_began() -> None:
    assert run_began(new_run_id("deploy", NOW)) == NOW
    assert run_began("nightly-7") is None


def test_every_form_has_an_example() -> None:
    assert set(EXAMPLES) == set(FORMS)


@pytest.mark.parametrize("name", FORMS)
def test_a_form_is_that_of_the_whole_text(name: str) -> None:
    form, example = FORMS[name], EXAMPLES[name]
    assert form.fits(example)
    for wrong in (f"{example}\n", f"\n{example}", f"{example}\0", f"{example}\n{example}", None, 7, [example], b"x"):
        assert not form.fits(wrong), repr(wrong)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("RELEASE_ID", "../../victim"),
        ("RELEASE_ID", "20260102T000000Z-1.1'; touch pwned; '"),
        # A digit of another script.
        ("RELEASE_ID", "2026112\uff12T214500Z-1.4.2"),
        ("VERSION", ".."),
        ("STACK_NAME", "../shop"),
        ("DIGEST", "sha256:" + "0" * 63),
        ("DIGEST", "sha256:" + "A" * 64),
        ("DIGEST", "sha512:" + "0" * 64),
        ("LINE", "a\x1b[31mb"),
        ("LINE", "a\u202eb"),
        ("HOST", ""),
        ("HOST", "web1\ud800"),
    ],
)
def test_what_looks_alike_does_not_fit(name: str, wrong: str) -> None:
    assert not FORMS[name].fits(wrong)


def test_every_wrong_name_of_a_call_is_said() -> None:
    with pytest.raises(SlipwayError) as caught:
        check_names("shop\n", "20261122T214500Z-1.4.2\n", "run\n")
    assert [finding.thing for finding in caught.value.findings] == ["stack", "run", "release"]
