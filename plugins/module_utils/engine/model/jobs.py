# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which services are jobs, which end by themselves, by what a resolved Compose project says of them.

Compose has no word for a job. What says that a service ends: another one waits for its end, its `deploy.mode` is one of
jobs, or our label. What says that it runs on: a restart policy that starts it again when it ended well, ports, another
service that lives in its namespaces, or our label. Of all others nothing is known, so they may do either.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...core.findings import Finding

#: Says "true" of a service that ends by itself, and "false" of one that runs on.
JOB_LABEL = "io.slipway.job"
#: Restart policies with which the engine starts a container again that ended with exit code 0.
RESTARTING = ("always", "unless-stopped", "any")

_JOB_MODES = ("replicated-job", "global-job")
_NAMESPACES = ("network_mode", "ipc", "pid")
_OF_SERVICE = "service:"
_COMPLETED = "service_completed_successfully"


def jobs_of(services: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return the services that have to end with exit code 0, each with what says so in words."""
    awaited = {
        name: f"service {other} waits for its end"
        for other, service in sorted(services.items())
        for name, how in (service.get("depends_on") or {}).items()
        if how.get("condition") == _COMPLETED and name in services
    }
    modes = {name: f"deploy.mode is {mode}" for name, mode in _modes(services) if mode in _JOB_MODES}
    labelled = {name: f"it has the label {JOB_LABEL}" for name in services if _label(services[name]) == "true"}
    return {**modes, **awaited, **labelled}


def may_end(services: Mapping[str, Mapping[str, Any]]) -> frozenset[str]:
    """Return the services of which nothing says whether they are jobs or run on."""
    jobs = jobs_of(services)
    named = [str(service.get(kind) or "") for service in services.values() for kind in _NAMESPACES]
    hosts = {name[len(_OF_SERVICE) :] for name in named if name.startswith(_OF_SERVICE)}
    return frozenset(
        name
        for name, service in services.items()
        if name not in jobs
        and name not in hosts
        and _label(service) != "false"
        and _restart_policy(service) not in RESTARTING
        and not service.get("ports")
        and not service.get("expose")
    )


def job_findings(services: Mapping[str, Mapping[str, Any]]) -> list[Finding]:
    """Find labels that mean nothing, and jobs that the engine would start again for ever."""
    return [*_label_findings(services), *_loop_findings(services)]


def _label_findings(services: Mapping[str, Mapping[str, Any]]) -> Iterator[Finding]:
    for name, service in sorted(services.items()):
        value = _label(service)
        if value not in (None, "true", "false"):
            remedy = f'Write {JOB_LABEL}: "true" if it ends by itself, "false" if it runs on.'
            yield Finding(f"label {JOB_LABEL} of service {name}", "true or false", repr(value), remedy)


def _loop_findings(services: Mapping[str, Mapping[str, Any]]) -> Iterator[Finding]:
    for name, why in sorted(jobs_of(services).items()):
        policy = _restart_policy(services[name])
        if policy in RESTARTING:
            yield Finding(
                f"restart policy of service {name}",
                f"one that lets a job end, since {why}",
                f"{policy}, with which the engine starts it again whenever it has ended",
                'Give it restart: "no", or on-failure for several attempts.',
            )


def _label(service: Mapping[str, Any]) -> str | None:
    value = (service.get("labels") or {}).get(JOB_LABEL)
    return None if value is None else str(value).strip().lower()


def _modes(services: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for name, service in services.items():
        yield name, str((service.get("deploy") or {}).get("mode") or "")


def _restart_policy(service: Mapping[str, Any]) -> str:
    """Return the policy that Compose gives the containers: that of `deploy` wins, whatever else it leaves out."""
    deployed = (service.get("deploy") or {}).get("restart_policy")
    policy = service.get("restart") if deployed is None else deployed.get("condition")
    return str(policy or "no").partition(":")[0]
