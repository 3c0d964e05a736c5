# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hooks that a stack declares: what a user wrote, checked and turned into values."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..core.findings import Finding, SlipwayError
from .fields import Fields

PRE_DEPLOY, POST_DEPLOY = "pre_deploy", "post_deploy"
PRE_ROLLBACK, POST_ROLLBACK = "pre_rollback", "post_rollback"
ON_FAILURE = "on_failure"
KINDS = (PRE_DEPLOY, POST_DEPLOY, PRE_ROLLBACK, POST_ROLLBACK, ON_FAILURE)

TARGET, CONTROLLER = "target", "controller"
REPORT, ROLLBACK = "report", "rollback"
DEFAULT_TIMEOUT_S = 300.0

_KEYS = frozenset({"name", "command", "run", "on", "once", "timeout", "on_error"})
_RUN_KEYS = frozenset({"service", "command"})


@dataclass(frozen=True)
class Hook:
    """Something that a stack wants done on an event of a deployment.

    Attributes:
        kind: the event, one of `KINDS`.
        name: what the user calls it.
        command: program and arguments; for a one-off run, those inside the container, none meaning the service's own.
        service: the service that a one-off run is made from; None for a command.
        place: where it runs, `target` or `controller`.
        once: whether only the first host of the fleet runs it.
        timeout_s: seconds after which it is ended.
        on_error: whether a failure is only reported, or takes the release back.
    """

    kind: str
    name: str
    command: tuple[str, ...] = ()
    service: str | None = None
    place: str = TARGET
    once: bool = False
    timeout_s: float = DEFAULT_TIMEOUT_S
    on_error: str = REPORT

    @property
    def thing(self) -> str:
        """Return how messages name it."""
        return f"{self.kind} hook '{self.name}'"

    @property
    def decides(self) -> bool:
        """Tell whether the deployment depends on its success."""
        return self.kind == PRE_DEPLOY or self.on_error == ROLLBACK

    def as_dict(self) -> dict[str, Any]:
        """Return the hook as plain data."""
        return {**asdict(self), "command": list(self.command)}

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Hook:
        """Return the hook that `as_dict` gave."""
        return cls(**{**raw, "command": tuple(raw["command"])})


@dataclass(frozen=True)
class HookReport:
    """How one hook ended.

    Attributes:
        hook: the hook.
        passed: whether it ended with exit code 0 within its time.
        seen: how it ended, in words.
        output: the last lines that it printed; secrets are masked.
        duration_s: how long it took.
    """

    hook: Hook
    passed: bool
    seen: str
    output: tuple[str, ...] = ()
    duration_s: float = 0.0

    @property
    def stops(self) -> bool:
        """Tell whether the deployment cannot go on after this."""
        return not self.passed and self.hook.decides

    def lines(self) -> list[str]:
        """Say it for people."""
        if self.passed:
            return [f"{self.hook.thing} passed after {self.duration_s:.1f} s"]
        return [f"{self.hook.thing} failed: {self.seen}", *(f"| {line}" for line in self.output)]

    def finding(self) -> Finding:
        """Say it as what keeps a deployment from going on."""
        said = "".join(f"\n| {line}" for line in self.output)
        remedy = f"Correct what it complains about, or {self.hook.thing} itself, then deploy again."
        seen = f"{self.seen}; its last words:{said}\n" if said else f"{self.seen}, and no output"
        return Finding(self.hook.thing, "exit code 0", seen, remedy)

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain data, without the hook's command line."""
        return {
            "kind": self.hook.kind,
            "name": self.hook.name,
            "on": self.hook.place,
            "passed": self.passed,
            "seen": self.seen,
            "output": list(self.output),
            "duration_s": round(self.duration_s, 1),
        }


@dataclass(frozen=True)
class HookContext:
    """What a hook is told of the deployment.

    Attributes:
        stack: the stack's name.
        release: the release whose hook it is.
        version: that release's version.
        previous: the release that ran before it, and that a way back leads to; None if there is none.
        host: the host that it runs on, by its name in the inventory.
        run: ID of the run.
    """

    stack: str
    release: str
    version: str
    previous: str | None
    host: str
    run: str

    def environment(self, hook: Hook) -> dict[str, str]:
        """Return the variables that tell a hook of the deployment."""
        return {
            "SLIPWAY_STACK": self.stack,
            "SLIPWAY_RELEASE": self.release,
            "SLIPWAY_VERSION": self.version,
            "SLIPWAY_PREVIOUS_RELEASE": self.previous or "",
            "SLIPWAY_HOST": self.host,
            "SLIPWAY_RUN": self.run,
            "SLIPWAY_HOOK": hook.kind,
        }


@dataclass(frozen=True)
class HookSettings:
    """The hooks of a release on one host.

    Attributes:
        hooks: those that run on the target.
        host: the host's name in the inventory.
        first_host: whether it is the first host of the fleet.
        gone_back_to: whether the release was there before, and is gone back to, which is no deployment.
    """

    hooks: tuple[Hook, ...] = ()
    host: str = ""
    first_host: bool = True
    gone_back_to: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return the settings as plain data."""
        return {**asdict(self), "hooks": [hook.as_dict() for hook in self.hooks]}

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> HookSettings:
        """Return the settings that `as_dict` gave; nothing gives settings without hooks."""
        known = {key: raw[key] for key in ("host", "first_host", "gone_back_to") if key in raw}
        return cls(hooks=tuple(Hook.from_dict(hook) for hook in raw.get("hooks") or []), **known)


def parse_hooks(raw: object) -> tuple[Hook, ...]:
    """Turn the declared hooks into values.

    Args:
        raw: `stack_hooks` as the user wrote it.

    Raises:
        SlipwayError: with everything that is wrong in all of them.
    """
    if not isinstance(raw, Mapping):
        remedy = f"Write lists of hooks under {', '.join(KINDS)}."
        raise SlipwayError([Finding("stack_hooks", "a mapping of lists", type(raw).__name__, remedy)])
    findings: list[Finding] = []
    hooks: list[Hook] = []
    for kind, entries in raw.items():
        if kind not in KINDS:
            remedy = f"Move its hooks under one of {', '.join(KINDS)}."
            findings.append(Finding(f"stack_hooks.{kind}", "an event that Slipway knows", "another name", remedy))
        elif not isinstance(entries, list):
            remedy = "Write one list item for each hook."
            findings.append(Finding(f"stack_hooks.{kind}", "a list of hooks", type(entries).__name__, remedy))
        else:
            hooks += _parse_kind(str(kind), entries, findings)
    if findings:
        raise SlipwayError(findings)
    return tuple(hooks)


def select(hooks: Iterable[Hook], kind: str, *, place: str = TARGET, first_host: bool = True) -> tuple[Hook, ...]:
    """Return the hooks of one event that have to run here, in their order.

    Args:
        hooks: all of them.
        kind: the event, one of `KINDS`.
        place: `target` or `controller`.
        first_host: whether this is the first host of the fleet.
    """
    return tuple(hook for hook in hooks if hook.kind == kind and hook.place == place and (first_host or not hook.once))


def service_findings(hooks: Iterable[Hook], services: Collection[str]) -> list[Finding]:
    """Find the one-off runs of services that the release does not have."""
    known = ", ".join(sorted(services)) or "none"
    remedy = "Correct the name. A service under a Compose profile is no part of a release; `scale: 0` makes it one."
    return [
        Finding(f"{hook.thing}, key run.service", f"a service of the release: {known}", repr(hook.service), remedy)
        for hook in hooks
        if hook.service is not None and hook.service not in services
    ]


def run_reports(results: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return what the steps of a run reported of hooks on one host, in their order."""
    return [dict(report) for result in results for report in result.get("hooks") or []]


def seconds_after_start(raw: object) -> float:
    """Return how long the hooks may take that follow a start which went well; 0 if they are wrong, which is said apart.

    Args:
        raw: `stack_hooks` as the user wrote it.
    """
    try:
        return sum(hook.timeout_s for hook in parse_hooks(raw) if hook.kind == POST_DEPLOY)
    except SlipwayError:
        return 0.0


def time_findings(hooks: Sequence[Hook], guard_timeout_s: float) -> list[Finding]:
    """Find the lists of hooks that may take longer than a host waits for the run that runs them.

    Args:
        hooks: all hooks.
        guard_timeout_s: seconds after which a host that heard nothing goes back by itself.
    """
    findings = []
    for kind, place in sorted({(hook.kind, hook.place) for hook in hooks}):
        total = sum(hook.timeout_s for hook in select(hooks, kind, place=place))
        if total >= guard_timeout_s:
            expected = f"time limits of less than {guard_timeout_s:g} s together, which is stack_guard_timeout"
            remedy = "Give these hooks shorter limits (timeout), or raise stack_guard_timeout."
            findings.append(Finding(f"{kind} hooks on the {place}", expected, f"{total:g} s", remedy))
    return findings


def report_lines(reports: Sequence[HookReport]) -> list[str]:
    """Say for people how hooks ended."""
    return [line for report in reports for line in report.lines()]


def _parse_kind(kind: str, entries: Sequence[object], findings: list[Finding]) -> list[Hook]:
    parsed = [_parse_hook(kind, entry, number, findings) for number, entry in enumerate(entries, start=1)]
    hooks = [hook for hook in parsed if hook is not None]
    names = [hook.name for hook in hooks]
    for name in sorted({name for name in names if names.count(name) > 1}):
        seen = f"{names.count(name)} hooks with that name"
        findings.append(Finding(f"{kind} hook '{name}'", "a name of its own", seen, "Rename one of them."))
    return hooks


def _parse_hook(kind: str, entry: object, number: int, findings: list[Finding]) -> Hook | None:
    if not isinstance(entry, Mapping):
        thing = f"{kind} hook number {number}"
        findings.append(Finding(thing, "a mapping", type(entry).__name__, "Write it as `name:` and `command:`."))
        return None
    entry = _as_written(entry)
    thing = f"{kind} hook '{entry['name']}'" if entry.get("name") else f"{kind} hook number {number}"
    fields = Fields(entry, thing, noun="hook")
    fields.refuse_unknown(_KEYS)
    name = fields.text("name", required=True) or ""
    if not name.isprintable():
        fields.fault("name", "one line of text", "control characters")
    place = fields.text("on", choices=(TARGET, CONTROLLER)) or TARGET
    service, command = _parse_work(fields, entry, thing)
    hook = Hook(
        kind=kind,
        name=name,
        command=command,
        service=service,
        place=place,
        once=fields.flag("once", default=False),
        timeout_s=fields.number("timeout", at_least=0.1, default=DEFAULT_TIMEOUT_S),
        on_error=fields.text("on_error", choices=(REPORT, ROLLBACK)) or REPORT,
    )
    _check_place(fields, entry, hook)
    findings += fields.findings
    return None if fields.findings else hook


def _as_written(entry: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return a hook with the key `on`, which YAML 1.1 reads as true, and Ansible may make a text of that."""
    return {"on" if key is True or key == "True" else key: value for key, value in entry.items()}


def _parse_work(fields: Fields, entry: Mapping[Any, Any], thing: str) -> tuple[str | None, tuple[str, ...]]:
    """Return the service of a one-off run, None for a command, and the command line."""
    both = entry.get("command") is not None and entry.get("run") is not None
    if both or (entry.get("command") is None and entry.get("run") is None):
        fields.fault("command", "either command or run", "both" if both else "neither")
        return None, ()
    if entry.get("command") is not None:
        return None, _argv(fields, "command", required=True)
    run = entry["run"]
    if not isinstance(run, Mapping):
        fields.fault("run", "a mapping with service and command", type(run).__name__)
        return None, ()
    inner = Fields(run, f"{thing}, in run", noun="hook")
    inner.refuse_unknown(_RUN_KEYS)
    service = inner.text("service", required=True)
    command = _argv(inner, "command", required=False)
    fields.findings += inner.findings
    return service, command


def _argv(fields: Fields, key: str, *, required: bool) -> tuple[str, ...]:
    words = tuple(fields.texts(key, required=required))
    if words and (not words[0] or any("\0" in word for word in words)):
        fields.fault(key, "a program and its arguments", "an empty program name or a NUL character")
    return words


def _check_place(fields: Fields, entry: Mapping[Any, Any], hook: Hook) -> None:
    if hook.place == CONTROLLER and entry.get("run") is not None:
        fields.fault("run", f"a command, because it is on {CONTROLLER}", "a one-off run of a service")
    if hook.place == CONTROLLER and entry.get("once") is not None:
        fields.fault("once", f"nothing, because what is on {CONTROLLER} runs once a run", repr(entry["once"]))
    if hook.kind != POST_DEPLOY and entry.get("on_error") is not None:
        fields.fault("on_error", f"nothing, because only a {POST_DEPLOY} hook has a choice", repr(entry["on_error"]))


class HookStoppedError(SlipwayError):
    """A hook failed that the deployment depends on; its findings say which.

    Attributes:
        reports: how all hooks ended that ran.
    """

    def __init__(self, reports: Sequence[HookReport], besides: Sequence[Finding] = ()) -> None:
        """Keep the reports, and what else was found."""
        self.reports = tuple(reports)
        super().__init__([*(report.finding() for report in reports if report.stops), *besides])
