# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the rollout output says: results in, lines of text out. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..module_utils.boundary.printable import one_line, printable
from ..module_utils.core.identifiers import version_of

CENSORED = "(the output is hidden: the task is marked no_log)"
STREAM_LINES = 20
#: What the end of a run consists of; each stands before its first line, in as many columns as `_LABEL`.
PARTS = ("BROKE", "RUNS", "NEXT")
_LABEL = 7
#: The environment variable with the time at which the run began, in seconds since 1970, if that was before Ansible.
BEGAN = "SLIPWAY_BEGAN"

#: Where a text speaks of a release; runs have IDs of the same form.
_RELEASE = re.compile(r"(?<=release )\d{8}T\d{6}Z-[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?(?![\w/])")
_ROLE_PREFIX = re.compile(r"^[A-Za-z0-9_.]+ : ")

_UNREACHABLE_REMEDIES = (
    (
        re.compile(r"host key verification failed|identification has changed|host key is known", re.IGNORECASE),
        "Its host key is unknown or differs. Compare fingerprints with a trusted source, then add it to known_hosts.",
    ),
    (
        re.compile(r"permission denied|too many authentication failures", re.IGNORECASE),
        "It refused the login. Check ansible_user and that this user's key is in its authorized_keys.",
    ),
    (
        re.compile(r"could not resolve|name or service not known|temporary failure in name resolution", re.IGNORECASE),
        "Its name does not resolve. Check ansible_host in the inventory and the name server.",
    ),
    (
        re.compile(r"connection refused", re.IGNORECASE),
        "Nothing listens there. Check ansible_host and ansible_port, and that sshd runs.",
    ),
    (
        re.compile(r"timed out|timeout|no route to host|network is unreachable", re.IGNORECASE),
        "It does not answer. Check that it is up and that no firewall stands between.",
    ),
)
_REPORTED = re.compile(r"^(Task failed: |Failed to connect to the host via ssh: |ssh: |kex_exchange_identification: )+")
_UNREACHABLE_SIGN = re.compile("|".join(pattern.pattern for pattern, _words in _UNREACHABLE_REMEDIES), re.IGNORECASE)
_ADDRESS = re.compile(r"connect to host (\S+) port (\d+): (.+)")
_UNREACHABLE_DEFAULT = "Check that `ssh` reaches it with the inventory's user, address and port."


@dataclass(frozen=True)
class HostTally:
    """How many tasks of one host ended badly."""

    failures: int = 0
    unreachable: int = 0


def elapsed(seconds: float) -> str:
    """Write a duration as a clock: ``00:07``, ``12:34``, ``1:02:03``."""
    minutes, rest = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"


class ReleaseNames:
    """Writes each release's ID once, and then only its version, as long as that names one release alone."""

    def __init__(self) -> None:
        """Begin with no release named."""
        self._named: dict[str, set[str]] = {}

    def shortened(self, line: str) -> str:
        """Return a line with the versions of releases that were named before; paths and options keep the whole ID."""
        return _RELEASE.sub(self._name, line)

    def _name(self, found: re.Match[str]) -> str:
        release, version = found[0], version_of(found[0])
        named = self._named.setdefault(version, set())
        if release in named and len(named) == 1:
            return version
        named.add(release)
        return release


def task_title(name: object) -> str:
    """Return a task's name without the role that it comes from."""
    return _ROLE_PREFIX.sub("", one_line(str(name)).strip())


def as_lines(value: object) -> list[str]:
    """Turn any value into lines fit for a terminal; a list gives the lines of its entries."""
    if value is None:
        return []
    if isinstance(value, bytes):
        value = value.decode("utf-8", errors="replace")
    if isinstance(value, str):
        text = value.replace("\r\n", "\n").rstrip()
        return [printable(line).rstrip() for line in text.split("\n")] if text else []
    if isinstance(value, Mapping):
        return as_lines(json.dumps(value, indent=2, default=str, ensure_ascii=False))
    if isinstance(value, Sequence):
        return [line for entry in value for line in as_lines(entry)]
    return as_lines(str(value))


def printable_diff(diff: object) -> list[dict[str, object]]:
    """Return a module's differences with printable texts, for Ansible to lay out."""
    entries = diff if isinstance(diff, (list, tuple)) else [diff]
    return [
        {str(key): printable(value) if isinstance(value, str) else value for key, value in entry.items()}
        for entry in entries
        if isinstance(entry, Mapping)
    ]


def is_censored(result: Mapping[str, object]) -> bool:
    """Tell whether a result must not be shown."""
    return bool(result.get("_ansible_no_log")) or "censored" in result


def summary_lines(result: object) -> list[str]:
    """Return the lines that a module wants a person to read."""
    if not isinstance(result, Mapping) or is_censored(result):
        return []
    return as_lines(result.get("summary"))


def attention_lines(result: object) -> list[str]:
    """Return the lines that nobody may overlook."""
    if not isinstance(result, Mapping) or is_censored(result):
        return []
    return as_lines(result.get("attention"))


def is_verdict(result: object) -> bool:
    """Tell whether a result speaks of the whole fleet."""
    return isinstance(result, Mapping) and isinstance(result.get("verdict"), Mapping)


def verdict_parts(lines: Sequence[str]) -> list[tuple[str, str]]:
    """Return each line of a verdict after the part that it belongs to, "" for what belongs to none."""
    part, found = "", []
    for line in lines:
        label = line[:_LABEL].strip()
        part = label if label in PARTS else part if not label else ""
        found.append((part, line))
    return found


def failure_lines(result: object) -> list[str]:
    """Say in full why a task failed."""
    if not isinstance(result, Mapping):
        return as_lines(result) or ["(no reason given)"]
    if is_censored(result):
        return [CENSORED]
    lines = _without_preamble(as_lines(result.get("msg"))) or as_lines(result.get("reason"))
    if "findings" not in result and "failures" not in result:
        lines += _evidence_lines(result)
    return lines or ["(no reason given; run again with -v to see the whole result)"]


def _without_preamble(lines: list[str]) -> list[str]:
    """Drop the words that Ansible puts before every reason."""
    return [line.removeprefix("Task failed: ") if number == 0 else line for number, line in enumerate(lines)]


def _evidence_lines(result: Mapping[str, object]) -> list[str]:
    """Add what modules from elsewhere leave out of their message."""
    lines = [f"assertion: {line}" for line in as_lines(result.get("assertion"))]
    if "rc" in result:
        lines.append(f"exit code: {result['rc']}")
    for key in ("stderr", "module_stderr", "stdout", "module_stdout"):
        stream = as_lines(result.get(key))
        if stream:
            lines.append(f"{key.removeprefix('module_')}:")
            lines += [f"  {line}" for line in stream[-STREAM_LINES:]]
            break
    return lines


def unreachable_lines(result: object) -> list[str]:
    """Give the connection's own reason, and what to do about it."""
    if isinstance(result, Mapping) and is_censored(result):
        reason = [CENSORED]
    else:
        reason = as_lines(result.get("msg") if isinstance(result, Mapping) else result) or ["(no reason given)"]
    reason = _without_preamble(reason)
    return [*reason, unreachable_remedy("\n".join(reason))]


def unreachable_remedy(said: str) -> str:
    """Return what to do about a connection that failed, by what it said."""
    return next((words for pattern, words in _UNREACHABLE_REMEDIES if pattern.search(said)), _UNREACHABLE_DEFAULT)


def unreachable_reason(said: str) -> tuple[str, str]:
    """Return the address of a connection that failed, "" if it was not said, and why in one line."""
    lines = [_REPORTED.sub("", line).strip() for line in said.splitlines() if line.strip()]
    line = next((one for one in reversed(lines) if _UNREACHABLE_SIGN.search(one)), lines[0] if lines else "no reason")
    address = _ADDRESS.search(line)
    return (f"{address[1]}:{address[2]}", address[3]) if address else ("", line)


def recap(duration_s: float, hosts: Mapping[str, HostTally], controller: str = "localhost") -> str:
    """Sum up a run in one line, with its hosts if there are any; the controller counts only where it is alone."""
    if not hosts:
        return f"done in {duration_s:.1f} s"
    targets = {name: tally for name, tally in hosts.items() if name != controller} or dict(hosts)
    unreachable = sum(1 for tally in targets.values() if tally.unreachable)
    failed = sum(1 for tally in targets.values() if tally.failures and not tally.unreachable)
    parts = [f"{len(targets) - failed - unreachable} ok"]
    parts += [f"{count} {word}" for count, word in ((failed, "failed"), (unreachable, "unreachable")) if count]
    line = f"done in {duration_s:.1f} s · {len(targets)} host{'' if len(targets) == 1 else 's'}: {', '.join(parts)}"
    if controller not in targets and hosts.get(controller, HostTally()).failures:
        line += " · the controller's own tasks failed"
    return line
