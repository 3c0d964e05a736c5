# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that was cut off: what is under way on each host, and what will become of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ansible_collections.slipway.compose.plugins.module_utils.boundary.printable import one_line
from ansible_collections.slipway.compose.plugins.plugin_utils.fleet.causes import Cause, causes_of
from ansible_collections.slipway.compose.plugins.plugin_utils.fleet.steps import HostSteps
from ansible_collections.slipway.compose.plugins.plugin_utils.fleet.verdict import (
    INTERRUPTED,
    HostVerdict,
    Verdict,
    fleet_word,
)
from ansible_collections.slipway.compose.plugins.plugin_utils.rollout_text import task_title
from scripts.playbook_run.run_ledger import ANSWERS

if TYPE_CHECKING:
    from scripts.playbook_run.run_ledger import HostTrace, RunLedger

#: The default of stack_guard_timeout, for a run that was cut off before it reported its own.
DEFAULT_GUARD_S = 900.0
#: Where nothing was begun on any host, these have touched nothing; of others only the end tells what they did or saw.
_BEGIN_FIRST = ("plan", "deploy", "rollback", "recover")
TELL, LOOK = "slipway.compose.release", "slipway.compose.release_info"


@dataclass(frozen=True)
class HostNews:
    """What a host said after the run was cut off.

    Attributes:
        told: what it answered when it was told to roll back by itself; "" until it answers.
        looked: what `release_info` last returned for it.
        error: why it could not be told or looked at.
    """

    told: str = ""
    looked: dict[str, Any] = field(default_factory=dict)
    error: str = ""


class CutOff:
    """A run that was cut off."""

    def __init__(  # noqa: PLR0913
        self,
        ledger: RunLedger,
        reason: str,
        environment: str,
        run: str,
        now: datetime,
        *,
        verb: str = "deploy",
        harmless: bool = False,
    ) -> None:
        """Take what is known so far.

        Args:
            ledger: what the run has begun; it may learn more while Ansible ends.
            reason: who or what ended it.
            environment: the environment's name, for commands to type.
            run: ID of the run, for the same.
            now: UTC.
            verb: what the user asked for.
            harmless: whether a run of this kind leaves nothing on hosts.
        """
        self._ledger = ledger
        self._reason = reason
        self._waited_for = ledger.waits_for
        self._environment = environment
        self._run = run
        guard = timedelta(seconds=ledger.limits.get("guard_timeout", DEFAULT_GUARD_S))
        self._guards_act_by = f"{now + guard:%H:%M:%S} UTC"
        self._verb = verb
        self._harmless = harmless
        self._news: dict[str, HostNews] = {}

    @property
    def hosts(self) -> list[str]:
        """Return the hosts on which something may be left."""
        return [] if self._harmless else self._ledger.begun

    def take(self, event: dict[str, Any]) -> bool:
        """Note what a host reports, and return whether it is new."""
        name, data = str(event.get("event", "")), event.get("event_data") or {}
        host, result = str(data.get("host") or ""), data.get("res")
        if name not in ANSWERS or host not in self.hosts or not isinstance(result, dict):
            return False
        action = data.get("resolved_action") or data.get("task_action")
        before = self._news.get(host, HostNews())
        if name in ("runner_on_failed", "runner_on_unreachable"):
            seen = result if action == LOOK and "unfinished" in result else before.looked
            self._news[host] = HostNews(before.told, seen, "" if seen is result else _reason(result))
        elif action == TELL:
            said = [task_title(line) for line in result.get("summary") or []]
            self._news[host] = HostNews("; ".join(said) or "nothing is left to do")
        elif action == LOOK:
            self._news[host] = HostNews(before.told, result)
        return self._news.get(host, before) != before

    @property
    def settled(self) -> bool:
        """Tell whether every host is known to be settled."""
        return all(is_settled(self._news.get(name, HostNews())) for name in self.hosts)

    def verdict(self, duration_s: float) -> Verdict:
        """Return the verdict as it stands now."""
        hosts = {name: self._host(name, trace) for name, trace in self._ledger.hosts.items() if name != "localhost"}
        word = self._word({host.state for host in hosts.values()})
        return Verdict(
            word,
            "\n".join([self.opening, *self.host_lines, self.closing]),
            release=self._ledger.release,
            plan_sha256=self._ledger.plan_sha256,
            duration_s=duration_s,
            hosts=hosts,
            by_scripts=True,
            cut_off_by=self._reason,
            reason="" if word == "unknown" else INTERRUPTED,
        )

    def _word(self, states: set[str]) -> str:
        """Return the hosts' own verdict if all on which something was begun were seen to be settled, or not to be."""
        if not self.hosts:
            untouched = self._verb in _BEGIN_FIRST and not self._ledger.rolled_out
            return "refused" if untouched else "unknown"
        seen = all(self._is_over(self._news.get(name, HostNews())) for name in self.hosts)
        return fleet_word(states, may_part=False) if seen else "unknown"

    def _is_over(self, news: HostNews) -> bool:
        """Tell whether a host was seen after everything there had come to its end."""
        # Where no guard may act, nothing says whether a start that was cut off is still at work.
        return is_quiet(news) and (self._ledger.reversible or is_settled(news))

    @property
    def opening(self) -> str:
        """Return the line that tells why the run ends, and what it waited for."""
        return f"The run was cut off by {self._reason}, while it waited for {self._waited_for}."

    @property
    def host_lines(self) -> list[str]:
        """Return a line for each host on which something was begun."""
        width = max(map(len, self.hosts), default=0)
        return [one_line(f"  {name:<{width}}  {self._words(name)}") for name in self.hosts]

    @property
    def closing(self) -> str:
        """Return the line that tells what to type."""
        look = f"scripts/status.sh {self._environment} tells what runs."
        if not self.hosts:
            return f"Nothing was begun on any host. {look}"
        if self.settled:
            return look
        return f"{look} scripts/recover.sh {self._environment} --run {self._run} settles at once what is not."

    def _words(self, name: str) -> str:
        trace, news = self._ledger.hosts[name], self._news.get(name, HostNews())
        if is_settled(news):
            return f"settled: {_runs(news.looked)}"
        return f"{_cut_off_in(trace)}; {self._outlook(trace, news)}"

    def _host(self, name: str, trace: HostTrace) -> HostVerdict:
        if name not in self.hosts:
            return HostVerdict("untouched", None, "")
        news = self._news.get(name, HostNews())
        error = "; ".join(words for words in (_cut_off_in(trace), news.error) if words)
        if is_quiet(news):
            runs = news.looked.get("current")
            outlook = "" if is_settled(news) else self._outlook(trace, news)
            known = _runs(news.looked) if is_settled(news) and news.looked.get("drift") else ""
            return HostVerdict(self._state(trace, news), runs, error, outlook, known, causes=_causes(trace))
        outlook = self._outlook(trace, news)
        return HostVerdict("unknown", None, error, outlook, _cut_off_in(trace), causes=_causes(trace))

    def _state(self, trace: HostTrace, news: HostNews) -> str:
        runs = news.looked.get("current")
        if not is_settled(news) or (runs is not None and news.looked.get("drift")):
            return "rollback_failed"
        if runs is not None and runs == self._ledger.release:
            return "deployed"
        if self._verb == "recover":
            return "unchanged"
        return "rolled_back" if trace.started else "untouched"

    def _outlook(self, trace: HostTrace, news: HostNews) -> str:
        if trace.settled:
            return trace.settled
        if trace.started and not self._ledger.reversible:
            return "the release is not reversible, so nothing takes it back: see to this host"
        if is_quiet(news):
            return f"release {news.looked['unfinished']} could not be taken back: see to this host"
        if news.told:
            return news.told
        if trace.started:
            return f"its guard takes it back by {self._guards_act_by} at the latest"
        return "no container was touched; the next run clears away what was prepared"


def _causes(trace: HostTrace) -> tuple[Cause, ...]:
    return causes_of(HostSteps({"start": {**trace.failed, "failed": True}})) if trace.failed else ()


def _cut_off_in(trace: HostTrace) -> str:
    return f"cut off in '{trace.task}'"


def is_settled(news: HostNews) -> bool:
    """Tell whether nothing is under way on a host, and nothing is left to do."""
    return is_quiet(news) and not news.looked.get("unfinished")


def is_quiet(news: HostNews) -> bool:
    """Tell whether a host was seen after its guard had ended its work, successfully or not."""
    return bool(news.looked) and news.looked.get("guard_in") is None


def _runs(looked: dict[str, Any]) -> str:
    release, drift = looked.get("current"), looked.get("drift") or []
    if release is None:
        return "what ran before runs, not started by Slipway" if drift else "nothing is confirmed here, nothing runs"
    if drift:
        return f"release {release} is confirmed, but differs: {'; '.join(drift)}"
    return f"runs release {release}, confirmed"


def _reason(result: dict[str, Any]) -> str:
    lines = str(result.get("msg") or "no reason given").strip().splitlines()
    return task_title(lines[0]) if lines else "no reason given"
