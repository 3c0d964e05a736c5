# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What went wrong on a host, in parts that can be compared with those of other hosts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

from ..rollout_text import unreachable_reason, unreachable_remedy
from .steps import REFUSING, RENEW, STEPS, HostSteps

#: When it went wrong: before the host was touched, with the release, or on the way back.
BEFORE, FORWARD, BACK = "before", "forward", "back"
BUSY, UNREACHABLE, INPUT, REGISTRY, HOST, HOOK, GATE, OTHER = (
    "busy",
    "unreachable",
    "bad input",
    "registry",
    "host not ready",
    "hook",
    "gate",
    "other",
)
#: Why a run was refused, in the order in which a reader wants to know it.
REASONS = (UNREACHABLE, BUSY, INPUT, REGISTRY, HOST, HOOK)
#: The steps that one host takes for all of them.
_FOR_ALL = ("resolve", "plan", "choose", "hooks_before", "time", "hooks_after")
_KINDS = (
    (BUSY, re.compile(r"lease of ")),
    (REGISTRY, re.compile(r"image .*: expected (an answer from|a certificate|.* to let us in)")),
    (INPUT, re.compile(r"(Compose file|variable|image|stack_|check|template|plan|COMPOSE_|hook)\b")),
)
_BY_STEP = {"look": HOST, "prepare": HOST, "hooks_before": HOOK, "hooks_after": HOOK, "reach": UNREACHABLE}
#: With no answer, it matters who asked.
_NO_ANSWER, _FROM_CONTROLLER = ("no answer", "no connection"), ("outside", "outside_again")
#: What differs between two hosts that fail in the same way.
_VARYING = re.compile(
    r"\d+(?:\.\d+)?(?= (?:s|failed probes?|attempts?|times|MB)\b)|(?<=restart count )\d+|(?<=since )\S+|\b[0-9a-f]{12,}"
)


@dataclass(frozen=True)
class Cause:
    """One thing that went wrong.

    Attributes:
        phase: `BEFORE`, `FORWARD` or `BACK`.
        kind: what sort of thing it is; one of `REASONS`, `GATE` or `OTHER`.
        thing: what was looked at; "" if that is not known.
        expected: what had to be true; "" if that is not known.
        seen: what was there instead.
        remedy: what to do; "" if that is not known.
        logs: the last log lines, masked.
        for_all: whether it was met once for all hosts, not on this one.
    """

    phase: str
    kind: str
    thing: str
    expected: str
    seen: str
    remedy: str = ""
    logs: tuple[str, ...] = ()
    for_all: bool = False

    @cached_property
    def key(self) -> tuple[str, str, str, str]:
        """Return what two hosts have in common that fail in the same way."""
        if self.kind == UNREACHABLE:
            # Each has an address of its own, and no answer is no answer whenever it is asked for.
            return "", "connection", "", self.seen
        return self.phase, self.thing, _VARYING.sub("#", self.expected), _VARYING.sub("#", self.seen)

    @cached_property
    def fault(self) -> tuple[str, str]:
        """Return what a failure of the release and one of the way back have in common, if they are the same."""
        return self.thing, _VARYING.sub("#", self.seen)

    def as_dict(self) -> dict[str, Any]:
        """Return the cause as plain data."""
        return asdict(self)


def causes_of(steps: HostSteps) -> tuple[Cause, ...]:
    """Return everything that went wrong on a host, in the order of the run, each thing once."""
    found = [cause for step in (*STEPS, RENEW) if steps.failed(step) for cause in _of_step(steps, step)]
    first = {cause.key: cause for cause in reversed(found)}
    return tuple(first[key] for key in dict.fromkeys(cause.key for cause in found))


def reason(causes: Iterable[Cause]) -> str:
    """Return why a run was refused, in a word or a few; "" if nobody knows."""
    kinds = {cause.kind for cause in causes}
    return ", ".join(kind for kind in REASONS if kind in kinds)


def _of_step(steps: HostSteps, step: str) -> list[Cause]:
    phase = BACK if step == "settle" else BEFORE if step in (*REFUSING, "reach", "verify") else FORWARD
    message = steps.error(step)
    if steps.unreachable(step):
        # The host that speaks for the others says itself that it cannot be reached.
        return [] if step in _FOR_ALL else [unreachable(message, phase)]
    findings = [_of_finding(one, step, phase) for one in steps.value(step, "findings") or []]
    started = _of_start(str(steps.value(step, "said") or ""), phase)
    failures = [_of_failure(one, step, phase) for one in steps.value(step, "failures") or []]
    found = [*findings, *started, *failures] or [_of_message(message, step, phase)]
    return [replace(cause, for_all=step in _FOR_ALL) for cause in found]


def unreachable(message: str, phase: str) -> Cause:
    """Return the cause where a host did not answer."""
    address, seen = unreachable_reason(message)
    return Cause(phase, UNREACHABLE, address, "an answer", seen, unreachable_remedy(message))


def _of_finding(finding: Mapping[str, str], step: str, phase: str) -> Cause:
    thing, expected = finding["thing"], finding["expected"]
    kind = _kind(f"{thing}: expected {expected}", step)
    return Cause(phase, kind, thing, expected, finding["seen"], finding["remedy"])


def _of_start(said: str, phase: str) -> list[Cause]:
    """Return the cause where Compose itself failed; its last line says why."""
    *before, last = said.strip().splitlines() or [""]
    expected = "every container started"
    return [Cause(phase, GATE, "docker compose up", expected, last, logs=tuple(before))] if last else []


def _of_failure(failure: Mapping[str, Any], step: str, phase: str) -> Cause:
    service, check = failure.get("service"), failure.get("check")
    seen = str(failure.get("seen"))
    if seen.startswith(_NO_ANSWER):
        seen += f", asked from the {'controller' if step in _FROM_CONTROLLER else 'host itself'}"
    thing = f"service {service}, check '{check}'" if service else f"check '{check}'"
    logs = tuple(str(line) for line in failure.get("logs") or ())
    return Cause(phase, GATE, thing, str(failure.get("expected")), seen, logs=logs)


def _of_message(message: str, step: str, phase: str) -> Cause:
    first, *more = message.splitlines() or ["no reason given"]
    return Cause(phase, _kind(first, step), "", "", first, logs=tuple(more))


def _kind(text: str, step: str) -> str:
    known = next((kind for kind, pattern in _KINDS if pattern.match(text)), None)
    return known or _BY_STEP.get(step, INPUT if step in REFUSING else OTHER)
