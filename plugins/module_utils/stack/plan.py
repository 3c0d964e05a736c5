# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan: what the controller decides once for the whole fleet."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from ..boundary.shapes import Flag, ListOf, MapOf, Number, OneOf, Record, Text, document_findings, quoted
from ..core.findings import Finding, SlipwayError
from ..core.identifiers import COMMIT, DIGEST, HOST, LINE, MOMENT, PATH_INSIDE, RELEASE_ID, SHA256, STACK_NAME, VERSION
from ..core.wording import counted
from ..engine.image_reference import IMAGE
from .hooks import seconds_after_start

SCHEMA = 3
#: After what a rollout pauses until somebody continues it.
PAUSE_AFTER = ("nothing", "canary", "batch")
#: So many times at most all hosts are told, within one pause, that the run lives.
PAUSE_ROUNDS = 60
#: A round of a pause lasts no longer than these parts of `stack_guard_timeout` and of `stack_start_timeout`.
_GUARD_PART, _START_PART = 6, 2
#: What a plan says of a release that leaves data which the release before cannot read.
NOT_REVERSIBLE = (
    "THIS RELEASE IS NOT REVERSIBLE (stack_reversible: false). AUTOMATIC ROLLBACK PAST IT IS BLOCKED.",
    "If it fails on a host, that host stays on it as it is, until you deploy a corrected version. No guard watches it.",
    "Going back takes you to say stack_force_irreversible=true, and to be sure of the data.",
)


#: What can be done when one of several batches fails: all hosts go back, or only those of that batch.
_ROLLBACK_SCOPES = ("fleet", "batch")
#: Seconds that nobody waits; longer numbers are no times.
_LONGEST_S = 365 * 24 * 3600
_REMEDY = "Make the plan again, and approve that one."
_SCHEMA = Number(whole=True)
#: What `plan.json` holds; it may come from anywhere, and hosts do as it says.
_DOCUMENT = Record(
    {
        "schema": OneOf((SCHEMA,)),
        "sha256": Text(SHA256),
        "attention": ListOf(Text()),
        "stack": Text(STACK_NAME),
        "version": Text(VERSION),
        "release": Text(RELEASE_ID),
        "created_at": Text(MOMENT),
        "created_by": Text(LINE),
        "commit": Text(COMMIT),
        "reversible": Flag(),
        "rollback_scope": OneOf(_ROLLBACK_SCOPES),
        "images": MapOf(IMAGE, Text(DIGEST)),
        "files": MapOf(PATH_INSIDE, Text(SHA256)),
        "hosts": MapOf(HOST, Text(SHA256)),
        "batches": ListOf(ListOf(Text(HOST))),
        "bake_time": Number(least=0, most=_LONGEST_S, whole=True),
        "pause_after": OneOf(PAUSE_AFTER),
    },
    {"fleet": Text(SHA256)},
    closed=True,
)
#: What is about all hosts, and of which each host gets its own part.
_OF_ALL_HOSTS = ("hosts", "batches")


@dataclass(frozen=True)
class Plan:
    """A deployment that has been decided, but not begun.

    Attributes:
        stack: the Compose project's name.
        version: version that the user asked for.
        release: ID that the release gets on every host.
        created_at: UTC, ISO 8601.
        created_by: user and machine that planned it.
        commit: Git commit of the stack's files, "" outside a repository.
        reversible: whether the release before can read the data that this one leaves.
        rollback_scope: "fleet" or "batch".
        images: digest of each image reference of the Compose files.
        files: SHA-256 of each file of the stack as it lies in the repository, by relative path.
        hosts: hash of files and environment as they are rendered for each host.
        batches: the hosts that change together, in order; the first batch is the canary.
        bake_time: seconds that a batch runs before it passes its gate again and the next one begins.
        pause_after: one of `PAUSE_AFTER`.
        fleet: in a host's part of the plan the hash over hosts and batches of the whole; "" in the whole.
    """

    stack: str
    version: str
    release: str
    created_at: str
    created_by: str
    commit: str
    reversible: bool
    rollback_scope: str
    images: Mapping[str, str]
    files: Mapping[str, str]
    hosts: Mapping[str, str]
    batches: tuple[tuple[str, ...], ...]
    bake_time: int = 0
    pause_after: str = "nothing"
    fleet: str = ""

    @property
    def sha256(self) -> str:
        """Return the plan's hash, which is the same for a host's part of it."""
        return plan_hash(asdict(self))

    def as_dict(self) -> dict[str, Any]:
        """Return the plan as plain data, with its schema and hash, and with what nobody may overlook in it."""
        decided = json.loads(json.dumps(asdict(self)))
        if not self.fleet:
            del decided["fleet"]
        return {"schema": SCHEMA, "sha256": self.sha256, "attention": list(self.attention), **decided}

    @property
    def attention(self) -> tuple[str, ...]:
        """Return what nobody may overlook."""
        return () if self.reversible else NOT_REVERSIBLE

    def to_json(self) -> str:
        """Return the text of `plan.json`."""
        return json.dumps(self.as_dict(), indent=2, sort_keys=True) + "\n"

    @classmethod
    def from_dict(cls, raw: Any, *, part: bool = False) -> Plan:  # noqa: ANN401 - judged here
        """Return the plan that `as_dict` gave.

        Args:
            raw: the document.
            part: whether a host's part of a plan is wanted. For others it is no plan, although its hash is the whole's.

        Raises:
            SlipwayError: everything because of which it is no plan, or that it was changed since it was hashed.
        """
        if isinstance(raw, Mapping) and raw.get("schema") != SCHEMA and _SCHEMA.holds(raw.get("schema")):
            raise SlipwayError([_not_a_plan(f"one of another version of Slipway (schema {raw['schema']})")])
        wrong = document_findings(_DOCUMENT, raw, "plan", _REMEDY)
        if wrong:
            raise SlipwayError([_not_a_plan(f"something else, as {counted(len(wrong), 'finding')} show"), *wrong])
        if "fleet" in raw and not part:
            raise SlipwayError([_not_a_plan("the part of it that is for one host")])
        decided = {field.name: raw[field.name] for field in fields(cls) if field.name in raw}
        plan = cls(**{**decided, "batches": tuple(tuple(batch) for batch in decided["batches"])})
        wrong = list(plan.contradictions(raw))
        if wrong:
            raise SlipwayError(wrong)
        return plan

    def contradictions(self, raw: Mapping[str, Any]) -> Iterator[Finding]:
        """Yield what does not go together in the plan that a document spells."""
        if raw["sha256"] != self.sha256:
            seen = f"SHA-256 {self.sha256} where the file states {raw['sha256']}: it was changed after it was made"
            yield _not_a_plan(seen)
        if self.release.partition("-")[2] != self.version:
            yield Finding("plan, key release", f"a release of version {self.version}", self.release, _REMEDY)
        if sorted(host for batch in self.batches for host in batch) != sorted(self.hosts):
            yield Finding("plan, key batches", "each host of the plan once", "others", _REMEDY)
        if list(raw["attention"]) != list(self.attention):
            yield Finding("plan, key attention", "what follows from `reversible`", quoted(raw["attention"]), _REMEDY)


def host_part(document: Mapping[str, Any], host: str, fleet: str) -> dict[str, Any]:
    """Return what one host has to know of a plan: a large fleet's is too much to be sent to each of its hosts.

    Args:
        document: the plan as `as_dict` gave it.
        host: the host's name.
        fleet: the plan's `fleet_hash`, which is not made anew for each host.
    """
    mine = [host] if host in document["hosts"] else []
    own = {"hosts": {name: document["hosts"][name] for name in mine}, "batches": [mine] if mine else []}
    return {**document, **own, "fleet": fleet}


def plan_hash(decided: Mapping[str, Any]) -> str:
    """Return the hash of a plan: over its canonical JSON, in which the hash over hosts and batches stands for these."""
    rest = {key: value for key, value in decided.items() if key not in _OF_ALL_HOSTS}
    return _hash({**rest, "fleet": decided.get("fleet") or fleet_hash(decided)})


def fleet_hash(decided: Mapping[str, Any]) -> str:
    """Return the hash over what a plan says of all hosts."""
    return _hash({key: decided[key] for key in _OF_ALL_HOSTS})


def _hash(document: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def batches(hosts: Sequence[str], serial: int | str | Sequence[int | str]) -> tuple[tuple[str, ...], ...]:
    """Cut the hosts into the batches that Ansible's `serial` makes of them.

    Args:
        hosts: the fleet in inventory order.
        serial: a number, a percentage ("25%"), or a list of these of which the last repeats. 0 means all at once.
    """
    sizes: list[int | str] = list(serial) if isinstance(serial, (list, tuple)) else [serial]  # type: ignore[list-item]
    rest = list(hosts)
    result: list[tuple[str, ...]] = []
    while rest:
        size = _batch_size(sizes[min(len(result), len(sizes) - 1)], len(hosts)) if sizes else len(rest)
        size = size if size > 0 else len(rest)
        result.append(tuple(rest[:size]))
        rest = rest[size:]
    return tuple(result)


def is_serial(value: Any) -> bool:  # noqa: ANN401 - whatever a user wrote
    """Tell whether a value says how to cut hosts into batches."""
    sizes = value if isinstance(value, (list, tuple)) else [value]
    try:
        return all(_batch_size(size, 1) >= 0 for size in sizes)
    except (TypeError, ValueError, OverflowError):
        return False


def duration_findings(plan: Plan, longest_s: int) -> list[Finding]:
    """Return why the run cannot end within its time.

    Args:
        plan: what is to be done.
        longest_s: `stack_run_timeout`; 0 is no limit.
    """
    baking = plan.bake_time * (len(plan.batches) - 1)
    if longest_s < 0:
        return [Finding("stack_run_timeout", "0 or more seconds", str(longest_s), "Set it to 0 for no limit.")]
    if longest_s == 0 or baking < longest_s:
        return []
    expected = f"more than {baking} s, which {len(plan.batches)} batches take for baking alone"
    remedy = "Raise it, or set it to 0 for no limit: the run would go back before its last batch."
    return [Finding("stack_run_timeout", expected, f"{longest_s} s", remedy)]


def limit_findings(variables: Mapping[str, Any]) -> list[Finding]:
    """Return which of the rollout's times do not go together.

    A host goes back by itself when it hears nothing for `stack_guard_timeout`. Nobody calls it while it starts, passes
    its gate and bakes, nor while hooks run, so these must end before.

    Args:
        variables: the role's variables in their documented types.
    """
    guard, bake = variables["stack_guard_timeout"], variables["stack_bake_time"]
    findings = []
    if bake < 0:
        findings.append(Finding("stack_bake_time", "0 or more seconds", str(bake), "Set it to 0 for none."))
    elif bake and bake >= guard / 2:
        expected = f"less than half of stack_guard_timeout, which is {guard} s"
        remedy = "Let batches bake for less, or set stack_guard_timeout to more than twice as much."
        findings.append(Finding("stack_bake_time", expected, f"{bake} s", remedy))
    needed = silence_of(variables)
    if guard <= needed:
        parts = "stack_start_timeout, stack_gate_timeout (twice with checks from the controller), stack_bake_time"
        expected = f"more than {needed:g} s, which {parts} and the limits of post_deploy hooks come to"
        remedy = "Raise it, or lower those: a host would go back while another still starts."
        findings.append(Finding("stack_guard_timeout", expected, f"{guard} s", remedy))
    return findings + (_pause_findings(variables) if variables["stack_pause_after"] != "nothing" else [])


def silence_of(variables: Mapping[str, Any]) -> float:
    """Return the longest silence of a rollout with these variables of the role, in seconds."""
    names = ("stack_start_timeout", "stack_gate_timeout", "stack_bake_time", "stack_health_checks", "stack_hooks")
    return longest_silence(*(variables[name] for name in names))


def _pause_findings(variables: Mapping[str, Any]) -> list[Finding]:
    name, pause, run = "stack_pause_timeout", variables["stack_pause_timeout"], variables["stack_run_timeout"]
    if pause < 1:
        return [Finding(name, "1 or more seconds", str(pause), "Give people the time that they need to look.")]
    findings = []
    if 0 < run <= pause:
        remedy = "Raise stack_run_timeout, or set it to 0 for no limit: the run would go back while it waits."
        findings.append(Finding(name, f"less than stack_run_timeout, which is {run} s", f"{pause} s", remedy))
    longest = PAUSE_ROUNDS * _longest_round(variables["stack_guard_timeout"], variables["stack_start_timeout"])
    if pause > longest:
        times = (
            f"{PAUSE_ROUNDS // _GUARD_PART} times stack_guard_timeout or "
            f"{PAUSE_ROUNDS // _START_PART} times stack_start_timeout"
        )
        expected = f"at most {longest:g} s, {times}"
        remedy = "Lower it, or raise those: that is how often all hosts have to be told that the run lives."
        findings.append(Finding(name, expected, f"{pause} s", remedy))
    return findings


def waves(planned: Sequence[Sequence[str]], forks: int, *, waits: bool) -> Iterator[Sequence[str]]:
    """Yield the hosts that are rolled out together: Ansible calls no more than `forks` at the same time.

    A host of a larger batch would hear nothing while the others take their turn, for longer than its guard waits. So
    such a batch is rolled out in parts, and between these all others hear of the run. Only what waits after a batch
    needs it whole: all of its hosts bake at the same time, and pass their gates again.

    Args:
        planned: the batches.
        forks: how many hosts Ansible calls at the same time.
        waits: whether hosts bake, or the rollout pauses, between batches.
    """
    for place, batch in enumerate(planned, start=1):
        most = len(batch) if waits and place < len(planned) else max(forks, 1)
        yield from (batch[begin : begin + most] for begin in range(0, len(batch), most))


def wave_findings(together: Iterable[Sequence[str]], forks: int, silence_s: float, guard_s: float) -> list[Finding]:
    """Return why a host would go back while others of its batch still wait for their turn.

    Args:
        together: the hosts that are rolled out together, of every part of the rollout.
        forks: how many hosts Ansible calls at the same time.
        silence_s: the longest time that a batch takes whose hosts are all called at once.
        guard_s: `stack_guard_timeout`.
    """
    largest = max((len(hosts) for hosts in together), default=0)
    turns = math.ceil(largest / max(forks, 1))
    if turns <= 1 or guard_s > turns * silence_s:
        return []
    expected = f"more than {turns * silence_s:g} s: {largest} hosts change together, {forks} at a time (forks)"
    remedy = "Raise forks in ansible.cfg, cut smaller batches (stack_serial), or raise it."
    return [Finding("stack_guard_timeout", expected, f"{guard_s:g} s", remedy)]


def longest_silence(
    start_timeout_s: float, gate_timeout_s: float, bake_time_s: float, health_checks: object, hooks: object
) -> float:
    """Return the seconds in which the other hosts hear nothing while a batch uses up every limit.

    Args:
        start_timeout_s: `stack_start_timeout`.
        gate_timeout_s: `stack_gate_timeout`; checks from the controller may take as long again.
        bake_time_s: seconds that the batch bakes.
        health_checks: `stack_health_checks` as the user wrote it.
        hooks: `stack_hooks` as the user wrote it.
    """
    checks = health_checks if isinstance(health_checks, (list, tuple)) else []
    gates = 2 if any(isinstance(one, Mapping) and one.get("from") == "controller" for one in checks) else 1
    return float(start_timeout_s + gates * gate_timeout_s + max(bake_time_s, 0) + seconds_after_start(hooks))


def pause_round(left_s: float, guard_timeout_s: float, start_timeout_s: float) -> tuple[int, bool]:
    """Return how many seconds a pause waits before all hosts have to hear again that the run lives.

    Args:
        left_s: seconds that are left of the pause.
        guard_timeout_s: `stack_guard_timeout`.
        start_timeout_s: `stack_start_timeout`.

    Returns:
        The whole seconds, and whether the pause is over after them.
    """
    left, longest = max(left_s, 0.0), _longest_round(guard_timeout_s, start_timeout_s)
    return math.ceil(min(left, longest)), left <= longest


def _longest_round(guard_timeout_s: float, start_timeout_s: float) -> float:
    return min(guard_timeout_s / _GUARD_PART, start_timeout_s / _START_PART)


def _batch_size(size: int | str, total: int) -> int:
    text = str(size)
    if text.endswith("%"):
        # Ansible takes whole percentages, rounds down, but never to an empty batch (ansible.utils.helpers.pct_to_int).
        return int(int(text[:-1]) / 100.0 * total) or 1
    return int(text)


def _not_a_plan(seen: str) -> Finding:
    return Finding("plan", "a plan as `playbooks/plan.yml` writes it", seen, _REMEDY)
