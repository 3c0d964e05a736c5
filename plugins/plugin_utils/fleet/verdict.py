# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a run ended, from what every step reported for every host."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from .course import present
from .steps import LOOKING, REFUSING, ROLLOUT, HostSteps

EXIT_CODES = {
    "deployed": 0,
    "unchanged": 0,
    "planned": 0,
    "continued": 0,
    "refused": 10,
    "rolled_back": 20,
    "rollback_failed": 30,
    "unknown": 40,
}
#: The state of a host that decides the verdict of the fleet, the gravest first.
_GRAVEST = ("rollback_failed", "unknown", "rolled_back", "refused", "deployed", "continued", "planned", "unchanged")
#: The state of a host that the run went on without.
SKIPPED = "skipped"


@dataclass(frozen=True)
class HostVerdict:
    """How a run ended on one host.

    Attributes:
        state: a verdict's word; "untouched" for a host that was well but not reached by the rollout; "skipped" for one
            that could not be reached and was left out.
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

    @property
    def meaning(self) -> str:
        """Return what the verdict says of the fleet."""
        left_out = [name for name, host in self.hosts.items() if host.state == SKIPPED]
        if not left_out:
            return MEANING[self.verdict]
        reached = MEANING[self.verdict].replace("every host", "every host that could be reached")
        return f"{reached}. LEFT OUT, because nobody could reach them: {', '.join(left_out)}"

    def as_dict(self) -> dict[str, Any]:
        """Return the verdict as plain data."""
        hosts = {name: asdict(host) for name, host in self.hosts.items()}
        return {"verdict": self.verdict, "exit_code": self.exit_code, "message": self.message, "hosts": hosts}


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
    nobody = not present(hosts)
    states = {name: _judge_host(steps, release, check_mode=check_mode, nobody=nobody) for name, steps in hosts.items()}
    words = {host.state for host in states.values()}
    if "deployed" in words and any(steps.given_back for steps in hosts.values()):
        # Its batch has gone back; others may stay, where only a batch is to go back.
        words.add("rolled_back")
    # A host that was only waiting is refused if nobody was touched, and otherwise as good as taken back.
    grave = [word for word in _GRAVEST if word in words] or ["refused"]
    reversible = all(steps.reversible for steps in hosts.values())
    behind = {"refused", "untouched"} if reversible else {"refused", "untouched", "rolled_back"}
    if grave[0] in {*behind, "deployed"} and "deployed" in words and words & behind:
        # Where nobody can go back, a run that ends early leaves the fleet in two.
        grave = ["rollback_failed"]
    return Verdict(grave[0], states, _message(states))


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


#: What each verdict says of the fleet.
MEANING = {
    "deployed": "every host runs the release, confirmed",
    "unchanged": "every host runs what was confirmed; nothing was changed",
    "planned": "this is what would be done; nothing was changed",
    "continued": "the run that was paused goes on, and gives its own verdict",
    "refused": "nothing was touched; every reason is above",
    "rolled_back": "the release failed; every touched host is back on what it ran before, and that passes its gate",
    "rollback_failed": "at least one host is not in the state that it should be in, and needs you",
    "unknown": "at least one host could not be reached or settled",
}
_HOST_MEANING = {
    "deployed": "runs the release, confirmed",
    "unchanged": "runs what was confirmed, nothing was changed",
    "planned": "would get the release",
    "continued": "the run that was paused here goes on",
    "refused": "said no; nothing was touched",
    "untouched": "not touched",
    SKIPPED: "LEFT OUT, it could not be reached; not touched",
    "rolled_back": "is back on what it ran before, and that passes its gate",
    "rollback_failed": "IS NOT IN THE STATE THAT IT SHOULD BE IN",
    "unknown": "COULD NOT BE SETTLED",
}


def _message(hosts: Mapping[str, HostVerdict]) -> str:
    return "\n".join(f"{name}: {_host_words(host)}" for name, host in hosts.items())


def _host_words(host: HostVerdict) -> str:
    return f"{_HOST_MEANING[host.state]}{_release_words(host)}" + (f"; {host.outlook}" if host.outlook else "")


def _release_words(host: HostVerdict) -> str:
    if not host.release:
        return ""
    # What nothing was done to is said apart, or it reads as the release that the run was about.
    return f"; it runs {host.release}" if host.state in ("planned", "refused", "untouched") else f" ({host.release})"
