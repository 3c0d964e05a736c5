# SPDX-License-Identifier: GPL-3.0-or-later
"""What a call says where its work fails."""

from __future__ import annotations

import errno

import docker.errors
import pytest
import requests

from ansible_collections.slipway.compose.plugins.module_utils.answer import Result, answer


def failing(error: Exception) -> Result:
    def work() -> Result:
        raise error

    return answer(work)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (requests.ConnectionError("Connection refused"), "Connection refused"),
        (docker.errors.APIError("500", explanation="shutting down"), "shutting down"),
    ],
)
def test_an_engine_that_went_away_is_called_so(error: Exception, said: str) -> None:
    result = failing(error)
    (finding,) = result["findings"]
    assert (finding["thing"], finding["seen"]) == ("Docker engine", said)
    assert "Please report it" not in result["msg"]


def test_a_full_disk_is_called_so() -> None:
    result = failing(OSError(errno.ENOSPC, "No space left on device", "/var/lib/slipway/shop/journal.jsonl"))
    assert result["findings"][0]["thing"] == "disk of /var/lib/slipway/shop/journal.jsonl"


def test_what_nobody_thought_of_is_to_be_reported() -> None:
    result = failing(KeyError("nobody"))
    assert "findings" not in result
    assert result["msg"].endswith("Please report it.")
