# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The end of a run for people: what broke, what runs where, what to do next. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from ...module_utils.core.identifiers import version_of
from ..commands import Commands
from .causes import BACK, BEFORE, BUSY, FORWARD, INPUT, UNREACHABLE, Cause
from .outcomes import OUTCOMES
from .verdict import INTERRUPTED, NOTHING, HostVerdict, Verdict

Key = TypeVar("Key")
#: More hosts than these are counted, not named.
_NAMED = 4
#: More remedies than these are looked up in the file of findings.
_REMEDIES = 2
#: The file in a run's folder with all that went wrong on every host.
FINDINGS_FILE = "findings.txt"


@dataclass(frozen=True)
class Context:
    """What the end of a run names besides the verdict.

    Attributes:
        commands: what a user types.
        run: ID of the run.
        folder: the run's folder, as people find it.
        verb: what the user asked for.
        version: the version that the run was about, "" if that is not known.
        stack_folder: the stack's folder on the hosts, "" if that is not known.
        logins: what to type to get to a host, by host, as far as that is known.
        reversible: whether hosts may be taken back automatically.
        noted: what went wrong besides, such as what cut the run off; a line each.
    """

    commands: Commands
    run: str
    folder: str
    verb: str = "deploy"
    version: str = ""
    stack_folder: str = ""
    logins: Mapping[str, str] = field(default_factory=dict)
    reversible: bool = True
    noted: tuple[str, ...] = ()


@dataclass(frozen=True)
class Broken:
    """One thing that went wrong.

    Attributes:
        who: on which hosts, in words; "" if it is no host's.
        cause: what.
        back_too: whether the way back failed there in the same way.
    """

    who: str
    cause: Cause
    back_too: bool = False


@dataclass(frozen=True)
class End:
    """The end of a run.

    Attributes:
        broke: what went wrong, each thing once, the most frequent first.
        noted: what went wrong besides, in words.
        runs: what runs where and how that is known, in words.
        next: what to do, in words.
    """

    broke: tuple[Broken, ...]
    noted: tuple[str, ...]
    runs: tuple[str, ...]
    next: tuple[str, ...]


def the_end(verdict: Verdict, context: Context) -> End:
    """Return the end of a run."""
    return End(_broke(verdict), context.noted, _runs(verdict), tuple(_next(verdict, context)))


def who(hosts: Sequence[str], everybody: Sequence[str]) -> str:
    """Name hosts, or count them where they are many."""
    if len(everybody) == 1 or len(hosts) == 1:
        return hosts[0]
    count = f"{len(hosts)} of {len(everybody)} hosts"
    named = set(hosts)
    others = [name for name in everybody if name not in named]
    if not others:
        return count
    if len(hosts) <= _NAMED:
        return f"{count} ({', '.join(hosts)})"
    if len(others) <= _NAMED:
        return f"{count} (not {', '.join(others)})"
    return f"{count} ({', '.join(hosts[:_NAMED])}, …)"


def _grouped(pairs: Iterable[tuple[Key, str]]) -> dict[Key, list[str]]:
    """Return the hosts of each key, the most frequent key first."""
    found: dict[Key, list[str]] = {}
    for key, host in pairs:
        found.setdefault(key, []).append(host)
    return dict(sorted(found.items(), key=lambda entry: -len(entry[1])))


def _broke(verdict: Verdict) -> tuple[Broken, ...]:
    everybody = list(verdict.hosts)
    example = {cause.key: cause for host in verdict.hosts.values() for cause in reversed(host.causes)}
    groups = _grouped((cause.key, name) for name, host in verdict.hosts.items() for cause in host.causes)
    faults = {name: {one.fault for one in host.causes if one.phase == FORWARD} for name, host in verdict.hosts.items()}
    broken = []
    for key, hosts in groups.items():
        cause = example[key]
        if cause.phase == BACK and all(cause.fault in faults[name] for name in hosts):
            continue
        back = [name for name in hosts if _fails_back(verdict.hosts[name], cause)]
        common = cause.for_all or (cause.kind == INPUT and len(hosts) == len(everybody))
        broken.append(Broken("" if common else who(hosts, everybody), cause, bool(back) and len(back) == len(hosts)))
    return tuple(broken)


def _fails_back(host: HostVerdict, cause: Cause) -> bool:
    return cause.phase == FORWARD and any(one.phase == BACK and one.fault == cause.fault for one in host.causes)


#: How a host ends that is in neither state, or of which nobody knows.
_OPEN = ("unknown", "rollback_failed")


def _runs(verdict: Verdict) -> tuple[str, ...]:
    everybody = list(verdict.hosts)
    words = ((_runs_words(host), name) for name, host in verdict.hosts.items())
    lines, said = [], {verdict.release or ""}
    # Where somebody has to see to a host, that comes first: what does not fit on the screen is cut.
    groups = sorted(_grouped(words).items(), key=lambda group: verdict.hosts[group[1][0]].state not in _OPEN)
    for (release, how), hosts in groups:
        # The whole ID once: it is what `--to` takes.
        named = version_of(release) if release in said else f"{version_of(release)} (release {release})"
        if _ambiguous(release, verdict):
            named = release
        said.add(release)
        lines.append(f"{who(hosts, everybody)}: {named + ', ' if release else ''}{how}")
    return tuple(lines)


def _ambiguous(release: str, verdict: Verdict) -> bool:
    """Tell whether the version alone would name another release as well."""
    known = {verdict.release, *(host.release or host.last_known for host in verdict.hosts.values())}
    return len({one for one in known if one and version_of(one) == version_of(release)}) > 1


def _runs_words(host: HostVerdict) -> tuple[str, str]:
    """Return the release on a host, "" if none is known, and how that is known."""
    row = OUTCOMES[host.state]
    if host.state == "rollback_failed" and host.known and not host.release:
        return "", host.known
    how = host.known or row.runs
    if host.release:
        # What is confirmed is known of a host that was only asked, and whether it is well is not.
        asked = row.still_runs and not host.known
        return host.release, _with(f"confirmed earlier; {how}" if asked else how, host.outlook)
    if host.last_known:
        return "", _with(f"NOT KNOWN, {how}; last known release {host.last_known}", host.outlook)
    if host.state == "rolled_back":
        return "", "what was there before the first release"
    return "", _with(how if how == NOTHING else f"NOT KNOWN, {how}", host.outlook)


def _with(words: str, more: str) -> str:
    return f"{words}; {more}" if more else words


def _next(verdict: Verdict, context: Context) -> list[str]:
    steps = _Steps(verdict, context)
    suspects = _suspects(verdict, context)
    lines = [*suspects, *steps.remedies(), *steps.looks()]
    if verdict.word == "rollback_failed" and not context.reversible:
        lines += steps.blocked()
    elif verdict.word == "rolled_back" and verdict.reason == INTERRUPTED and not steps.judged:
        lines += steps.filled("Nothing is down. {version} was not judged; when you like: {again}")
    elif verdict.word == "rollback_failed" and {"deployed"} & {host.state for host in verdict.hosts.values()}:
        lines += steps.filled("The fleet is in two. To bring it together: {again}")
    elif context.verb == "status" and verdict.word == "unknown":
        lines += steps.filled("Then look again: {again}")
    elif context.verb == "status" and verdict.word == "rollback_failed":
        lines += steps.filled("What was begun and never settled: {recover}", "What differs: {redeploy}")
    elif verdict.left_out and verdict.exit_code == 0:
        lines += steps.filled("Once who was left out answers: {again}")
    elif BUSY not in steps.kinds and not suspects:
        lines += steps.filled(*OUTCOMES[verdict.word].next)
    lines += steps.way_back() if context.reversible else []
    if verdict.word == "refused" and UNREACHABLE in steps.kinds:
        lines += steps.filled("Or without who does not answer: {skip}")
    if any(host.causes for host in verdict.hosts.values()):
        lines.append(f"All of it: {context.folder}/{FINDINGS_FILE}")
    return list(dict.fromkeys(lines))


def _suspects(verdict: Verdict, context: Context) -> list[str]:
    """Say what is likely at fault where what ran before fails as the release does."""
    same = {
        cause.fault: [name for name, host in verdict.hosts.items() if _fails_back(host, cause)]
        for host in verdict.hosts.values()
        for cause in host.causes
        if _fails_back(host, cause)
    }
    lines = []
    for fault, hosts in same.items():
        others = [name for name in verdict.hosts if name not in hosts]
        elsewhere = any(cause.fault == fault for name in others for cause in verdict.hosts[name].causes)
        named = who(hosts, list(verdict.hosts))
        if others and not elsewhere:
            suspect = f"and no other host does: suspect {named if len(hosts) == 1 else 'these hosts'}, not the release"
        else:
            suspect = "so suspect what both need: the check, the host, or what lies around it"
        lines.append(f"{named} fails in the same way with {context.version or 'the release'} and without, {suspect}.")
    return lines


class _Steps:
    """The parts of what to do next."""

    def __init__(self, verdict: Verdict, context: Context) -> None:
        self._verdict = verdict
        self._context = context
        self._causes = [cause for host in verdict.hosts.values() for cause in host.causes]

    def filled(self, *rows: str) -> list[str]:
        """Return rows with what stands in braces put in; without those for which it is not known."""
        lines = []
        for row in rows:
            needed = {name: fill(self) for name, fill in _FILLS.items() if "{" + name + "}" in row}
            if all(needed.values()):
                lines.append(row.format(**needed))
        return lines

    @property
    def kinds(self) -> set[str]:
        """Return what sorts of things were in the way beforehand."""
        return {cause.kind for cause in self._causes if cause.phase == BEFORE}

    @property
    def judged(self) -> bool:
        """Tell whether the release failed on a host."""
        return any(cause.phase == FORWARD for cause in self._causes)

    def remedies(self) -> list[str]:
        """Return what to do about what was in the way beforehand."""
        before = (cause for cause in self._causes if cause.phase == BEFORE)
        found = list(dict.fromkeys(cause.remedy for cause in before if cause.remedy and cause.kind != BUSY))
        more = [f"({len(found) - _REMEDIES} more things to do stand there)"] if len(found) > _REMEDIES else []
        wait = self.filled("Wait for that run: {wait}", "If it is dead: {overtake}") if BUSY in self.kinds else []
        return [*found[:_REMEDIES], *more, *wait]

    def looks(self) -> list[str]:
        """Return how to look at a host that is in neither state; to look comes before anything else."""
        if not self._login or self._context.verb == "status":
            return []
        stack = self._verdict.stack or "STACK"
        look = f"docker compose -p {stack} ps --all; docker compose -p {stack} logs --tail 50; df -h"
        return [f"Look first: {self._login} '{look}'"]

    def way_back(self) -> list[str]:
        """Return how the host goes back once it can."""
        folder, release = self._context.stack_folder, self._verdict.release
        if not (self._login and folder and release) or self._context.verb == "status":
            return []
        return [f"Once it can go back: {self._login} sh {folder}/releases/{release}/rollback.sh"]

    @property
    def _login(self) -> str:
        """Return how to get to the first host that is in neither state, "" if none is or that is not known."""
        bad = (name for name, host in self._verdict.hosts.items() if host.state == "rollback_failed")
        return self._context.logins.get(next(bad, ""), "")

    def blocked(self) -> list[str]:
        """Return what people do about a release that failed and is not taken back."""
        force = f"{self._context.commands.verb('rollback', '-e', 'stack_force_irreversible=true')}"
        return [
            "The release is not reversible (stack_reversible: false), so no host was taken back automatically.",
            f"Deploy a corrected version. Only if the data allow it: {force}",
        ]

    def again(self, *options: str) -> str:
        """Return the command of this run, with options besides."""
        verb, version = self._context.verb, self._context.version
        if verb == "plan" and self._verdict.word == "planned":
            options = (*options, "--plan", f"{self._context.folder}/plan.json")
        if verb in ("deploy", "plan"):
            return self._context.commands.verb("deploy", "--version", version, *options) if version else ""
        return self._context.commands.verb(verb, *options) if verb in ("rollback", "status", "recover") else ""

    def other_run(self) -> str:
        """Return the run that holds the lease, "" if none does."""
        busy = (cause.seen.split() for cause in self._causes if cause.kind == BUSY)
        return next((words[1] for words in busy if words[:1] == ["run"] and len(words) > 1), "")

    def left_out(self) -> str:
        """Return a pattern of all hosts but those that did not answer."""
        silent = [
            name
            for name, host in self._verdict.hosts.items()
            if any(cause.kind == UNREACHABLE for cause in host.causes)
        ]
        return ":".join(["all", *(f"!{name}" for name in silent)]) if 0 < len(silent) <= _NAMED else ""

    def verb(self, verb: str, *options: str) -> str:
        """Return a command of this environment, "" if one of its options is not known."""
        return self._context.commands.verb(verb, *options) if all(options) else ""

    def current(self) -> str:
        """Return the version that is confirmed on the first host of which that is known."""
        return next((version_of(host.release) for host in self._verdict.hosts.values() if host.release), "")

    @property
    def context(self) -> Context:
        """Return what is named besides the verdict."""
        return self._context


_FILLS: Mapping[str, Callable[[_Steps], str]] = {
    "version": lambda steps: steps.context.version or "the release",
    "status": lambda steps: "" if steps.context.verb == "status" else steps.verb("status"),
    "again": lambda steps: steps.again(),
    "other": lambda steps: steps.verb("deploy", "--version", "NEW"),
    "rollback": lambda steps: steps.verb("rollback"),
    "recover": lambda steps: (
        steps.verb("recover") if steps.context.verb == "status" else steps.verb("recover", "--run", steps.context.run)
    ),
    "redeploy": lambda steps: steps.verb("deploy", "--version", steps.current()),
    "wait": lambda steps: steps.again("--lease-wait", "600"),
    "overtake": lambda steps: steps.verb("recover", "--run", steps.other_run()),
    "skip": lambda steps: steps.left_out() and steps.again("--limit", steps.left_out()),
}
