# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the stack for every host of a run, in one process (I/O)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ansible import constants as C  # noqa: N812 - as Ansible calls it

from ..module_utils.core.findings import Finding
from ..module_utils.stack.hooks import CONTROLLER
from ..module_utils.stack.plan import batches, silence_of, wave_findings, waves
from .argument_types import role_variables
from .plain_values import plain
from .release_request import ExaminedRequest, examine_request

if TYPE_CHECKING:
    from ansible.plugins.action import ActionBase

#: What is decided once for all hosts of a run.
_OF_THE_FLEET = (
    "stack_name",
    "stack_src",
    "stack_version",
    "stack_root",
    "stack_serial",
    "stack_rollback_scope",
    "stack_bake_time",
    "stack_pause_after",
    "stack_pause_timeout",
    "stack_unreachable",
    "stack_reversible",
    "stack_guard_timeout",
    "stack_lease_wait",
    "stack_run_timeout",
    "stack_plan_file",
    "stack_plan_sha256",
)
_SSH = ("ssh", "ansible.builtin.ssh", "smart", "paramiko_ssh", "ansible.builtin.paramiko_ssh")
_SSH_PORT = 22
_MOST_NAMES = 5


@dataclass(frozen=True)
class HostSource:
    """What a host is to get, as far as the run has to know it.

    Attributes:
        variables: the role's variables in their documented types; one that is wrong has its default.
        address: host and port that Ansible connects to by SSH, "" if it connects otherwise.
        findings: everything that is wrong with it.
        content_sha256: hash over the host's files and variables, "" if they cannot be read.
        files: SHA-256 of each file as it lies in the repository, by path.
    """

    variables: Mapping[str, Any]
    address: str
    findings: tuple[Finding, ...]
    content_sha256: str
    files: Mapping[str, str]


def read_sources(
    action: ActionBase, task_vars: Mapping[str, Any], hosts: Sequence[str], *, in_waves: bool = True
) -> dict[str, HostSource]:
    """Return what each host is to get, with everything that is wrong with it.

    Args:
        action: the action plugin at work.
        task_vars: all variables of the host that the task runs for.
        hosts: the hosts of the run.
        in_waves: whether the play cuts the hosts into batches and waves; else all of them change together.
    """
    known: dict[tuple[str, ...], ExaminedRequest] = {}
    # As long as they are held, no other value gets the identity of one of them.
    held: list[list[Any]] = []
    sources: dict[str, HostSource] = {}
    for host in hosts:
        variables = _variables(action, task_vars, host)
        templar = action._templar.copy_with_new_env(available_variables=variables)  # noqa: SLF001 - as Ansible's template action does
        values, wrong = role_variables(templar, variables)
        # Equal values may have been written differently, which is judged too: only the same values are examined once.
        held.append([variables.get(name) for name in values])
        where = tuple(str(id(value)) for value in held[-1])
        key = (json.dumps(plain(values), sort_keys=True, default=repr), *where)
        examined = known.get(key) or examine_request(action, values, variables)
        # Where nothing is rendered, equal variables make equal files.
        if examined.request and not examined.request.stack.rendered:
            known[key] = examined
        missing = {finding.thing for finding in wrong}
        sources[host] = HostSource(
            examined.variables,
            _address(templar, variables, host),
            (*wrong, *(finding for finding in examined.findings if finding.thing not in missing)),
            examined.request.stack.bundle.content_sha256 if examined.request else "",
            examined.request.stack.file_hashes if examined.request else {},
        )
    return _judged(sources, int(task_vars.get("ansible_forks") or C.DEFAULT_FORKS), in_waves=in_waves)


def longest_silence(sources: Mapping[str, HostSource]) -> float:
    """Return the seconds in which other hosts hear nothing while one uses up every limit that it has."""
    return max(silence_of(source.variables) for source in sources.values())


def told_once(sources: Mapping[str, HostSource]) -> list[Finding]:
    """Return the findings of all hosts, each once; one that is not of every host names those that it is of."""
    hosts: dict[Finding, list[str]] = {}
    for host, source in sources.items():
        for finding in source.findings:
            hosts.setdefault(finding, []).append(host)
    return [
        finding if len(named) == len(sources) else replace(finding, thing=f"{_names(named)}: {finding.thing}")
        for finding, named in hosts.items()
    ]


def _variables(action: ActionBase, task_vars: Mapping[str, Any], host: str) -> dict[str, Any]:
    """Return all variables that the task would have if it ran for another host."""
    if host == task_vars.get("inventory_hostname"):
        return dict(task_vars)
    manager = action._task.get_variable_manager()  # noqa: SLF001 - nothing else knows a host's variables in a role
    found: dict[str, Any] = manager.get_vars(
        play=action._task.play,  # noqa: SLF001 - likewise
        host=manager._inventory.get_host(host),  # noqa: SLF001 - likewise
        task=action._task,  # noqa: SLF001 - likewise
        # Else Ansible would look for the hosts of the play anew, for each host.
        _hosts=task_vars["ansible_play_batch"],
        _hosts_all=task_vars["ansible_play_hosts_all"],
    )
    return found


def _address(templar: Any, variables: Mapping[str, Any], host: str) -> str:  # noqa: ANN401 - Ansible's own class
    connection, address, port = (
        plain(templar.template(variables.get(name))) for name in ("ansible_connection", "ansible_host", "ansible_port")
    )
    return f"{address or host}:{port or _SSH_PORT}" if (connection or "ssh") in _SSH else ""


def _judged(sources: Mapping[str, HostSource], forks: int, *, in_waves: bool) -> dict[str, HostSource]:
    """Add what is wrong with the hosts together to the findings of each host that it is about."""
    together = [*_differences(sources), *_twins(sources)]
    if not any(source.findings for source in sources.values()) and not together:
        together += [(finding, list(sources)) for finding in _turn_findings(sources, forks, in_waves=in_waves)]
    return {
        host: replace(source, findings=(*source.findings, *(finding for finding, named in together if host in named)))
        for host, source in sources.items()
    }


def _turn_findings(sources: Mapping[str, HostSource], forks: int, *, in_waves: bool) -> list[Finding]:
    """Return why a host would go back while others wait for their turn; what is of the fleet is the same on all."""
    variables = next(iter(sources.values())).variables
    waits = bool(variables["stack_bake_time"]) or variables["stack_pause_after"] != "nothing"
    planned = batches(list(sources), variables["stack_serial"])
    parts = waves(planned, forks, waits=waits) if in_waves else [list(sources)]
    return wave_findings(parts, forks, longest_silence(sources), variables["stack_guard_timeout"])


def _differences(sources: Mapping[str, HostSource]) -> Iterator[tuple[Finding, Sequence[str]]]:
    remedy = "Set it for all of them alike, or deploy them in runs of their own with --limit."
    for name in (*_OF_THE_FLEET, "stack_hooks"):
        hosts: dict[str, list[str]] = {}
        for host, source in sources.items():
            hosts.setdefault(_spelled(name, source.variables.get(name)), []).append(host)
        if len(hosts) < 2:  # noqa: PLR2004 - one value is no difference
            continue
        seen = "; ".join(f"{value} on {_names(named)}" for value, named in hosts.items())
        expected = "the same on every host of a run" + (
            ", as far as it is on the controller" if "hooks" in name else ""
        )
        yield Finding(name, expected, seen, remedy), list(sources)


def _spelled(name: str, value: Any) -> str:  # noqa: ANN401 - any variable's value
    if name != "stack_hooks":
        return json.dumps(value, default=repr)
    kinds = value if isinstance(value, Mapping) else {}
    outside = [
        (kind, hook)
        for kind, hooks in kinds.items()
        for hook in (hooks if isinstance(hooks, list) else ())
        if isinstance(hook, Mapping) and hook.get("on") == CONTROLLER
    ]
    # A command may hold a secret.
    text = json.dumps(outside, sort_keys=True, default=repr)
    return f"{len(outside)} with the hash {hashlib.sha256(text.encode()).hexdigest()[:8]}" if outside else "none"


def _twins(sources: Mapping[str, HostSource]) -> Iterator[tuple[Finding, Sequence[str]]]:
    hosts: dict[str, list[str]] = {}
    for host, source in sources.items():
        if source.address:
            hosts.setdefault(source.address, []).append(host)
    for address, named in hosts.items():
        if len(named) > 1:
            remedy = "Take all but one out of the inventory, or leave them out with --limit."
            yield Finding(f"address {address}", "one host of the inventory", _names(named), remedy), named


def _names(hosts: Sequence[str]) -> str:
    more = len(hosts) - _MOST_NAMES
    return ", ".join(hosts[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
