# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose run it is, as pipelines say it."""

from __future__ import annotations

import getpass

import pytest

from ansible_collections.slipway.compose.plugins.plugin_utils.run_origin import run_owner, run_url

GITHUB = {"GITHUB_SERVER_URL": "https://github.example", "GITHUB_REPOSITORY": "team/shop", "GITHUB_RUN_ID": "7"}


@pytest.mark.parametrize(
    ("environment", "url"),
    [
        ({}, ""),
        (GITHUB, "https://github.example/team/shop/actions/runs/7"),
        ({**GITHUB, "GITHUB_RUN_ID": ""}, ""),
        ({"CI_JOB_URL": "https://gitlab.example/team/shop/-/jobs/7"}, "https://gitlab.example/team/shop/-/jobs/7"),
        ({"BUILD_URL": "https://jenkins.example/job/shop/7/"}, "https://jenkins.example/job/shop/7/"),
        ({"CI_JOB_URL": "", "BUILD_URL": "https://jenkins.example/7/"}, "https://jenkins.example/7/"),
    ],
    ids=str,
)
def test_a_pipeline_says_where_its_job_is(environment: dict[str, str], url: str) -> None:
    assert run_url(environment) == url


def test_the_owner_is_user_and_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: "ada")
    assert run_owner().startswith("ada@")


def test_a_user_without_a_name_is_somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("uid not found")

    monkeypatch.setattr(getpass, "getuser", nobody)
    assert run_owner().startswith("somebody@")
