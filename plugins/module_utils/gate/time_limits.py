# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which limits are too short for a release that is good: known from its health checks before anything starts.

One probe that passes is enough to be healthy, so the first one has to come in time. How long a bad release takes until
it counts as unhealthy (interval times retries) is no reason to refuse: the gate ends such a release at its own limit.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter

from ..core.findings import Finding
from ..engine.compose_model import Service
from ..engine.model.health_checks import START_INTERVAL_API, HealthCheck
from ..engine.model.jobs import JOB_LABEL
from ..stack.gate_settings import GateSettings


@dataclass(frozen=True)
class _Probed:
    """A service with a health check: when the engine first looks, and what says so."""

    service: Service
    first_s: float
    said_by: str

    @property
    def seen(self) -> str:
        return f"a first probe {self.first_s:g} s after the start ({self.said_by})"


def time_findings(
    services: Sequence[Service], of_images: Mapping[str, HealthCheck], settings: GateSettings, api: tuple[int, ...]
) -> list[Finding]:
    """Find every service that cannot be seen to stand within the limits, however good it is.

    Args:
        services: the services of the release.
        of_images: what the image of a service says of its health check; services whose image is not known yet are
            missing.
        settings: the limits.
        api: version of the engine's API.
    """
    running = [one for one in services if one.replicas]
    checks = {one.name: _check(one, of_images) for one in running}
    probed = {one.name: _probed(one, check, api) for one in running if (check := checks[one.name]) and check.is_given}
    bare = [one for one in running if (check := checks[one.name]) and not check.is_given and not one.one_shot]
    awaited = {name for one in services for name in one.awaits_health}
    begins = _begins(services, probed)
    findings = [_unseen(one.name) for one in running if (check := checks[one.name]) and _blind(one, check, awaited)]
    for name, one in sorted(probed.items()):
        if name in awaited:
            findings += _start_findings(one, begins[name], settings.start_timeout_s)
        elif not one.service.one_shot:
            findings += _gate_findings(one, settings.timeout_s, api)
    gated = [one.service for one in probed.values() if not one.service.one_shot]
    findings += _watch_findings("stack_healthy_for", settings.healthy_for_s, gated, settings.timeout_s)
    return findings + _watch_findings("stack_stable_for", settings.stable_for_s, bare, settings.timeout_s)


def _check(service: Service, of_images: Mapping[str, HealthCheck]) -> HealthCheck | None:
    """Return a service's health check, None if it depends on an image that is not known."""
    mine, image = service.health_check, of_images.get(service.name)
    return mine if mine.test else image and mine.over(image)


def _probed(service: Service, check: HealthCheck, api: tuple[int, ...]) -> _Probed:
    first_s, said_by = check.first_probe(api)
    return _Probed(service, first_s, said_by if service.health_check.test else f"{said_by}, in its image")


def _begins(services: Sequence[Service], probed: Mapping[str, _Probed]) -> dict[str, float]:
    """Return how many seconds after the first services each one is started at the earliest."""
    known = {one.name: one for one in services}
    begins: dict[str, float] = {}
    takes = {name: one.first_s for name, one in probed.items()}
    order = TopologicalSorter({one.name: (*one.awaits_health, *one.starts_after) for one in services})
    for name in order.static_order():
        healthy = [begins[other] + takes.get(other, 0.0) for other in known[name].awaits_health]
        begins[name] = max([0.0, *healthy, *(begins[other] for other in known[name].starts_after)])
    return begins


def _blind(service: Service, check: HealthCheck, awaited: Collection[str]) -> bool:
    return service.name in awaited and not check.is_given


def _unseen(name: str) -> Finding:
    return Finding(
        f"health check of service {name}, which others wait for",
        "one, in the Compose file or in its image",
        "none, so Compose would start none of the others",
        "Give it a healthcheck, or let the others wait for it with condition: service_started.",
    )


def _start_findings(one: _Probed, begins_s: float, limit_s: float) -> Iterator[Finding]:
    healthy_s = begins_s + one.first_s
    if healthy_s >= limit_s:
        before = f", after {begins_s:g} s for those that it waits for" if begins_s else ""
        yield Finding(
            f"health check of service {one.service.name}, which others wait for",
            f"healthy within stack_start_timeout, which is {limit_s:g} s",
            one.seen + before,
            f"Give it a shorter interval in the Compose file, or set stack_start_timeout to more than {healthy_s:g}.",
        )


def _gate_findings(one: _Probed, limit_s: float, api: tuple[int, ...]) -> Iterator[Finding]:
    if one.first_s >= limit_s:
        remedy = "Give it a shorter interval in the Compose file"
        if api >= START_INTERVAL_API:
            remedy += " (with start_period and start_interval for the start alone)"
        remedy += f", or set stack_gate_timeout to more than {one.first_s:g}."
        if one.service.may_end:
            remedy += f' If it is a job that ends, give it the label {JOB_LABEL}: "true".'
        yield Finding(
            f"health check of service {one.service.name}",
            f"a first probe within stack_gate_timeout, which is {limit_s:g} s",
            one.seen,
            remedy,
        )


def _watch_findings(name: str, needed_s: float, services: Sequence[Service], limit_s: float) -> list[Finding]:
    if not services or needed_s <= limit_s:
        return []
    seen = f"{needed_s:g} s, which concerns {', '.join(sorted(one.name for one in services))}"
    expected = f"at most stack_gate_timeout, which is {limit_s:g} s"
    remedy = "Lower it, or raise stack_gate_timeout: nothing that is started anew could pass."
    return [Finding(name, expected, seen, remedy)]
