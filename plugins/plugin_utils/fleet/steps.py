# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the steps of a run reported for each host, and what each of these reports means."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ...module_utils.core.findings import Finding

#: The steps of a run in their order, and the variable in which the role registers each one's result.
STEPS = {
    "reach": "__stack_reach",
    "source": "__stack_source",
    "resolve": "__stack_resolve",
    "plan": "__stack_plan",
    "lease": "__stack_lease",
    "choose": "__stack_choose",
    "look": "__stack_look",
    "prepare": "__stack_prepare",
    "hooks_before": "__stack_hooks_before",
    "time": "__stack_time",
    "start": "__stack_start",
    "outside": "__stack_outside",
    "bake": "__stack_bake",
    "pause": "__stack_pause",
    "gate_again": "__stack_gate_again",
    "outside_again": "__stack_outside_again",
    "hooks_after": "__stack_hooks_after",
    "confirm": "__stack_confirm",
    "settle": "__stack_settle",
    "verify": "__stack_info",
    "continue": "__stack_continue",
}
#: A step that one task takes for all hosts.
SOURCE = "source"
#: A step that hosts take for each other: its variable holds one result for each host that was called.
RENEW = "renew"
RENEWALS = "__stack_renew"
#: The steps that can say no before anything is touched.
REFUSING = ("source", "resolve", "plan", "lease", "choose", "look", "prepare", "hooks_before")
#: The steps that look at what runs on the host, …
LOOKING = ("start", "outside", "gate_again", "outside_again", "hooks_after")
#: … and all of which each must pass for the release to stand.
ROLLOUT = (*LOOKING, RENEW, "bake", "pause", "time")

#: The steps with which lease and guard of a host last their whole time again.
LASTING = ("prepare", "start", RENEW)


class HostSteps:
    """What the steps of a run reported for one host."""

    def __init__(self, results: Mapping[str, Mapping[str, Any]]) -> None:
        """Take the registered results by step; steps that were skipped or never reached count as not run."""
        self._results = {step: result for step, result in results.items() if result and not result.get("skipped")}
        if self.unchanged:
            # The controller runs these for the hosts that changed.
            self._results.pop("hooks_after", None)

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

    def value(self, step: str, key: str) -> Any:  # noqa: ANN401 - a field of a result
        """Return a field of a step's result."""
        return self._results.get(step, {}).get(key)

    @property
    def left_out(self) -> bool:
        """Tell whether the run goes on without the host, because it could not be reached before it was touched.

        Only a run that may leave hosts out takes the step "reach".
        """
        return self.ran("reach") and (self.unreachable("reach") or self.unreachable("prepare"))

    @property
    def refused(self) -> bool:
        """Tell whether something said no before the host was touched."""
        return any(self.failed(step) for step in REFUSING)

    @property
    def refusal(self) -> str:
        """Return why the host or the fleet was refused, each finding once."""
        found = [finding for step in REFUSING if self.failed(step) for finding in self.value(step, "findings") or []]
        said = list(dict.fromkeys(Finding(**finding).sentence() for finding in found))
        # That the host which speaks for the fleet could not be reached is that host's error, and it says so itself.
        own = [step for step in REFUSING if not self.value(step, "findings")]
        own = [step for step in own if not (step == "resolve" and self.unreachable(step))]
        others = self.error(*own)
        return "\n".join([*said, *([others] if others else [])])

    @property
    def rollout_failed(self) -> bool:
        """Tell whether the release did not stand on the host, or the host was lost while it rolled out."""
        return any(self.failed(step) for step in ROLLOUT)

    @property
    def stands(self) -> bool:
        """Tell whether the release was started on the host, and stands as far as anybody has looked."""
        return self.passed("start") and not self.rollout_failed and not self.failed("confirm")

    @property
    def holds(self) -> bool:
        """Tell whether the release stands on the host as far as that depends on the host alone."""
        told = any(self.failed(step) for step in (*LOOKING, RENEW))
        return self.passed("start") and not told and not self.failed("confirm")

    @property
    def confirmed(self) -> bool:
        """Tell whether the release was confirmed, by itself or together with its start."""
        return self.passed("confirm") or (self.passed("start") and bool(self.value("start", "confirmed")))

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

    @property
    def given_back(self) -> bool:
        """Tell whether the start was called for, and never came to touch anything."""
        return self.touched and bool(self.value("settle", "given_back"))

    @property
    def down(self) -> bool:
        """Tell whether what ran has ended although nothing of it was touched, and does not stand again."""
        return any(bool(self.value(step, "down")) for step in ("prepare", "settle"))

    @property
    def awaits_start(self) -> bool:
        """Tell whether the host is prepared, and its turn has not come yet."""
        return self.passed("prepare") and not self.unchanged and not self.ran("start")

    @property
    def reversible(self) -> bool:
        """Tell whether the host may be taken back automatically; what the host's own record says counts most."""
        told = self.value("prepare", "reversible")
        planned = (self.value("plan", "plan") or {}).get("reversible")
        return bool(next((one for one in (told, planned) if one is not None), True))

    @property
    def guard_timeout(self) -> int | None:
        """Return the seconds after which the host's guard acts if nobody calls; None where none was asked for."""
        told = self.value("prepare", "guard_timeout")
        return int(told) if told else None

    @property
    def called_at(self) -> float:
        """Return when lease and guard of the host last began to last, in the controller's seconds; 0 if never."""
        times = (self.value(step, "called_at") for step in LASTING if self.passed(step))
        return max((float(one) for one in times if one), default=0.0)


def collect(hostvars: Mapping[str, Any], hosts: Iterable[str]) -> dict[str, HostSteps]:
    """Return what the steps of the run reported, by host.

    Args:
        hostvars: the variables of every host, with what the role registered in them; a host that is missing, as all
            are where Ansible only checks the syntax, has reported nothing.
        hosts: the hosts of the run.
    """
    variables = {str(host): reported(hostvars, str(host)) for host in hosts}
    renewals = _renewals(variables)
    return {
        host: HostSteps(
            {
                **{step: mine.get(variable) or {} for step, variable in STEPS.items()},
                SOURCE: own_part(mine.get(STEPS[SOURCE]) or {}, host),
                RENEW: renewals.get(host, {}),
            }
        )
        for host, mine in variables.items()
    }


def own_part(result: Mapping[str, Any], host: str) -> Mapping[str, Any]:
    """Return what a task that read the stack for all hosts at once says of one of them."""
    mine = (result.get("hosts") or {}).get(host) or {}
    if not result.get("failed") or "hosts" not in result:
        return result
    findings = mine.get("findings") or []
    return {**result, "failed": bool(findings), "findings": findings, "msg": "" if not findings else result["msg"]}


def reported(hostvars: Mapping[str, Any], host: str) -> Mapping[str, Any]:
    """Return a host's variables as they are, among them what the role registered.

    Each look-up of a host puts all of its variables together anew, and outside a template each look-up of one of these
    evaluates all that is in it. What was registered is plain data, in which there is nothing to evaluate; Ansible would
    only warn of what it deprecates in results of its own, such as those of empty loops.
    """
    if host not in hostvars:
        return {}
    read: Callable[[str], Mapping[str, Any]] = getattr(hostvars, "raw_get", hostvars.__getitem__)
    return read(host)


def _renewals(variables: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Return each host's last renewal, which another host's task may have made; one that failed is never forgotten."""
    found: dict[str, Mapping[str, Any]] = {}
    for name, mine in variables.items():
        looped = mine.get(RENEWALS) or {}
        # A loop that could not even begin is the failure of the host that was to call the others.
        for result in looped.get("results") or ([{**looped, "item": name}] if looped.get("failed") else []):
            host = str(result.get("item"))
            if host not in found or _outweighs(result, found[host]):
                found[host] = result
    return found


def _outweighs(result: Mapping[str, Any], known: Mapping[str, Any]) -> bool:
    one, other = HostSteps({RENEW: result}), HostSteps({RENEW: known})
    return not other.failed(RENEW) and (one.failed(RENEW) or one.called_at > other.called_at)


def _message_of(result: Mapping[str, Any]) -> str:
    return str(result.get("msg", "")).strip().removeprefix("Task failed: ")
