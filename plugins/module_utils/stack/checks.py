# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks that a stack declares."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..core.findings import Finding, SlipwayError
from .check_types.command import COMMAND
from .check_types.http import HTTP
from .check_types.log import LOG
from .check_types.probe import CheckType, Probe
from .check_types.tcp import TCP, TcpProbe
from .fields import Fields

TARGET, CONTROLLER = "target", "controller"
#: One row for each type; `gate/attempts/` has one file for each too, and `gate/check_runner.py` one row.
CHECK_TYPES: dict[str, CheckType] = {"http": HTTP, "tcp": TCP, "command": COMMAND, "log": LOG}
_COMMON = frozenset({"name", "type", "from", "timeout", "interval", "retries", "service"})


@dataclass(frozen=True)
class Check:
    """A declared check: a probe, and how often and how long to try it.

    Attributes:
        name: what the user calls it.
        probe: what one attempt does.
        origin: where it runs, `target` or `controller`.
        service: the service whose container runs the command, or whose logs tell why the check failed.
        timeout_s: bound of one attempt.
        interval_s: pause between two attempts.
        retries: how many attempts it has; until the deadline if None.
    """

    name: str
    probe: Probe
    origin: str = TARGET
    service: str | None = None
    timeout_s: float = 5.0
    interval_s: float = 1.0
    retries: int | None = None


def parse_checks(raw: Iterable[Any]) -> list[Check]:
    """Turn declared checks into values.

    Raises:
        SlipwayError: with everything that is wrong in all of them.
    """
    findings: list[Finding] = []
    checks = [_parse_check(entry, number, findings) for number, entry in enumerate(raw, start=1)]
    seen: set[str] = set()
    for check in checks:
        if check is not None and check.name in seen:
            remedy = "Rename one of them."
            findings.append(Finding(f"check '{check.name}'", "a name of its own", "two checks with that name", remedy))
        if check is not None:
            seen.add(check.name)
    if findings:
        raise SlipwayError(findings)
    return [check for check in checks if check is not None]


def service_findings(checks: Iterable[Mapping[str, Any]], services: Collection[str]) -> list[Finding]:
    """Find the checks that name a service which the Compose file does not have.

    Args:
        checks: the checks as the user wrote them.
        services: names of the services that Compose would start.
    """
    named = [(str(check.get("name")), check.get("service")) for check in checks]
    seen = f"one of {', '.join(sorted(services))}"
    return [
        Finding(f"check '{name}'", f"a service that the release starts: {seen}", str(service), "Correct `service`.")
        for name, service in named
        if service is not None and service not in services
    ]


def _parse_check(entry: object, number: int, findings: list[Finding]) -> Check | None:
    if not isinstance(entry, dict):
        seen = f"{type(entry).__name__} {entry!r}"
        findings.append(Finding(f"check number {number}", "a dictionary", seen, "Write it as a dictionary."))
        return None
    fields = Fields(entry, f"check '{entry['name']}'" if entry.get("name") else f"check number {number}")
    kind = fields.text("type", required=True, choices=tuple(CHECK_TYPES))
    check_type = CHECK_TYPES.get(kind or "")
    fields.refuse_unknown(entry if check_type is None else _COMMON.union(check_type.keys))
    name = fields.text("name", required=True)
    # A type that is unknown is a finding already; the rest of the check is read all the same.
    probe: Probe = TcpProbe("", 0) if check_type is None else check_type.parse(fields)
    check = Check(
        name=name or f"number {number}",
        probe=probe,
        origin=fields.text("from", choices=(TARGET, CONTROLLER)) or TARGET,
        service=fields.text("service", required=check_type is not None and check_type.service_required),
        timeout_s=fields.number("timeout", at_least=0.1, default=5.0),
        interval_s=fields.number("interval", at_least=0.05, default=1.0),
        retries=fields.integer("retries", at_least=1),
    )
    if check.origin == CONTROLLER and probe.needs_engine(check.service):
        fields.fault("from", "target, where the containers of its service are", repr(check.origin))
    findings.extend(fields.findings)
    return None if fields.findings else check
