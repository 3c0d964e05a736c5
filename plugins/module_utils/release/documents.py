# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the files in a release's folder may hold, and what to do about one that holds anything else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Callable

from ..boundary.shapes import WORD, Flag, ListOf, MapOf, Maybe, Number, OneOf, Record, Shape, Simple, Text
from ..core.identifiers import (
    COMMIT,
    CONTAINER_ID,
    DIGEST,
    LINE,
    MOMENT,
    PATH_INSIDE,
    RELEASE_ID,
    SERVICE,
    SHA256,
    STACK_NAME,
    VARIABLE_NAME,
    VERSION,
    Form,
)
from ..engine.image_reference import IMAGE
from ..stack.gate_settings import GateSettings

RECORD_FILE = "release.json"
SNAPSHOT_FILE = "snapshot.json"
GATE_FILE = "gate.json"
HOOKS_FILE = "hooks.json"
ENVIRONMENT_FILE = "environment.json"
CONFIRMED_FILE = "confirmed.json"
GATE_PASSED_FILE = "gate_passed.json"
SECRETS_FILE = "secrets.json"

#: Longer numbers of seconds, and of anything that is counted here, are none.
_MOST = 10**9
_COUNT = Number(least=0, most=_MOST, whole=True)
_SECONDS = Number(least=0, most=_MOST)
#: What Compose makes of a service's definition; empty where Compose has not made the container.
_SERVICE_OR_NONE = Form(f"(?:{SERVICE.pattern})?", SERVICE.words)
_CONFIG_HASH = Text(Form("[0-9a-f]{64}|", "a SHA-256: 64 of 0-9 and a-f, or nothing"))
_ENGINE_TIME = Text(
    Form(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)|", "the engine's time, or nothing")
)
_RELEASE = Text(RELEASE_ID)

_RECORD = Record(
    {
        "id": _RELEASE,
        "stack": Text(STACK_NAME),
        "version": Text(VERSION),
        "created_at": Text(MOMENT),
        "created_by": Text(LINE),
        "commit": Text(COMMIT),
        "plan_sha256": Text(SHA256),
        "content_sha256": Text(SHA256),
        "reversible": Flag(),
        "compose_files": ListOf(Text(PATH_INSIDE)),
        "images": MapOf(SERVICE, Text(IMAGE)),
        "files": ListOf(Record({"path": Text(PATH_INSIDE), "executable": Flag(), "sha256": Text(SHA256)})),
        "services": ListOf(
            Record(
                {"service": Text(SERVICE), "replicas": _COUNT, "one_shot": Flag(), "image": Maybe(Text(IMAGE))},
                {"may_end": Flag(), "health_first": Flag()},
            )
        ),
        "secret_files": ListOf(Text(PATH_INSIDE)),
    }
)
_CONTAINER = Record(
    {
        "service": Text(LINE),
        "number": _COUNT,
        "name": Text(Form("[A-Za-z0-9][A-Za-z0-9_.-]*", "a container's name")),
        "id": Text(CONTAINER_ID),
        "image": Text(WORD),
        "image_id": Text(DIGEST),
        "config_hash": _CONFIG_HASH,
        "state": Text(LINE),
        "health": Text(LINE),
        "exit_code": Number(least=-_MOST, most=_MOST, whole=True),
        "started_at": _ENGINE_TIME,
        "restarts": _COUNT,
    }
)
_SNAPSHOT = Record(
    {"release": Maybe(_RELEASE), "to": Maybe(_RELEASE), "goal": Text(WORD), "containers": ListOf(_CONTAINER)},
    {
        "irreversible": Maybe(_RELEASE),
        "orphans": ListOf(Text(CONTAINER_ID)),
        "rollback_sha256": Text(SHA256),
    },
)


class _Pair(Simple):
    """A name and a value."""

    @property
    def words(self) -> str:
        """Return what it must be."""
        return "a name and a value"

    def holds(self, value: object) -> bool:
        """Tell whether it is."""
        return isinstance(value, list) and len(value) == 2 and all(isinstance(one, str) for one in value)  # noqa: PLR2004


def _gate() -> Shape:
    """Return the shape of the gate's settings; a setting is of the type of its default."""
    kinds: dict[type, Shape] = {float: _SECONDS, int: _COUNT, bool: Flag(), str: Text(WORD), tuple: ListOf(Record({}))}
    shapes = {name: kinds[type(default)] for name, default in vars(GateSettings()).items()}
    # The others are younger than some releases.
    first = ("checks", "timeout_s", "healthy_for_s", "stable_for_s")
    return Record({name: shapes.pop(name) for name in first}, shapes)


def _hooks() -> Shape:
    from ..stack import hooks

    hook = Record(
        {
            "kind": OneOf(hooks.KINDS),
            "name": Text(WORD),
            "command": ListOf(Text(WORD)),
            "service": Maybe(Text(SERVICE)),
            "place": OneOf((hooks.TARGET, hooks.CONTROLLER)),
            "once": Flag(),
            "timeout_s": _SECONDS,
            "on_error": OneOf((hooks.REPORT, hooks.ROLLBACK)),
        }
    )
    return Record({"hooks": ListOf(hook)}, {"host": Text(LINE), "first_host": Flag(), "gone_back_to": Flag()})


@dataclass(frozen=True)
class Document:
    """One kind of file in a release's folder.

    Attributes:
        holds: what it says, in words.
        remedy: what to do if it is damaged.
        shape: makes what it may hold.
        secret: whether it holds what nobody may see.
        empty: what it says where there is none, since not every release has one; None if each has.
    """

    holds: str
    remedy: str
    shape: Callable[[], Shape]
    secret: bool = False
    empty: Mapping[str, Any] | None = None


_RESTORE = "Restore it from a backup of this folder"
_CHOOSE = "If the release is not the current one, another one can do instead (scripts/status.sh ENV lists them)."
#: A row for each.
DOCUMENTS: Mapping[str, Document] = {
    RECORD_FILE: Document("its record", f"{_RESTORE}. {_CHOOSE}", lambda: _RECORD),
    SNAPSHOT_FILE: Document(
        "what ran before the release",
        "Deploy again; rollback.sh in the same folder works without it.",
        lambda: _SNAPSHOT,
    ),
    GATE_FILE: Document(
        "the gate's settings",
        f"If the release is the current one, deploy its version again, which writes the file anew. {_CHOOSE}",
        _gate,
        secret=True,
    ),
    HOOKS_FILE: Document(
        "the release's hooks",
        "Restore it from a backup, or remove it: the release then has no hooks.",
        _hooks,
        secret=True,
        empty={"hooks": []},
    ),
    ENVIRONMENT_FILE: Document(
        "the release's environment",
        f"{_RESTORE}; environment.sh there says the same. {_CHOOSE}",
        lambda: MapOf(VARIABLE_NAME, Text(WORD)),
        secret=True,
    ),
    CONFIRMED_FILE: Document(
        "the hash of each service's configuration",
        "Restore it from a backup, or remove it: the release then counts as changed.",
        # Older versions noted containers of no service as well, which other programs start under the project's name.
        lambda: Record({"config_hashes": MapOf(_SERVICE_OR_NONE, _CONFIG_HASH)}),
        empty={"config_hashes": {}},
    ),
    GATE_PASSED_FILE: Document(
        "when each container was started",
        "Deploy again: the release has to pass its gate once more.",
        lambda: Record({"containers": MapOf(CONTAINER_ID, _ENGINE_TIME)}),
        empty={"containers": {}},
    ),
    SECRETS_FILE: Document(
        "what must never be shown",
        "Restore it from a backup, or deploy again.",
        lambda: Record({"secrets": ListOf(_Pair())}),
        secret=True,
        empty={"secrets": []},
    ),
}
#: What has to be whole for a release that a host is to go to; what ran before it, and when it passed, is of no account.
NEEDED_TO_START = (RECORD_FILE, GATE_FILE, HOOKS_FILE, ENVIRONMENT_FILE, SECRETS_FILE, CONFIRMED_FILE)
