# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way back as a file: the text of `rollback.sh`.

The same script is run by the rescue, by the guard and by a person without Ansible. It needs docker with its Compose
plugin and a POSIX shell, and asks neither a registry nor the controller.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from ..gate.health import ServiceExpectation
from .journal import ROLLBACK_FAILED, ROLLED_BACK, ROLLING_BACK
from .record import ReleaseFile, ReleaseRecord


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

    @property
    def goal(self) -> str:
        """Return in words what will run afterwards."""
        if self.to is not None:
            return f"release {self.to.id}"
        if self.adopted_from is not None:
            return f"the stack as it was started by hand in {self.adopted_from}"
        return "nothing, as before its first release"


def environment_script(env: Mapping[str, str]) -> str:
    """Return a shell file that exports the environment which Compose interpolates."""
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in sorted(env.items()))


def render(way: WayBack) -> str:
    """Return the text of `rollback.sh` for this way back."""
    steps: list[str] = []
    if way.to is not None:
        steps += _restore_release(way, way.to)
    elif way.adopted_from is not None:
        steps += _restore_adopted(way, way.adopted_from)
    else:
        # By the labels alone: this works even if the release's files never arrived in the project folder.
        steps.append(f"docker compose --ansi never -p {shlex.quote(way.stack)} down --remove-orphans")
        steps += [f"rm -f -- {shlex.quote('project/' + file.path)}" for file in way.undone_files]
    if way.to is not None:
        steps += [f"ln -sfn {shlex.quote('releases/' + way.to.id)} .current-new", "mv -fT .current-new current"]
    else:
        steps.append("rm -f current")
    return _head(way) + "\n".join(steps) + "\n" + _gate(way) + _foot(way)


def _head(way: WayBack) -> str:
    title = f"Stack {way.stack}: back from release {way.release} to {way.goal}."
    return _HEAD.format(
        comment=_comment(
            f"Takes the stack {way.stack} on this host back from release {way.release}", f"to {way.goal}."
        ),
        project=_project(way),
        release=shlex.quote(way.release),
        title=shlex.quote(title),
        event=ROLLING_BACK,
        hex12="[0-9a-f]" * 12,
    )


def _comment(*lines: str) -> str:
    """Return lines as a comment of the shell; a folder's name, for example, may hold a line end."""
    return "\n".join(f"# {' '.join(line.split())}" for line in lines)


def _project(way: WayBack) -> str:
    """Return the filter for the containers of the stack, as a word of the shell."""
    return shlex.quote(f"label=com.docker.compose.project={way.stack}")


def _gate(way: WayBack) -> str:
    if not way.expected:
        return ""
    lines = [f"{one.service} {one.replicas} {'ended' if one.one_shot else 'runs'}" for one in way.expected]
    expected = shlex.quote("\n".join(lines))
    advice = f"It does not stand. See the logs: docker compose -p {way.stack} logs --tail 50"
    return _GATE.format(
        project=_project(way),
        expected=expected,
        gate_s=round(way.gate_timeout_s),
        failed=ROLLBACK_FAILED,
        advice=shlex.quote(advice),
    )


def _foot(way: WayBack) -> str:
    # The guard has nothing left to do, whoever did its work.
    steps = [f"record {ROLLED_BACK}", "rm -f guard.json running", f"say {shlex.quote('Done: ' + way.goal + '.')}"]
    return "\n".join(steps) + "\n"


def _restore_release(way: WayBack, to: ReleaseRecord) -> list[str]:
    kept = {file.path for file in to.files}
    folder = f"releases/{to.id}"
    calls = [f"restore {shlex.quote(folder)} {shlex.quote(file.path)} {file.mode:o}" for file in to.files]
    gone = [file.path for file in way.undone_files if file.path not in kept]
    calls += [f"rm -f -- {shlex.quote('project/' + path)}" for path in gone]
    files = " ".join(f'-f "$stack_dir"/project/{shlex.quote(path)}' for path in to.compose_files)
    if way.started:
        # Once the release is confirmed, what still runs from before has nothing of its own that changed.
        calls += [f'if [ "$(readlink current)" != {shlex.quote("releases/" + way.release)} ]; then']
        calls += [f"    afresh {shlex.quote(container)} {shlex.quote(start)}" for container, start in way.started]
        calls += ["fi"]
    return [
        *calls,
        f". {shlex.quote(f'./{folder}/environment.sh')}",
        f"docker compose --ansi never --progress plain -p {shlex.quote(way.stack)} \\",
        '    --project-directory "$stack_dir/project" \\',
        f'    {files} -f "$stack_dir"/{shlex.quote(f"{folder}/images.lock.yaml")} \\',
        "    up --detach --no-build --pull never --remove-orphans",
    ]


def _restore_adopted(way: WayBack, directory: str) -> list[str]:
    tags = [f"docker tag {shlex.quote(image_id)} {shlex.quote(name)}" for image_id, name in way.adopted_tags]
    frozen = shlex.quote(f"releases/{way.release}/adopted.yaml")
    return [
        *tags,
        f"docker compose --ansi never --progress plain -p {shlex.quote(way.stack)} \\",
        f"    --project-directory {shlex.quote(directory)} \\",
        f'    -f "$stack_dir"/{frozen} up --detach --no-build --pull never --remove-orphans',
        *[f"rm -f -- {shlex.quote('project/' + file.path)}" for file in way.undone_files],
    ]


# Compose and Docker read many variables; whatever the caller's shell has set must not change what runs.
_HEAD = """\
#!/bin/sh
{comment}
# It needs docker with its Compose plugin, and a shell. It asks no registry and no controller.
set -eu
if [ "${{SLIPWAY_CLEAN-}}" != yes ]; then
    exec env -i SLIPWAY_CLEAN=yes SLIPWAY_RUN="${{SLIPWAY_RUN-by-hand}}" SLIPWAY_BY="${{SLIPWAY_BY-}}" \\
        SLIPWAY_CALLED="${{SLIPWAY_CALLED-}}" PATH="$PATH" HOME="${{HOME-/}}" \\
        ${{DOCKER_HOST+DOCKER_HOST="$DOCKER_HOST"}} ${{DOCKER_CONFIG+DOCKER_CONFIG="$DOCKER_CONFIG"}} sh "$0"
fi
umask 022
cd -P "$(dirname "$0")/../.."
stack_dir=$(pwd)

say() {{
    printf '%s\\n' "$*"
}}

# The way back must not end because the disk has no room for a line about it.
record() {{
    if [ -f journal.jsonl ] && [ -n "$(tail -c 1 journal.jsonl)" ]; then
        # A crash can leave half a line; this one must not be lost with it.
        echo >>journal.jsonl || true
    fi
    printf '{{"at": "%s", "run": "%s", "release": "%s", "event": "%s", "detail": "%s"}}\\n' \\
        "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$SLIPWAY_RUN" {release} "$1" "$SLIPWAY_BY" >>journal.jsonl ||
        say "Could not write to $stack_dir/journal.jsonl."
    sync journal.jsonl 2>/dev/null || sync
}}

# A file that is the same already stays: a container that mounts it keeps seeing the file that it was started with.
restore() {{
    if ! cmp -s "$1/files/$2" "project/$2"; then
        mkdir -p "project/$(dirname "$2")"
        cp "$1/files/$2" "project/$2.slipway-new"
        chmod "$3" "project/$2.slipway-new"
        mv -f "project/$2.slipway-new" "project/$2"
    fi
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

say {title}
record {event}

# Compose gives a container that it is about to put in place of another a name like 0123456789ab_shop-web-1. One that
# was left so gets its name, or goes if the other one is still there; both hold the same anonymous volumes.
docker ps --all --filter {project} --format '{{{{.Names}}}}' | while read -r name; do
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

# For people: a program that calls this script looks with the whole gate of what ran before.
_GATE = """\
# Service, number of containers, and whether they run ("runs") or are jobs that have ended well ("ended").
expected={expected}

stands() {{
    printf '%s\\n' "$expected" | while read -r service count kind; do
        [ "$(docker ps --all --quiet --filter {project} \\
            --filter label=com.docker.compose.oneoff=False --filter "label=com.docker.compose.service=$service" |
            xargs -r docker inspect --format '{{{{.State.Status}}}}/{{{{if .State.Health}}}}'\\
'{{{{.State.Health.Status}}}}{{{{end}}}}/{{{{.State.ExitCode}}}}' |
            case $kind in
                runs) grep -c -e '^running//' -e '^running/healthy/' ;;
                *) grep -c -e '^exited/.*/0$' ;;
            esac)" -ge "$count" ] || exit 1
    done
}}

if [ -z "$SLIPWAY_CALLED" ]; then
    say "Waiting until everything stands, {gate_s} s at the most."
    tries=0
    until stands; do
        tries=$((tries + 1))
        if [ "$tries" -gt {gate_s} ]; then
            record {failed}
            # Who reads this is at work now, and nothing may happen behind their back.
            rm -f guard.json
            docker ps --all --filter {project} --format '{{{{.Names}}}}: {{{{.Status}}}}'
            say {advice}
            exit 1
        fi
        sleep 1
    done
    docker ps --all --filter {project} --format '{{{{.Names}}}}: {{{{.Status}}}}'
fi
"""
