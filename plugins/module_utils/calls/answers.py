# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules may answer that run on hosts: every key of their RETURN sections with its type and its form.

The controller believes nothing else of a host. What a state answers is made in `result` and in the folder `states`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, Callable, get_args, get_origin, get_type_hints

from ..boundary.shapes import Flag, ListOf, MapOf, Maybe, Number, OneOf, Record, Shape, Text
from ..core.findings import Finding
from ..core.identifiers import DIGEST, RELEASE_ID, RUN_ID
from ..engine.containers import ContainerSnapshot
from ..engine.image_reference import IMAGE
from ..gate.report import GateFailure, GateReport
from ..release.journal import JournalEntry
from ..stack.hooks import CONTROLLER, KINDS, TARGET

_SIMPLE: dict[object, Shape] = {str: Text(), bool: Flag(), int: Number(whole=True), float: Number()}
_TEXTS = ListOf(Text())
_RELEASE = Text(RELEASE_ID)
_SECONDS_OR_NONE = Maybe(Number(least=0, whole=True))
_IMAGES = MapOf(IMAGE, Text(DIGEST))
_HOOK = {
    "kind": OneOf(KINDS),
    "name": Text(),
    "on": OneOf((TARGET, CONTROLLER)),
    "passed": Flag(),
    "seen": Text(),
    "output": _TEXTS,
    "duration_s": Number(least=0),
}
_KEPT_RELEASE = {
    "id": _RELEASE,
    **dict.fromkeys(("version", "state", "created_at", "created_by", "commit"), Text()),
    "images": MapOf(None, Text()),
}
_LEASE_OR_NONE = Maybe(
    Record(
        {
            "run": Text(RUN_ID),
            **dict.fromkeys(("owner", "run_url", "taken_at", "phase", "paused_at", "continued_by"), Text()),
            "goes_on": Flag(),
            "ends_in": Number(least=0, whole=True),
        }
    )
)
#: What an answer must have if it is no failure, by module, and for the module `release` by its state.
REQUIRED: Mapping[str, Mapping[str, Shape]] = {
    "resolved": {"images": _IMAGES},
    "prepared": {"release": _RELEASE, "unchanged": Flag(), "current": Maybe(_RELEASE)},
    "started": {"release": _RELEASE},
    "confirmed": {"release": _RELEASE},
    "rolled_back": {"release": _RELEASE},
    "release_info": {
        "current": Maybe(_RELEASE),
        "unfinished": Maybe(_RELEASE),
        "stands": Flag(),
        "drift": _TEXTS,
        "guard_in": _SECONDS_OR_NONE,
    },
    "deploy_lease": {"lease": _LEASE_OR_NONE},
    "image_digest_info": {"images": _IMAGES},
}


@cache
def answer_keys(module: str) -> dict[str, Shape]:
    """Return what a module may answer, by key.

    Args:
        module: its name without the collection's.
    """
    every = {
        "changed": Flag(),
        "failed": Flag(),
        "msg": Text(),
        "summary": _TEXTS,
        "findings": ListOf(shape_of(Finding)),
    }
    return {**every, **_KEYS[module]()}


def shape_of(kind: Any) -> Shape:  # noqa: ANN401 - whatever a field may be declared as
    """Return the shape of a type's values as JSON spells them; a data class is a mapping of its fields.

    Only the controller asks: the Python of some hosts cannot read all of these declarations.
    """
    if kind in _SIMPLE:
        return _SIMPLE[kind]
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return Record({field.name: shape_of(hints[field.name]) for field in fields(kind)})
    parts = get_args(kind)
    if type(None) in parts:
        (only,) = set(parts) - {type(None)}
        return Maybe(shape_of(only))
    if get_origin(kind) in (list, tuple):
        return ListOf(shape_of(parts[0]))
    raise TypeError(kind)


def _release() -> dict[str, Shape]:
    flags = ("unchanged", "confirmed", "guarded", "given_back", "down", "reversible")
    return {
        "release": Maybe(_RELEASE),
        "current": Maybe(_RELEASE),
        "images": _IMAGES,
        "way_back": Text(),
        "said": Text(),
        "pulled": ListOf(Text(IMAGE)),
        "pruned": ListOf(_RELEASE),
        "gate": shape_of(GateReport),
        "failures": ListOf(shape_of(GateFailure)),
        "hooks": ListOf(Record(_HOOK)),
        "diff": Record({"before": Text(), "after": Text()}),
        **dict.fromkeys(flags, Flag()),
    }


def _release_info() -> dict[str, Shape]:
    return {
        "current": Maybe(_RELEASE),
        "unfinished": Maybe(_RELEASE),
        "stands": Flag(),
        "drift": _TEXTS,
        "releases": ListOf(Record(_KEPT_RELEASE)),
        "containers": ListOf(shape_of(ContainerSnapshot)),
        "guard_in": _SECONDS_OR_NONE,
        "journal": ListOf(shape_of(JournalEntry)),
    }


_KEYS: dict[str, Callable[[], dict[str, Shape]]] = {
    "release": _release,
    "release_info": _release_info,
    "deploy_lease": lambda: {"lease": _LEASE_OR_NONE},
    "image_digest_info": lambda: {"images": _IMAGES},
}
