# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a run stands and how it ended, from what every step reported for every host."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ansible_collections.slipway.compose.plugins.module_utils.errors import Finding

#: The steps of a run in their order, and the variable in which the role registers each one's result.
STEPS = {
    "source": "__stack_source",
    "resolve": "__stack_resolve",
    "plan": "__stack_plan",
    "choose": "__stack_choose",
    "look": "__stack_look",
    "prepare": "__stack_prepare",
    "start": "__stack_start",
    "outside": "__stack_outside",
    "back": "__stack_back",
    "confirm": "__stack_confirm",
    "settle": "__stack_settle",
    "verify": "__stack_info",
}
#: The steps that can say no before anything is touched.
REFUSING = ("source", "resolve", "plan", "choose", "look", "prepare")
EXIT_CODES = {
    "deployed": 0,
    "unchanged": 0,
    "planned": 0,
    "refused": 10,
    "rolled_back": 20,
    "rollback_failed": 30,
    "unknown": 40,
}
#: The state of a host that decides the verdict of the fleet, the gravest first.
_GRAVEST = ("rollback_failed", "unknown", "rolled_back", "refused", "deployed", "planned", "unchanged")
FLEET, BATCH = "fleet", "batch"


@dataclass(frozen=True)
class HostVerdict:
    """How a run ended on one host.

    Attributes:
        state: a verdict's word, or "untouched" for a host that was well but not reached by the rollout.
        release: release that runs there now as far as is known, None if none does.
        error: what went wrong there, "" if nothing did.
    """

    state: str
    release: str | None
    error: str


@dataclass(frozen=True)
class Verdict:
    """How a run ended.

    Attributes:
        verdict: one of the words in `EXIT_CODES`.
        hosts: how it ended on each host.
        message: the whole in a few lines for people.
    """

    verdict: str
    hosts: Mapping[str, HostVerdict]
    message: str

    @property
    def exit_code(self) -> int:
        """Return the exit code that belongs to the verdict."""
        return EXIT_CODES[self.verdict]

    def as_dict(self) -> dict[str, Any]:
        """Return the verdict as plain data."""
        hosts = {name: asdict(host) for name, host in self.hosts.items()}
        return {"verdict": self.verdict, "exit_code": self.exit_code, "message": self.message, "hosts": hosts}


class HostSteps:
    """What the steps of a run reported for one host."""

    def __init__(self, results: Mapping[str, Mapping[str, Any]]) -> None:
        """Take the registered results by step; steps that were skipped or never reached count as not run."""
        self._results = {step: result for step, result in results.items() if result and not result.get("skipped")}

    def ran(self, step: str) -> bool:
        """Tell whether a step reported anything."""
        return step in self._results

    def passed(self, step: str) -> bool:
        """Tell whether a step ran and succeeded."""
        return self.ran(step) and not self.failed(step)

    def failed(self, step: str) -> bool:
        """Tell whether a step ran and failed, or the host could not be reached for it."""
        result = self._results.get(step, {})
        return bool(result.get("failed")) or bool(result.get("unreachable"))

    def unreachable(self, step: str) -> bool:
        """Tell whether the host could not be reached for a step."""
        return bool(self._results.get(step, {}).get("unreachable"))

    def error(self, *steps: str) -> str:
        """Return what the steps that failed said."""
        said = [_message_of(self._results[step]) for step in steps if self.failed(step)]
        return "\n".join(dict.fromkeys(text for text in said if text))

    @property
    def refusal(self) -> str:
        """Return why the host or the fleet was refused, each finding once."""
        findings = [
            Finding(**finding)
            for step in REFUSING
            for finding in (self.value(step, "findings") or [] if self.failed(step) else [])
        ]
        said = [finding.sentence() for finding in dict.fromkeys(findings)]
        # That the host which speaks for the fleet could not be reached is that host's error, and it says so itself.
        own = [step for step in REFUSING if not self.value(step, "findings")]
        own = [step for step in own if not (step == "resolve" and self.unreachable(step))]
        others = self.error(*own)
        return "\n".join([*said, *([others] if others else [])])

    def value(self, step: str, key: str) -> Any:  # noqa: ANN401 - a field of a result
        """Return a field of a step's result."""
        return self._results.get(step, {}).get(key)

    @property
    def refused(self) -> bool:
        """Tell whether something said no before the host was touched."""
        return any(self.failed(step) for step in REFUSING)

    @property
    def rollout_failed(self) -> bool:
        """Tell whether the release did not stand on the host."""
        return self.failed("start") or self.failed("outside")

    @property
    def unchanged(self) -> bool:
        """Tell whether the host already ran exactly the release."""
        return bool(self.value("prepare", "unchanged"))

    @property
    def planned_only(self) -> bool:
        """Tell whether a plan was all that was asked for."""
        return self.passed("plan") and not self.ran("prepare")

    @property
    def touched(self) -> bool:
        """Tell whether containers of the host may have been changed."""
        return self.ran("start") and not self.unchanged


def _message_of(result: Mapping[str, Any]) -> str:
    return str(result.get("msg", "")).strip().removeprefix("Task failed: ")


def goes_on(hosts: Mapping[str, HostSteps]) -> bool:
    """Tell whether the rollout may go on with the next hosts: everybody agreed, and nobody failed yet."""
    ready = all(steps.passed("prepare") for steps in hosts.values())
    return ready and not any(steps.refused or steps.rollout_failed for steps in hosts.values())


def settlement(name: str, hosts: Mapping[str, HostSteps], batches: Sequence[Sequence[str]], scope: str) -> str:
    """Return what a host has to do when the fleet is settled.

    Args:
        name: the host.
        hosts: what every host of the run reported.
        batches: the plan's batches.
        scope: "fleet": one failure takes everybody back; "batch": only the hosts of its batch.

    Returns:
        "confirmed", "rolled_back" (which for a host that was only prepared means giving the staging back), or "" if
        there is nothing left to do.
    """
    me = hosts[name]
    if not me.passed("prepare") or me.unchanged or me.passed("back") or me.passed("settle"):
        return ""
    companions: list[str] = [host for batch in batches if name in batch for host in batch]
    judged = [hosts[host] for host in (companions if scope == BATCH and companions else hosts)]
    if any(not one.passed("start") or one.rollout_failed or one.failed("confirm") for one in judged):
        return "rolled_back"
    return "" if me.passed("confirm") else "confirmed"


def judge(hosts: Mapping[str, HostSteps], release: str | None, *, check_mode: bool = False) -> Verdict:
    """Return the verdict over a run.

    Args:
        hosts: what the steps reported for every host of the run.
        release: the planned release, None if there was no plan.
        check_mode: whether nothing was to be changed.
    """
    if not hosts:
        return Verdict(
            "refused", {}, "No host: the inventory group stack_hosts is empty, or --limit matches none of it."
        )
    states = {name: _judge_host(steps, release, check_mode=check_mode) for name, steps in hosts.items()}
    words = {host.state for host in states.values()}
    # A host that was only waiting is refused if nobody was touched, and otherwise as good as taken back.
    grave = [word for word in _GRAVEST if word in words]
    return Verdict(grave[0] if grave else "refused", states, _message(states))


def _judge_host(steps: HostSteps, release: str | None, *, check_mode: bool) -> HostVerdict:
    before = steps.value("prepare", "current")
    if steps.ran("verify"):
        return _judge_status(steps)
    if steps.refused:
        # A host that was well is not to blame for another that could not speak for the fleet.
        return HostVerdict("refused" if steps.refusal else "untouched", before, steps.refusal)
    if check_mode:
        return HostVerdict("unchanged" if steps.unchanged else "planned", before, "")
    error = steps.error("start", "outside", "confirm")
    if steps.unchanged:
        # Nothing was started, so there is nothing to take back: people have to see to it.
        return HostVerdict("rollback_failed" if error else "unchanged", before, error)
    if not steps.touched:
        return HostVerdict("planned" if steps.planned_only else "untouched", before, "")
    return _judge_touched(steps, release, before, error)


def _judge_touched(steps: HostSteps, release: str | None, before: str | None, error: str) -> HostVerdict:
    backs = [step for step in ("back", "settle") if steps.ran(step)]
    if any(steps.passed(step) for step in backs):
        return HostVerdict("rolled_back", before, error)
    if backs:
        state = "unknown" if steps.unreachable(backs[-1]) else "rollback_failed"
        return HostVerdict(state, None, "\n".join(text for text in (error, steps.error(*backs)) if text))
    if steps.passed("confirm"):
        return HostVerdict("deployed", release, "")
    return HostVerdict("unknown", None, error or "the run ended before this host was settled")


def _judge_status(steps: HostSteps) -> HostVerdict:
    current = steps.value("verify", "current")
    if steps.failed("verify"):
        return HostVerdict("unknown", None, steps.error("verify"))
    if steps.value("verify", "stands"):
        return HostVerdict("unchanged", current, "")
    unfinished = steps.value("verify", "unfinished")
    words = [f"release {unfinished} was begun and never settled"] if unfinished else []
    return HostVerdict("rollback_failed", current, "\n".join([*words, *(steps.value("verify", "drift") or [])]))


#: What each verdict says of the fleet.
MEANING = {
    "deployed": "every host runs the release, confirmed",
    "unchanged": "every host runs what was confirmed; nothing was changed",
    "planned": "this is what would be done; nothing was changed",
    "refused": "nothing was touched; every reason is above",
    "rolled_back": "the release failed; every touched host is back on what it ran before, and that passes its gate",
    "rollback_failed": "at least one host is not in the state that it should be in, and needs you",
    "unknown": "at least one host could not be reached or settled",
}
_HOST_MEANING = {
    "deployed": "runs the release, confirmed",
    "unchanged": "runs what was confirmed, nothing was changed",
    "planned": "would get the release",
    "refused": "said no; nothing was touched",
    "untouched": "not touched",
    "rolled_back": "is back on what it ran before, and that passes its gate",
    "rollback_failed": "IS NOT IN THE STATE THAT IT SHOULD BE IN",
    "unknown": "COULD NOT BE SETTLED",
}


def _message(hosts: Mapping[str, HostVerdict]) -> str:
    return "\n".join(f"{name}: {_HOST_MEANING[host.state]}{_release_words(host)}" for name, host in hosts.items())


def _release_words(host: HostVerdict) -> str:
    if not host.release:
        return ""
    # What nothing was done to is said apart, or it reads as the release that the run was about.
    return f"; it runs {host.release}" if host.state in ("planned", "refused", "untouched") else f" ({host.release})"
