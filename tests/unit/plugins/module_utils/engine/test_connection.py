# SPDX-License-Identifier: GPL-3.0-or-later
"""What is made of the Docker SDK's errors."""

from __future__ import annotations

import docker.errors
import pytest
import requests

from ansible_collections.slipway.compose.plugins.module_utils.core.findings import SlipwayError
from ansible_collections.slipway.compose.plugins.module_utils.engine.connection import (
    EngineError,
    GoneError,
    asked,
    reached,
)

ERRORS = [docker.errors.APIError("409 Client Error"), requests.ConnectionError("refused"), OSError("broken pipe")]


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_of_the_sdk_becomes_one_of_the_engine(error: Exception) -> None:
    with pytest.raises(EngineError) as caught, asked():
        raise error
    assert (caught.value.said, caught.value.explanation) == (str(error), str(error))
    assert str(caught.value).startswith(f"Docker engine: expected an answer, seen {error}. See whether it runs on this")


def test_the_engines_own_words_are_kept_apart() -> None:
    with pytest.raises(GoneError) as caught, asked():
        raise docker.errors.NotFound("404 Client Error", explanation="No such container: c1")
    assert caught.value.said == '404 Client Error ("No such container: c1")'
    assert caught.value.explanation == "No such container: c1"


def test_an_error_of_ours_stays_what_it_is() -> None:
    with pytest.raises(KeyError), asked():
        raise KeyError


@pytest.mark.parametrize(
    ("said", "seen", "remedy"),
    [
        ("ConnectionRefusedError(111, …)", "none: nothing listens on its socket", "Start it on this host"),
        ("PermissionError(13, …)", "one that does not let this user in", "Add the user to the group docker"),
        ("out of order", "out of order", "Start it, and let the deploy user reach it"),
    ],
)
def test_who_cannot_reach_the_engine_is_told_what_to_do(said: str, seen: str, remedy: str) -> None:
    with pytest.raises(SlipwayError) as caught, reached():
        raise docker.errors.DockerException(said)
    (finding,) = caught.value.findings
    assert (finding.thing, finding.seen) == ("Docker engine", seen)
    assert finding.remedy.startswith(remedy)
