# SPDX-License-Identifier: GPL-3.0-or-later
"""What a call says where its work fails."""

from __future__ import annotations

import errno

import docker.errors
import pytest
import requests
import urllib3

from ansible_collections.slipway.compose.plugins.module_utils.core.answer import Result, answer


def failing(error: Exception) -> Result:
    def work() -> Result:
        raise error

    return answer(work)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (requests.ConnectionError("Connection refused"), "Connection refused"),
        (docker.errors.APIError("500", explanation="shutting down"), "shutting down"),
        (urllib3.exceptions.ProtocolError("Connection broken"), "Connection broken"),
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


def conflict() -> docker.errors.APIError:
    """Return what the engine answers to what it cannot do."""
    response = requests.Response()
    response.status_code = 409
    return docker.errors.APIError("409", response, "name is in use")


@pytest.mark.parametrize("error", [KeyError("nobody"), conflict()])
def test_what_nobody_thought_of_is_to_be_reported(error: Exception) -> None:
    result = failing(error)
    assert "findings" not in result
    assert result["msg"].endswith("Please report it.")
