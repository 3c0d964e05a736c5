# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way back as a file: the text of `rollback.sh`.

The same script is run by the rescue, by the guard and by a person without Ansible. It needs docker with its Compose
plugin and a POSIX shell, and asks neither a registry nor the controller.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..engine.compose_command import ENV_FILE
from ..gate.health import ServiceExpectation
from .environment_script import inherited_words, with_settings
from .journal import ROLLBACK_FAILED, ROLLED_BACK, ROLLING_BACK
from .placing.script import AS_ROOT, HIDDEN, NOT_WRITABLE, PLACING
from .record import ReleaseFile, ReleaseRecord
from .standing_script import gate_lines

#: What the script says when it has removed a container of no service; who runs it passes that on.
REMOVED = "Removed container "


@dataclass(frozen=True)
class WayBack:
    """How to undo one release on one host.

    Attributes:
        stack: the Compose project's name.
        release: ID of the release to be undone.
        undone_files: every file of that release.
        to: record of the release that ran before; None if Slipway had started none.
        started: for that release, the (container ID, start) pairs that were true before anything was changed.
        adopted_from: project directory of a stack that Slipway did not start; None if nothing like that ran.
        adopted_tags: for such a stack, the (image ID, image reference) pairs that have to hold again.
        expected: what has to stand afterwards.
        gate_timeout_s: seconds that it may take until it does, for a person who runs the script.
        sealed: what it needs of the stack's folder: (path in there, SHA-256 in hex).
    """

    stack: str
    release: str
    undone_files: tuple[ReleaseFile, ...]
    to: ReleaseRecord | None = None
    started: tuple[tuple[str, str], ...] = ()
    adopted_from: str | None = None
    adopted_tags: tuple[tuple[str, str], ...] = ()
    expected: tuple[ServiceExpectation, ...] = ()
    gate_timeout_s: float = 120.0
    sealed: tuple[tuple[str, str], ...] = ()

    @property
    def goal(self) -> str:
        """Return in words what will run afterwards."""
        if self.to is not None:
            return f"release {self.to.id}"
        if self.adopted_from is not None:
            return f"the stack as it was started by hand in {self.adopted_from}"
        return "nothing, as before its first release"


def render(way: WayBack, environment: Mapping[str, str]) -> str:
    """Return the text of `rollback.sh`.

    Args:
        way: the way back.
        environment: what its commands inherited when it was proved (`command_environment`).
    """
    stack = shlex.quote(way.stack)
    steps: list[str] = []
    if way.to is not None:
        steps += _restore_release(way, way.to)
    elif way.adopted_from is not None:
        steps += _restore_adopted(way, way.adopted_from)
    else:
        # By the labels alone: this works even if the release's files never arrived in the project folder. Compose looks
        # for a file from the present folder upwards, and would take it for this project's.
        steps.append(f"(cd / && compose -p {stack} down --remove-orphans)")
        steps += _remove(file.path for file in way.undone_files)
        steps.append(f"finish_files {stack}")
    if way.to is not None:
        steps += [f"ln -sfn {shlex.quote('releases/' + way.to.id)} .current-new", "make_current"]
    else:
        steps.append("rm -f current")
    return (
        _head(way, environment)
        + "\n".join(steps)
        + "\ndurable .\n"
        + gate_lines(way.stack, way.expected, way.gate_timeout_s)
        + _foot(way)
    )


def _head(way: WayBack, environment: Mapping[str, str]) -> str:
    title = shlex.quote(f"Stack {way.stack}: back from release {way.release} to {way.goal}.")
    return _HEAD.format(
        # Names may hold a line end, and these go into a comment.
        what=" ".join(f"Takes the stack {way.stack} on this host back from release {way.release}".split()),
        goal=" ".join(way.goal.split()),
        inherited=inherited_words(environment),
        release=shlex.quote(_json_words(way.release)),
        stack=shlex.quote(way.stack),
        title=title,
        event=ROLLING_BACK,
        hex12="[0-9a-f]" * 12,
        with_settings=with_settings(environment),
        placing=shlex.quote(PLACING),
        as_root=AS_ROOT,
        sealed=_sealed(way),
        hidden=HIDDEN,
        removed=REMOVED,
        not_writable=NOT_WRITABLE,
    )


def _sealed(way: WayBack) -> str:
    calls = [f"intact {sha256} {shlex.quote(path)}\n" for path, sha256 in way.sealed]
    return _SEALED.format(calls="".join(calls), failed=ROLLBACK_FAILED) if calls else ""


def _json_words(text: str) -> str:
    return json.dumps(text)[1:-1]


def _foot(way: WayBack) -> str:
    # The guard has nothing left to do, whoever did its work.
    steps = [f"record {ROLLED_BACK}", "rm -f guard.json running", f"say {shlex.quote('Done: ' + way.goal + '.')}"]
    return "\n".join(steps) + "\n"


def _remove(paths: Iterable[str]) -> list[str]:
    return [f"remove {shlex.quote(path)}" for path in dict.fromkeys(paths)]


def _restore_release(way: WayBack, to: ReleaseRecord) -> list[str]:
    kept = {file.path for file in to.files}
    undone: dict[str, set[ReleaseFile]] = {}
    for file in way.undone_files:
        undone.setdefault(file.path, set()).add(file)
    folder = f"releases/{to.id}"
    # First: where a file is, a folder may have been, and the other way round.
    calls = _remove(path for path in undone if path not in kept)
    for file in to.files:
        same = "same" if undone.get(file.path) == {file} else "other"
        calls.append(f"restore {shlex.quote(folder)} {file.mode:o} {shlex.quote(file.path)} {same}")
    calls.append(f"finish_files {shlex.quote(way.stack)}")
    if way.started:
        # Once the release is confirmed, what still runs from before has nothing of its own that changed.
        calls += [f'if [ "$(readlink current)" != {shlex.quote("releases/" + way.release)} ]; then']
        calls += [f"    afresh {shlex.quote(container)} {shlex.quote(start)}" for container, start in way.started]
        calls += ["fi"]
    names = shlex.quote("\n".join(one.service for one in to.services))
    there = f'"$stack_dir"/{shlex.quote(folder)}'
    files = " ".join(f'-f "$stack_dir"/project/{shlex.quote(path)}' for path in to.compose_files)
    return [
        *calls,
        *([f"remove_strays {shlex.quote(way.stack)} {names}"] if to.services else []),
        f"settings={there}/environment.sh",
        *([f"env_file={there}/files/{ENV_FILE}"] if ENV_FILE in kept else []),
        # Where a file names ${PWD}, the project folder is meant.
        'cd "$stack_dir/project"',
        f"compose -p {shlex.quote(way.stack)} \\",
        '    --project-directory "$stack_dir/project" \\',
        f"    {files} -f {there}/images.lock.yaml \\",
        "    up --detach --no-build --pull never --remove-orphans",
        'cd "$stack_dir"',
    ]


def _restore_adopted(way: WayBack, directory: str) -> list[str]:
    tags = [f"docker tag {shlex.quote(image_id)} {shlex.quote(name)}" for image_id, name in way.adopted_tags]
    return [
        *tags,
        # The file holds what ran and no more, whatever profile it belonged to.
        f"compose -p {shlex.quote(way.stack)} --profile '*' \\",
        f"    --project-directory {shlex.quote(directory)} \\",
        f'    -f "$stack_dir"/{shlex.quote("releases/" + way.release)}/adopted.yaml \\',
        "    up --detach --no-build --pull never --remove-orphans",
        *_remove(file.path for file in way.undone_files),
        f"finish_files {shlex.quote(way.stack)}",
    ]


# Compose and Docker read many variables; whatever the caller's shell has set must not change what runs.
_HEAD = """\
#!/bin/sh
# {what}
# to {goal}.
# It needs docker with its Compose plugin, and a shell. It asks no registry and no controller.
set -eu
if [ "${{SLIPWAY_CLEAN-}}" != yes ]; then
    exec env -i SLIPWAY_CLEAN=yes SLIPWAY_RUN="${{SLIPWAY_RUN-by-hand}}" SLIPWAY_BY="${{SLIPWAY_BY-}}" \\
        SLIPWAY_CALLED="${{SLIPWAY_CALLED-}}" \\
        {inherited} sh "$0"
fi
umask 022
cd -P "$(dirname "$0")/../.."
stack_dir=$(pwd)

placing={placing}
eval "$placing"

{as_root}
[ -d project ] || mkdir -m 755 project

# A text as it stands between the quotes of a JSON string.
in_json() {{
    printf '%s' "$1" | tr '\\000-\\037\\177' ' ' | sed 's/[\\\\"]/\\\\&/g'
}}

# The way back must not end because the disk has no room for a line about it.
record() {{
    if [ -f journal.jsonl ] && [ -n "$(tail -c 1 journal.jsonl)" ]; then
        # A crash can leave half a line; this one must not be lost with it.
        echo >>journal.jsonl || true
    fi
    printf '{{"at": "%s", "run": "%s", "release": "%s", "event": "%s", "detail": "%s"}}\\n' \\
        "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$(in_json "$SLIPWAY_RUN")" {release} "$1" "$(in_json "$SLIPWAY_BY")" \\
        >>journal.jsonl || say "Could not write to $stack_dir/journal.jsonl."
    durable journal.jsonl
}}

# Settings and the .env file come from the release alone, never from what lies in the project folder.
{with_settings}
settings=/dev/null
env_file=/dev/null
compose() {{
    with_settings "$settings" docker compose --ansi never --progress plain --env-file "$env_file" "$@"
}}

# A file that is the same already stays: a container that mounts it keeps seeing the file that it was started with.
restore() {{
    code=0
    place "$@" || code=$?
    [ "$code" = 0 ] || as_root_then "$code" "place $1 $2 $3"
}}

remove() {{
    code=0
    gone "$1" || code=$?
    [ "$code" = 0 ] || as_root_then "$code" "gone - - $1"
}}

jobs=
as_root_then() {{
    case $1 in
        {hidden} | {not_writable}) jobs="$jobs$2
" ;;
        *)
            say "Could not do this in $stack_dir/project: $2"
            exit 1
            ;;
    esac
}}

finish_files() {{
    bring_back || as_root_then {hidden} "back - - all"
    if [ -n "$jobs" ] && ! printf '%s' "$jobs" | as_root "$1"; then
        say "A container has taken over folders in $stack_dir/project. As root, this works: sudo sh $0"
        exit 1
    fi
}}

# Busybox does not rename a link to the place of another one that leads to a folder.
make_current() {{
    mv -fT .current-new current 2>/dev/null || {{ rm -f current && mv -f .current-new current; }}
}}

# A container that was started again meanwhile, after a boot or a crash, found the files that lay there then. Compose
# sees no difference and would leave it as it is; one that it finds stopped, it starts.
afresh() {{
    start=$(docker inspect --format '{{{{.State.StartedAt}}}}' "$1" 2>/dev/null) || return 0
    if [ "$start" != "$2" ]; then
        docker stop "$1" >/dev/null
        say "Stopped container $1, which was started again meanwhile."
    fi
}}

# Compose removes the containers of services that are gone, and leaves those of a profile that is switched off now. It
# neither sees nor removes what it has not made itself.
remove_strays() {{
    docker ps --all --filter "label=com.docker.compose.project=$1" --filter label=com.docker.compose.config-hash \\
        --filter label=com.docker.compose.oneoff=False \\
        --format '{{{{.ID}}}} {{{{.Names}}}} {{{{.Label "com.docker.compose.service"}}}}' |
        while read -r container name service; do
            if [ -n "$service" ] && ! printf '%s\\n' "$2" | grep -qxF -e "$service"; then
                docker stop "$container" >/dev/null || true
                docker rm --force "$container" >/dev/null || continue
                say "{removed}$name: the release has no service $service."
            fi
        done
}}

# One command at a time on a stack. Who calls this script from a program has the lock already.
if [ -z "$SLIPWAY_CALLED" ] && command -v flock >/dev/null; then
    exec 9>>lock
    if ! flock --nonblock 9; then
        say "Another command is at work on this stack; waiting for it, 15 minutes at the most."
        if ! flock --wait 900 9; then
            say "It still is, and nothing was done. Run this again when it has ended; fuser $stack_dir/lock shows it."
            exit 1
        fi
    fi
fi

# A start that nobody waits for any more must not go on beside this.
if [ -z "$SLIPWAY_CALLED" ] && read -r group began <running && [ -r "/proc/$group/stat" ]; then
    if [ "$(sed 's/.*) //' "/proc/$group/stat" | cut -d ' ' -f 20)" = "$began" ]; then
        kill -KILL "-$group" || true
    fi
fi 2>/dev/null

{sealed}say {title}
record {event}

# What an engine was removing when it was killed can only be removed; Compose would try to start it, in vain.
docker ps --all --filter label=com.docker.compose.project={stack} --filter status=dead --filter status=removing \\
    --format '{{{{.Names}}}}' | while read -r name; do
    if docker rm --force "$name" >/dev/null; then
        say "Removed container $name, which the engine had begun to remove."
    fi
done

# Compose gives a container that it is about to put in place of another a name like 0123456789ab_shop-web-1. One that
# was left so gets its name, or goes if the other one is still there; both hold the same anonymous volumes.
docker ps --all --filter label=com.docker.compose.project={stack} --format '{{{{.Names}}}}' | while read -r name; do
    case $name in
        {hex12}_*)
            if docker rename "$name" "${{name#*_}}" 2>/dev/null; then
                say "Gave the left-over container $name its name."
            else
                docker rm --force "$name" >/dev/null
                say "Removed the left-over container $name."
            fi
            ;;
    esac
done
"""

# What is gone back to has to be what was proved; a part of it would be a mixture.
_SEALED = """\
damaged=
intact() {{
    if [ -h "$2" ] || [ ! -f "$2" ] || [ "$({{ sha256sum <"$2"; }} 2>/dev/null | cut -d ' ' -f 1)" != "$1" ]; then
        damaged="$damaged $2"
    fi
}}

{calls}
if [ -n "$damaged" ]; then
    if [ -z "$SLIPWAY_CALLED" ]; then
        record {failed}
        # Who reads this is at work now, and nothing may happen behind their back.
        rm -f guard.json
    fi
    say "Nothing was done. Restore in $stack_dir what is not as it was, then run this again:$damaged"
    exit 1
fi

"""
