# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a playbook asks of a gate by itself: the options of module health_check."""

from __future__ import annotations

from typing import Any

from ..core.findings import Finding, SlipwayError
from ..stack.gate_settings import GateSettings
from .health import ServiceExpectation


def read_request(options: dict[str, Any]) -> tuple[list[ServiceExpectation] | None, GateSettings]:
    """Return what the options ask for.

    Raises:
        SlipwayError: with everything that is wrong in them.
    """
    findings = _option_findings(options)
    settings = GateSettings(
        checks=tuple(options["checks"]),
        timeout_s=options["timeout"],
        healthy_for_s=options["healthy_for"],
        stable_for_s=options["stable_for"],
        log_lines=options["log_lines"],
    )
    checks = []
    try:
        checks = settings.parsed_checks()
    except SlipwayError as error:
        findings += error.findings
    if not options["project_name"]:
        findings += [
            Finding(f"check '{check.name}'", "project_name, to find the container in", "none", "Give project_name.")
            for check in checks
            if check.probe.needs_engine(check.service)
        ]
    if findings:
        raise SlipwayError(findings)
    services = options["services"]
    return None if services is None else [ServiceExpectation(**service) for service in services], settings


def _option_findings(options: dict[str, Any]) -> list[Finding]:
    findings = []
    services = options["services"] or []
    if services and not options["project_name"]:
        findings.append(Finding("services", "project_name, to find them by", "none", "Give project_name."))
    if not options["project_name"] and not options["checks"]:
        remedy = "Give project_name, checks or both."
        findings.append(Finding("health check", "something to check", "neither project_name nor checks", remedy))
    names = [service["service"] for service in services]
    findings += [
        Finding(f"service {name}", "one entry", f"{names.count(name)} entries", "Merge them.")
        for name in sorted({name for name in names if names.count(name) > 1})
    ]
    numbers = [(name, options[name]) for name in ("timeout", "healthy_for", "stable_for", "log_lines")]
    numbers += [(f"replicas of service {service['service']}", service["replicas"]) for service in services]
    for name, value in numbers:
        if not 0 <= value < float("inf"):
            findings.append(Finding(name, "a number of at least 0", f"{value:g}", f"Correct {name}."))
    return findings
