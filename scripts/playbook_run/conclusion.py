# SPDX-License-Identifier: GPL-3.0-or-later
"""The verdict over a run whose playbook gave none."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.slipway.compose.plugins.plugin_utils.fleet.verdict import Verdict


@dataclass(frozen=True)
class Ending:
    """How Ansible ended.

    Attributes:
        exit_status: of ansible-playbook.
        targets_touched: whether a task ran on a target.
        duration_s: seconds that the run took.
    """

    exit_status: int
    targets_touched: bool
    duration_s: float = 0.0


def conclude(verb: str, environment: str, ending: Ending, *, check: bool = False) -> Verdict:
    """Return the verdict that follows from how Ansible ended.

    Args:
        verb: what the user asked for.
        environment: name of the environment, for commands to type.
        ending: how Ansible ended.
        check: whether nothing was to be changed.
    """
    word, message = _judge(verb, environment, ending, check=check)
    return Verdict(word, message, duration_s=ending.duration_s, by_scripts=True)


def _judge(verb: str, environment: str, ending: Ending, *, check: bool) -> tuple[str, str]:
    if ending.exit_status == 0 and (verb == "plan" or check):
        return "planned", ""
    if ending.exit_status == 0 and verb == "status":
        return "unchanged", ""
    ended = f"Ansible ended with exit status {ending.exit_status}"
    if ending.exit_status != 0 and not ending.targets_touched:
        untouched = "before any task ran on a target, so nothing was touched. The reason stands above."
        return "refused", f"{ended} {untouched}"
    return "unknown", f"{ended} and left no verdict. Run scripts/status.sh {environment} to see what runs."
