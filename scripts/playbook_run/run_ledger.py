# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run has begun on which host, from the events of Ansible."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ansible_collections.slipway.compose.plugins.module_utils.core.identifiers import RELEASE_ID
from ansible_collections.slipway.compose.plugins.plugin_utils.rollout_text import task_title

if TYPE_CHECKING:
    from collections.abc import Sequence

ANSWERS = ("runner_on_ok", "runner_on_failed", "runner_on_skipped", "runner_on_unreachable")
#: After these a host may hold a lease, a staged release, or one that was started.
TOUCHING = ("slipway.compose.release", "slipway.compose.deploy_lease")
#: The play in which releases are started. Before it no container is touched.
ROLLOUT = "Roll it out"
SETTLEMENT = "Settle the fleet"
#: More hosts than these are counted.
_NAMED = 4


@dataclass
class HostTrace:
    """What a run began on one host.

    Attributes:
        task: the last task that was begun there and may have left something, "" if there was none.
        started: whether a release may have been started.
        settled: what the host reported when it was settled; "" until then.
        failed: how the release failed there, as the module reported it; empty if it did not.
    """

    task: str = ""
    started: bool = False
    settled: str = ""
    failed: dict[str, Any] = field(default_factory=dict)


class RunLedger:
    """Takes the events of a run one by one.

    Attributes:
        hosts: what was begun on each host, by the names of all hosts that an event named.
        limits: time limits in seconds, by name, as far as the run has reported them.
        release: ID of the release that the run is about, None until it is chosen.
        plan_sha256: hash of the plan, None until there is one.
        reversible: whether hosts may roll back by themselves.
        rolled_out: whether the play began in which releases are started.
    """

    def __init__(self) -> None:
        """Begin without any event."""
        self.hosts: dict[str, HostTrace] = {}
        self.limits: dict[str, float] = {}
        self.release: str | None = None
        self.plan_sha256: str | None = None
        self.reversible = True
        self.rolled_out = False
        self._task = ""
        self._waits_for: list[str] = []
        self._play = ""

    @property
    def begun(self) -> list[str]:
        """Return the hosts on which something was begun that may have to be undone."""
        return [name for name, trace in self.hosts.items() if trace.task]

    @property
    def waits_for(self) -> str:
        """Return what the run waits for, for people."""
        hosts = f" on {named(self._waits_for)}" if self._waits_for else ""
        return f"'{self._task}'{hosts}" if self._task else "Ansible to begin"

    def take(self, event: dict[str, Any]) -> None:
        """Note what an event reports."""
        name, data = str(event.get("event", "")), event.get("event_data") or {}
        host = str(data.get("host") or "")
        if name == "playbook_on_play_start":
            self._play = task_title(data.get("name") or data.get("play") or "")
            self.rolled_out = self.rolled_out or self._play == ROLLOUT
        elif name == "playbook_on_task_start":
            self._task, self._waits_for = task_title(data.get("task") or data.get("name") or ""), []
        elif name == "runner_on_start":
            self._waits_for.append(host)
            self._begin(host, data)
        elif name in ANSWERS:
            self._waits_for = [one for one in self._waits_for if one != host]
            self._answer(name, host, data)

    def _begin(self, host: str, data: dict[str, Any]) -> None:
        trace = self.hosts.setdefault(host, HostTrace())
        if _action(data) in TOUCHING:
            trace.task = task_title(data.get("task") or "")
            trace.started = trace.started or self._play == ROLLOUT

    def _answer(self, name: str, host: str, data: dict[str, Any]) -> None:
        result = data.get("res")
        if not isinstance(result, dict):
            return
        self._learn(result)
        if name == "runner_on_failed" and self._play == ROLLOUT and _action(data) in TOUCHING:
            self.hosts.setdefault(host, HostTrace()).failed = result
        if name == "runner_on_ok" and self._play == SETTLEMENT and _action(data) in TOUCHING:
            said = result.get("summary") or []
            self.hosts.setdefault(host, HostTrace()).settled = str(said[0]) if said else "settled"

    def _learn(self, result: dict[str, Any]) -> None:
        facts = result.get("ansible_facts") or {}
        limits, plan = result.get("limits") or facts.get("__stack_limits"), result.get("plan")
        if isinstance(limits, dict):
            self.limits |= {str(name): float(value) for name, value in limits.items()}
        if isinstance(plan, dict):
            self.release, self.plan_sha256 = plan.get("release"), plan.get("sha256")
            result = {"reversible": plan.get("reversible")} | result
        elif RELEASE_ID.fits(result.get("release")):
            self.release = self.release or result["release"]
        self.reversible = self.reversible and result.get("reversible") is not False


def named(hosts: Sequence[str]) -> str:
    """Name hosts, or the first of them and how many there are."""
    return ", ".join(hosts) if len(hosts) <= _NAMED else f"{', '.join(hosts[:_NAMED])}, … ({len(hosts)} hosts)"


def _action(data: dict[str, Any]) -> str:
    return str(data.get("resolved_action") or data.get("task_action") or "")
