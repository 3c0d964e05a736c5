# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the entries of a plan look like.

A plan travels: as a file from whoever approves it, and from the controller to hosts. Its hash says that it is whole,
not who made it, and its entries become paths, tags and words of scripts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Callable

from ..core.findings import Finding, SlipwayError
from ..core.identifiers import RELEASE_ID, STACK_NAME, VERSION
from ..engine.image_reference import ImageReference
from .bundle import is_inside

#: After what a rollout pauses until somebody continues it.
PAUSE_AFTER = ("nothing", "canary", "batch")
ROLLBACK_SCOPES = ("fleet", "batch")
#: What a plan has besides what was decided.
_BESIDES = frozenset({"schema", "sha256", "attention"})
_COMMIT = re.compile(r"(?:[0-9a-f]{40,64}\+?)?\Z")
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z")
_LONGEST_QUOTE = 80
_REMEDY = "Make the plan again, and approve that one."

Test = Callable[[Any], bool]


def entry_findings(raw: Mapping[Any, Any]) -> list[Finding]:
    """Return every entry of a plan's plain data that cannot be."""
    return list(_entry_findings(raw))


def relation_findings(raw: Mapping[str, Any]) -> list[Finding]:
    """Return what does not go together in a plan whose entries can each be."""
    findings = []
    if raw["release"].partition("-")[2] != raw["version"]:
        findings.append(_finding("plan's release", f"an ID that ends with -{raw['version']}", raw["release"]))
    batched = [host for batch in raw["batches"] for host in batch]
    if sorted(batched) != sorted(raw["hosts"]):
        findings.append(_finding("plan's batches", "each of the plan's hosts once", raw["batches"]))
    return findings


def _entry_findings(raw: Mapping[Any, Any]) -> Iterator[Finding]:
    for name, (expected, test) in _FORMS.items():
        if name not in raw:
            yield _finding(f"plan's {name}", expected, None)
        elif not test(raw[name]):
            yield _finding(f"plan's {name}", expected, raw[name])
    for name in sorted(map(str, raw.keys() - _FORMS.keys() - _BESIDES)):
        yield _finding(f"plan's {name[:_LONGEST_QUOTE]!r}", f"one of {', '.join(_FORMS)}", name)
    digest, sha256 = _matches(_DIGEST), _matches(_SHA256)
    yield from _item_findings("images", raw, "a digest like sha256:…, by image reference", _is_image, digest)
    yield from _item_findings("files", raw, "a SHA-256 in hex, by path in the stack's folder", _is_path, sha256)
    yield from _item_findings("hosts", raw, "a SHA-256 in hex, by host", _is_host, sha256)


def _item_findings(name: str, raw: Mapping[Any, Any], expected: str, is_key: Test, is_value: Test) -> Iterator[Finding]:
    entries = raw.get(name)
    for key, value in entries.items() if isinstance(entries, Mapping) else ():
        if not is_key(key) or not is_value(value):
            yield _finding(f"plan's {name}", expected, {key: value})


def _matches(pattern: re.Pattern[str]) -> Test:
    return lambda value: isinstance(value, str) and pattern.match(value) is not None


def _is_one_of(*words: str) -> Test:
    return lambda value: isinstance(value, str) and value in words


def _is_text(value: Any) -> bool:  # noqa: ANN401 - judged here
    return isinstance(value, str) and value.isprintable()


def _is_host(value: Any) -> bool:  # noqa: ANN401 - judged here
    return _is_text(value) and bool(value)


def _is_path(value: Any) -> bool:  # noqa: ANN401 - judged here
    return isinstance(value, str) and is_inside(value)


def _is_image(value: Any) -> bool:  # noqa: ANN401 - judged here
    try:
        ImageReference.parse(value)
    except (SlipwayError, TypeError):
        return False
    return True


def _is_mapping(value: Any) -> bool:  # noqa: ANN401 - judged here
    return isinstance(value, Mapping)


def _is_bool(value: Any) -> bool:  # noqa: ANN401 - judged here
    return isinstance(value, bool)


def _is_seconds(value: Any) -> bool:  # noqa: ANN401 - judged here
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _are_batches(value: Any) -> bool:  # noqa: ANN401 - judged here
    return isinstance(value, (list, tuple)) and all(
        isinstance(batch, (list, tuple)) and batch and all(map(_is_host, batch)) for batch in value
    )


#: What each entry has to be, in words and as a test.
_FORMS: dict[str, tuple[str, Test]] = {
    "stack": ("lower-case letters, digits, - and _", _matches(STACK_NAME)),
    "version": ("a version like 1.4.2", _matches(VERSION)),
    "release": ("an ID like 20261122T214500Z-1.4.2", _matches(RELEASE_ID)),
    "created_at": ("a time like 2026-11-22T21:45:00Z", _matches(_TIME)),
    "created_by": ("a line of text", _is_text),
    "commit": ("a Git commit in hex, or nothing", _matches(_COMMIT)),
    "reversible": ("true or false", _is_bool),
    "rollback_scope": (f"one of {', '.join(ROLLBACK_SCOPES)}", _is_one_of(*ROLLBACK_SCOPES)),
    "images": ("a mapping", _is_mapping),
    "files": ("a mapping", _is_mapping),
    "hosts": ("a mapping", _is_mapping),
    "batches": ("lists of hosts", _are_batches),
    "bake_time": ("a whole number of seconds", _is_seconds),
    "pause_after": (f"one of {', '.join(PAUSE_AFTER)}", _is_one_of(*PAUSE_AFTER)),
}


def _finding(thing: str, expected: str, seen: Any) -> Finding:  # noqa: ANN401 - judged here
    quoted = "nothing" if seen is None else ascii(seen)
    return Finding(thing, expected, quoted if len(quoted) <= _LONGEST_QUOTE else f"{quoted[:_LONGEST_QUOTE]}…", _REMEDY)
