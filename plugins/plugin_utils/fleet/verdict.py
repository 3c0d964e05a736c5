# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a run ended, from what every step reported for every host."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Any

from ...module_utils.core.identifiers import version_of
from .causes import BEFORE, BUSY, INPUT, OTHER, UNREACHABLE, Cause, causes_of, reason
from .course import present
from .outcomes import EXIT_CODES, OUTCOMES, SKIPPED, gravest
from .steps import LOOKING, REFUSING, ROLLOUT, HostSteps

#: How it is known what runs on a host on which no release was ever confirmed.
NOTHING = "no release was ever confirmed"
#: What the last line adds to the verdict where a run was cut off, and where a fleet that was only looked at is well.
INTERRUPTED, HEALTHY = "interrupted", "healthy"
_LEFT = "its lease ends by itself, and the next run removes what was staged"
_NOT_TOUCHED = ("refused", "untouched", "planned", SKIPPED)
_PERHAPS_LEFT = f"if the call reached it, {_LEFT}"


@dataclass(frozen=True)
class HostVerdict:
    """How a run ended on one host.

    Attributes:
        state: a word in `OUTCOMES`; "untouched" for a host that was well but not reached by the rollout; "skipped" for
            one that could not be reached and was left out.
        release: release that runs there now as far as is known, None if none does.
        error: what went wrong there, "" if nothing did.
        outlook: what will happen there without anybody's doing, "" where nothing will.
        known: how it is known what runs there, or why that is not known; "" where the state says it.
        last_known: the release that ran there when somebody last saw it, for a host of which no more is known.
        causes: what went wrong there, in parts.
    """

    state: str
    release: str | None
    error: str
    outlook: str = ""
    known: str = ""
    last_known: str | None = None
    causes: tuple[Cause, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """How a run ended.

    Attributes:
        word: one of the words in `EXIT_CODES`.
        message: the whole in a few lines for people.
        hosts: how it ended on each host.
        release: ID of the release that the run was about, None if it was about none.
        plan_sha256: hash of the plan, None if there was none.
        duration_s: seconds that the run took, None if nobody knows.
        hooks: how each hook ended, and on which host; None as long as nobody has asked.
        by_scripts: whether the scripts gave it, because the playbook gave none.
        cut_off_by: what ended the run before its time, None if nothing did.
        stack: the stack that the run was about, "" if that is not known.
        reason: why the run was refused or that it was interrupted, in a word or a few; "" where nothing is to be added.
    """

    word: str
    message: str = ""
    hosts: Mapping[str, HostVerdict] = field(default_factory=dict)
    release: str | None = None
    plan_sha256: str | None = None
    duration_s: float | None = None
    hooks: Sequence[Mapping[str, Any]] | None = None
    by_scripts: bool = False
    cut_off_by: str | None = None
    stack: str = ""
    reason: str = ""

    @property
    def exit_code(self) -> int:
        """Return the exit code that belongs to the verdict."""
        return EXIT_CODES[self.word]

    @property
    def left_out(self) -> list[str]:
        """Return the hosts that the run went on without."""
        return [name for name, host in self.hosts.items() if host.state == SKIPPED]

    @property
    def meaning(self) -> str:
        """Return what the verdict says of the fleet."""
        meaning = OUTCOMES[self.word].fleet
        if not self.left_out:
            return meaning
        reached = meaning.replace("every host", "every host that could be reached")
        return f"{reached}. LEFT OUT, because nobody could reach them: {', '.join(self.left_out)}"

    def last_line(self, where: str) -> str:
        """Return the last line of a run's output.

        Args:
            where: the run's folder.
        """
        shown = self.word + (f" ({self.reason})" if self.reason else "")
        # That nothing was changed goes without saying where a run only looks.
        parts = [f"verdict: {HEALTHY if self.reason == HEALTHY else shown}"]
        if self.release:
            parts.append(f"release {self.release}")
        left_out = len(self.left_out)
        reached = len(self.hosts) - left_out
        if reached:
            parts.append(f"{reached} host{'' if reached == 1 else 's'}")
        if left_out:
            parts.append(f"{left_out} LEFT OUT")
        return " · ".join([*parts, f"{self.duration_s or 0.0:.1f} s", where])


def judge(hosts: Mapping[str, HostSteps], release: str | None, *, check_mode: bool = False) -> Verdict:
    """Return the verdict over a run.

    Args:
        hosts: what the steps reported for every host of the run.
        release: the planned release, None if there was no plan.
        check_mode: whether nothing was to be changed.
    """
    if not hosts:
        message = "No host: the inventory group stack_hosts is empty, or --limit matches none of it."
        return Verdict("refused", message, reason=INPUT)
    nobody = not present(hosts)
    states = {name: _judge_host(steps, release, check_mode=check_mode, nobody=nobody) for name, steps in hosts.items()}
    given_back = any(steps.given_back for steps in hosts.values())
    reversible = all(steps.reversible for steps in hosts.values())
    word = fleet_word({host.state for host in states.values()}, given_back=given_back, may_part=reversible)
    return Verdict(word, host_lines(states), states, reason=_reason(word, hosts, states))


def fleet_word(states: AbstractSet[str], *, given_back: bool = False, may_part: bool = True) -> str:
    """Return the verdict that follows from the states of all hosts.

    Args:
        states: the states.
        given_back: whether the start was called for on a host, and never came to touch anything.
        may_part: whether some hosts may be meant to stay where others went back, as where a batch goes back alone.
    """
    words = set(states)
    if "deployed" in words and given_back:
        # Its batch has gone back; others may stay, where only a batch is to go back.
        words.add("rolled_back")
    # A host that was only waiting is refused if nobody was touched, and otherwise as good as taken back.
    word = gravest(words) or "refused"
    behind = {"refused", "untouched"} if may_part else {"refused", "untouched", "rolled_back"}
    if word in {*behind, "deployed"} and "deployed" in words and words & behind:
        # A run that ends early, or cannot go back, leaves the fleet in two.
        word = "rollback_failed"
    return word


def _reason(word: str, hosts: Mapping[str, HostSteps], states: Mapping[str, HostVerdict]) -> str:
    if word == "refused":
        return reason(cause for host in states.values() for cause in host.causes)
    return HEALTHY if word == "unchanged" and all(steps.ran("verify") for steps in hosts.values()) else ""


def _judge_host(steps: HostSteps, release: str | None, *, check_mode: bool, nobody: bool) -> HostVerdict:
    judged = _judged(steps, release, check_mode=check_mode, nobody=nobody)
    causes = causes_of(steps)
    if steps.passed("verify"):
        causes = tuple(Cause(BEFORE, OTHER, "", "", line) for line in judged.error.splitlines())
    return replace(judged, causes=causes, **_knowledge(steps, judged, causes))


def _judged(steps: HostSteps, release: str | None, *, check_mode: bool, nobody: bool) -> HostVerdict:
    if steps.ran("verify"):
        return _judge_status(steps)
    if steps.value("continue", "changed"):
        return HostVerdict("planned" if check_mode else "continued", None, "")
    before = _before(steps)
    if steps.left_out:
        # Without anybody there is no run that a host could be left out of.
        return HostVerdict("refused" if nobody else SKIPPED, before, steps.error("reach", "prepare"))
    if steps.refused or steps.down:
        return _judge_refused(steps, before)
    if check_mode:
        return HostVerdict("unchanged" if steps.unchanged else "planned", before, "")
    judged = _judge_touched if steps.touched and not steps.given_back else _judge_untouched
    return judged(steps, release, before)


def _before(steps: HostSteps) -> str | None:
    """Return the release that was confirmed on a host before the run, as the host told last."""
    told = (steps.value(step, "current") for step in ("prepare", "look", "lease"))
    return next((release for release in told if release), None)


def _knowledge(steps: HostSteps, judged: HostVerdict, causes: Sequence[Cause]) -> dict[str, Any]:
    """Return how it is known what runs on a host."""
    if judged.state == "unknown":
        return {"known": _silence(steps), "last_known": _before(steps)}
    if judged.state == "rollback_failed":
        return {"known": _state_left(steps)}
    if judged.state == "unchanged" and steps.ran("verify"):
        return {"known": "healthy, as it was confirmed"}
    return _knowledge_of_untouched(steps, judged, causes) if judged.state in _NOT_TOUCHED else {}


def _knowledge_of_untouched(steps: HostSteps, judged: HostVerdict, causes: Sequence[Cause]) -> dict[str, Any]:
    if any(cause.kind == UNREACHABLE and cause.phase == BEFORE for cause in causes):
        # It said neither yes nor no. The last call may have reached it, and left its lease and what was staged.
        left = f"; {_PERHAPS_LEFT}" if steps.unreachable("prepare") else ""
        out = "LEFT OUT, " if judged.state == SKIPPED else ""
        return {"known": f"{out}DID NOT ANSWER{left}", "last_known": judged.release, "release": None}
    busy = next((cause for cause in causes if cause.kind == BUSY), None)
    if busy is not None:
        return {"known": f"busy with {_run_of(busy)}; MAY BE CHANGING NOW"}
    asked = steps.passed("prepare") or steps.passed("look")
    return {"known": NOTHING} if asked and judged.release is None else {}


def _run_of(busy: Cause) -> str:
    """Return the run that holds a lease, as its finding begins: "run ID"."""
    return " ".join(busy.seen.split()[:2]) if busy.seen.startswith("run ") else "another run"


def _silence(steps: HostSteps) -> str:
    """Say why nobody knows what runs on a host."""
    asked = [step for step in ("start", "confirm", "settle", "verify") if steps.ran(step)]
    if asked and steps.unreachable(asked[-1]):
        return "DID NOT ANSWER"
    return "COULD NOT BE LOOKED AT" if steps.ran("verify") else ""


def _state_left(steps: HostSteps) -> str:
    """Say in which state a host is that is in neither of the two that it should be in."""
    before = _before(steps)
    version = version_of(before) if before else "what ran before"
    if steps.down:
        return f"{version} is DOWN: it has ended, although nothing of it was touched"
    if steps.failed("settle"):
        # It came as far as the gate, or not even to that.
        looked = bool(steps.value("settle", "gate"))
        return f"{version} was started again, and FAILED ITS HEALTH CHECK" if looked else "the way back BROKE OFF"
    if steps.ran("verify"):
        return "DIFFERS from what was confirmed"
    return f"{version} runs, and FAILED ITS HEALTH CHECK" if steps.unchanged else ""


def _judge_refused(steps: HostSteps, before: str | None) -> HostVerdict:
    if steps.down:
        return HostVerdict("rollback_failed", None, steps.error(*REFUSING, *ROLLOUT, "settle"))
    # A host that was well is not to blame for another that could not speak for the fleet.
    return HostVerdict("refused" if steps.refusal else "untouched", before, steps.refusal)


def _judge_untouched(steps: HostSteps, _release: str | None, before: str | None) -> HostVerdict:
    if steps.unchanged:
        # Nothing was started, so there is nothing to take back: people have to see to it.
        error = steps.error(*LOOKING)
        return HostVerdict("rollback_failed" if error else "unchanged", before, error)
    left = _LEFT if steps.failed("settle") else ""
    if steps.rollout_failed:
        # It was lost while it waited for its turn, or its start never came to touch anything.
        return HostVerdict("refused", before, steps.error(*ROLLOUT, "settle"), left)
    if left:
        return HostVerdict("untouched", before, steps.error("settle"), left)
    return HostVerdict("planned" if steps.planned_only else "untouched", before, "")


def _judge_touched(steps: HostSteps, release: str | None, before: str | None) -> HostVerdict:
    error = steps.error(*ROLLOUT, "confirm")
    if steps.passed("settle"):
        return HostVerdict("rolled_back", before, error)
    if steps.ran("settle"):
        said = "\n".join(text for text in (error, steps.error("settle")) if text)
        if steps.unreachable("settle"):
            return HostVerdict("unknown", None, said, _outlook(steps))
        return HostVerdict("rollback_failed", None, said)
    if steps.confirmed:
        # What is told here came from the run, not from the host.
        return HostVerdict("deployed", release, error)
    return HostVerdict("unknown", None, error or "the run ended before this host was settled", _outlook(steps))


def _outlook(steps: HostSteps) -> str:
    """Return what becomes of a host that nobody reaches any more."""
    if steps.unreachable("confirm"):
        # The call may have done its work before the answer was lost.
        return "if it was confirmed in time it stays on the release; if not, " + _outlook_unconfirmed(steps)
    return _outlook_unconfirmed(steps)


def _outlook_unconfirmed(steps: HostSteps) -> str:
    if not steps.reversible:
        return "it has no guard, because the release is not reversible: it stays as it is until somebody sees to it"
    if steps.guard_timeout is None:
        return ""
    return (
        "its guard takes it back by itself, if the release was started there, "
        f"{steps.guard_timeout} s (stack_guard_timeout) after the run last reached it"
    )


def _judge_status(steps: HostSteps) -> HostVerdict:
    current = steps.value("verify", "current")
    if steps.failed("verify"):
        return HostVerdict("unknown", None, steps.error("verify"))
    if steps.value("verify", "stands"):
        return HostVerdict("unchanged", current, "")
    unfinished = steps.value("verify", "unfinished")
    words = [f"release {unfinished} was begun and never settled"] if unfinished else []
    return HostVerdict("rollback_failed", current, "\n".join([*words, *(steps.value("verify", "drift") or [])]))


def host_lines(hosts: Mapping[str, HostVerdict]) -> str:
    """Return how it ended on each host, a line each."""
    return "\n".join(f"{name}: {_host_words(host)}" for name, host in hosts.items())


def _host_words(host: HostVerdict) -> str:
    outlook = f"; {host.outlook}" if host.outlook else ""
    if host.state == "refused" and host.causes and all(cause.for_all for cause in host.causes):
        # What all hosts together lack is no objection of one.
        return f"{OUTCOMES['untouched'].host}{_release_words(host)}"
    if host.last_known or (host.release is None and host.known not in ("", NOTHING)):
        last = f"; last known release {host.last_known}" if host.last_known else ""
        state = "" if host.state in ("refused", SKIPPED) else OUTCOMES[host.state].host
        return "; ".join(part for part in (state, host.known) if part) + last + outlook
    words = OUTCOMES[host.state].host
    # What nobody refused there is only not touched.
    if host.known == NOTHING:
        return f"{words}; {NOTHING}{outlook}"
    return f"{host.known or words}{_release_words(host)}{outlook}"


def _release_words(host: HostVerdict) -> str:
    if not host.release:
        return ""
    if host.known and OUTCOMES[host.state].still_runs:
        return f"; last confirmed there: {host.release}"
    # What nothing was done to is said apart, or it reads as the release that the run was about.
    return f"; it runs {host.release}" if OUTCOMES[host.state].still_runs else f" ({host.release})"
