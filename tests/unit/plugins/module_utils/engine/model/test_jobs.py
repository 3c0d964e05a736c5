# SPDX-License-Identifier: GPL-3.0-or-later
"""Which services are jobs, as resolved projects say it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.engine.model.jobs import job_findings, jobs_of, may_end

JOB = {"io.slipway.job": "true"}
AWAITED = {"it": {"condition": "service_completed_successfully"}}


@pytest.mark.parametrize(
    ("service", "others", "kind"),
    [
        ({}, {}, "either"),
        ({"restart": "no"}, {}, "either"),
        ({"restart": "on-failure:3"}, {}, "either"),
        ({"healthcheck": {"test": ["CMD", "true"]}}, {}, "either"),
        # Compose gives a container what `deploy` says, even if that is nothing.
        ({"restart": "always", "deploy": {"restart_policy": {"max_attempts": 2}}}, {}, "either"),
        ({"deploy": {"restart_policy": {"condition": "none"}}}, {}, "either"),
        # Who only waits for its start or its health knows nothing of its end.
        ({}, {"other": {"depends_on": {"it": {"condition": "service_started"}}}}, "either"),
        ({}, {"other": {"depends_on": {"it": {"condition": "service_healthy"}}}}, "either"),
        ({}, {"other": {"network_mode": "host"}}, "either"),
        ({"restart": "always"}, {}, "runs"),
        ({"restart": "unless-stopped"}, {}, "runs"),
        ({"deploy": {"restart_policy": {"condition": "any"}}}, {}, "runs"),
        ({"ports": [{"target": 80}]}, {}, "runs"),
        ({"expose": ["80"]}, {}, "runs"),
        ({}, {"other": {"network_mode": "service:it"}}, "runs"),
        ({}, {"other": {"pid": "service:it"}}, "runs"),
        ({"labels": {"io.slipway.job": "false"}}, {}, "runs"),
        ({"labels": JOB}, {}, "job"),
        ({"labels": {"io.slipway.job": "True"}}, {}, "job"),
        ({"labels": JOB, "ports": [{"target": 80}]}, {}, "job"),
        ({"deploy": {"mode": "replicated-job"}}, {}, "job"),
        ({}, {"other": {"depends_on": AWAITED}}, "job"),
        ({"expose": ["80"]}, {"other": {"depends_on": AWAITED}}, "job"),
    ],
)
def test_each_service_is_a_job_or_runs_on_or_may_do_either(
    service: dict[str, Any], others: dict[str, Any], kind: str
) -> None:
    services = {"it": service, **others}
    said = "job" if "it" in jobs_of(services) else "either" if "it" in may_end(services) else "runs"
    assert said == kind


@pytest.mark.parametrize("value", ["yes", "1", "", "ture"])
def test_a_label_that_says_neither_is_refused(value: str) -> None:
    (finding,) = job_findings({"it": {"labels": {"io.slipway.job": value}}})
    assert finding.thing == "label io.slipway.job of service it"
    assert finding.seen == repr(value)


@pytest.mark.parametrize("service", [{"restart": "always"}, {"deploy": {"restart_policy": {"condition": "any"}}}])
@pytest.mark.parametrize(
    ("mark", "others", "why"),
    [
        ({"labels": JOB}, {}, "it has the label io.slipway.job"),
        ({}, {"web": {"depends_on": AWAITED}}, "service web waits for its end"),
    ],
)
def test_a_job_that_the_engine_would_start_again_for_ever_is_refused(
    service: dict[str, Any], mark: dict[str, Any], others: dict[str, Any], why: str
) -> None:
    (finding,) = job_findings({"it": {**service, **mark}, **others})
    assert finding.thing == "restart policy of service it"
    assert why in finding.expected
    assert 'restart: "no"' in finding.remedy


def test_good_projects_have_no_findings() -> None:
    services: dict[str, Any] = {
        "a": {"labels": JOB},
        "b": {"restart": "always"},
        "it": {},
        "c": {"depends_on": AWAITED},
    }
    assert job_findings(services) == []
    assert job_findings({"it": {"labels": {"io.slipway.job": "false"}, "restart": "always"}}) == []
