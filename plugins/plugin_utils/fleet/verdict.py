# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a run ended, from what every step reported for every host."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .course import present
from .outcomes import EXIT_CODES, OUTCOMES, SKIPPED, gravest
from .steps import LOOKING, REFUSING, ROLLOUT, HostSteps


@dataclass(frozen=True)
class HostVerdict:
    """How a run ended on one host.

    Attributes:
        state: a word in `OUTCOMES`; "untouched" for a host that was well but not reached by the rollout; "skipped" for
            one that could not be reached and was left out.
        release: release that runs there now as far as is known, None if none does.
        error: what went wrong there, "" if nothing did.
        outlook: what will happen there without anybody's doing, "" where nothing will.
    """

    state: str
    release: str | None
    error: str
    outlook: str = ""


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
        parts = [f"verdict: {self.word}"]
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
        return Verdict("refused", "No host: the inventory group stack_hosts is empty, or --limit matches none of it.")
    nobody = not present(hosts)
    states = {name: _judge_host(steps, release, check_mode=check_mode, nobody=nobody) for name, steps in hosts.items()}
    words = {host.state for host in states.values()}
    if "deployed" in words and any(steps.given_back for steps in hosts.values()):
        # Its batch has gone back; others may stay, where only a batch is to go back.
        words.add("rolled_back")
    # A host that was only waiting is refused if nobody was touched, and otherwise as good as taken back.
    word = gravest(words) or "refused"
    reversible = all(steps.reversible for steps in hosts.values())
    behind = {"refused", "untouched"} if reversible else {"refused", "untouched", "rolled_back"}
    if word in {*behind, "deployed"} and "deployed" in words and words & behind:
        # Where nobody can go back, a run that ends early leaves the fleet in two.
        word = "rollback_failed"
    return Verdict(word, _message(states), states)


def _judge_host(steps: HostSteps, release: str | None, *, check_mode: bool, nobody: bool) -> HostVerdict:
    if steps.ran("verify"):
        return _judge_status(steps)
    if steps.value("continue", "changed"):
        return HostVerdict("planned" if check_mode else "continued", None, "")
    before = steps.value("prepare", "current")
    if steps.left_out:
        # Without anybody there is no run that a host could be left out of.
        return HostVerdict("refused" if nobody else SKIPPED, before, steps.error("reach", "prepare"))
    if steps.refused or steps.down:
        return _judge_refused(steps, before)
    if check_mode:
        return HostVerdict("unchanged" if steps.unchanged else "planned", before, "")
    judged = _judge_touched if steps.touched and not steps.given_back else _judge_untouched
    return judged(steps, release, before)


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
    left = "its lease ends by itself, and the next run removes what was staged" if steps.failed("settle") else ""
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


def _message(hosts: Mapping[str, HostVerdict]) -> str:
    return "\n".join(f"{name}: {_host_words(host)}" for name, host in hosts.items())


def _host_words(host: HostVerdict) -> str:
    return f"{OUTCOMES[host.state].host}{_release_words(host)}" + (f"; {host.outlook}" if host.outlook else "")


def _release_words(host: HostVerdict) -> str:
    if not host.release:
        return ""
    # What nothing was done to is said apart, or it reads as the release that the run was about.
    return f"; it runs {host.release}" if OUTCOMES[host.state].still_runs else f" ({host.release})"
