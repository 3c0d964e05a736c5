# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan: what the controller decides once for the whole fleet."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from ansible_collections.slipway.compose.plugins.module_utils.errors import Finding, SlipwayError

SCHEMA = 1


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

    @property
    def sha256(self) -> str:
        """Return the hash of the plan's canonical JSON."""
        text = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def as_dict(self) -> dict[str, Any]:
        """Return the plan as plain data, with its schema and hash."""
        return {"schema": SCHEMA, "sha256": self.sha256, **json.loads(json.dumps(asdict(self)))}

    def to_json(self) -> str:
        """Return the text of `plan.json`."""
        return json.dumps(self.as_dict(), indent=2, sort_keys=True) + "\n"

    @classmethod
    def from_dict(cls, raw: Any) -> Plan:  # noqa: ANN401 - judged here
        """Return the plan that `as_dict` gave.

        Raises:
            SlipwayError: it is no plan, or was changed since it was hashed.
        """
        try:
            wanted = {field.name: raw[field.name] for field in fields(cls)}
            wanted["batches"] = tuple(tuple(batch) for batch in wanted["batches"])
            plan = cls(**wanted)
            stated = raw["sha256"]
        except (TypeError, KeyError) as error:
            raise SlipwayError([_not_a_plan(f"{type(error).__name__}: {error}")]) from error
        if stated != plan.sha256:
            seen = f"SHA-256 {plan.sha256} where the file states {stated}: it was changed after it was made"
            raise SlipwayError([_not_a_plan(seen)])
        return plan


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


def _batch_size(size: int | str, total: int) -> int:
    text = str(size)
    if text.endswith("%"):
        # Ansible takes whole percentages, rounds down, but never to an empty batch (ansible.utils.helpers.pct_to_int).
        return int(int(text[:-1]) / 100.0 * total) or 1
    return int(text)


def _not_a_plan(seen: str) -> Finding:
    return Finding(
        "plan", "a plan as `playbooks/plan.yml` writes it", seen, "Make the plan again, and approve that one."
    )
