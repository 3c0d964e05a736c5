# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How `rollback.sh` sees whether everything stands, for people: who calls it from a program has the whole gate."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from ..gate.health import ServiceExpectation
from .journal import ROLLBACK_FAILED


def gate_lines(stack: str, services: Sequence[ServiceExpectation], longest_s: float) -> str:
    """Return the lines that wait until everything stands; nothing if nothing has to.

    Args:
        stack: the Compose project's name.
        services: what has to stand.
        longest_s: seconds that it may take.
    """
    if not services:
        return ""
    lines = [f"{one.service} {one.replicas} {_kind(one)}" for one in services]
    expected = shlex.quote("\n".join(lines))
    return _GATE.format(stack=shlex.quote(stack), expected=expected, gate_s=round(longest_s), failed=ROLLBACK_FAILED)


def _kind(service: ServiceExpectation) -> str:
    if service.one_shot:
        return "ended"
    return "either" if service.may_end else "runs"


# For people: a program that calls this script looks with the whole gate of what ran before.
_GATE = """\
# Service, number of containers, and whether they run ("runs"), are jobs that have ended well ("ended"), or may be such.
expected={expected}

# Since the boot: nobody sets this clock.
seconds() {{
    read -r up rest </proc/uptime
    printf '%s' "${{up%.*}}"
}}

stands() {{
    printf '%s\\n' "$expected" | while read -r service count kind; do
        [ "$(docker ps --all --quiet --filter label=com.docker.compose.project={stack} \\
            --filter label=com.docker.compose.oneoff=False --filter "label=com.docker.compose.service=$service" |
            xargs -r docker inspect --format '{{{{.State.Status}}}}/{{{{if .State.Health}}}}'\\
'{{{{.State.Health.Status}}}}{{{{end}}}}/{{{{.State.ExitCode}}}}' |
            case $kind in
                runs) grep -c -e '^running//' -e '^running/healthy/' ;;
                either) grep -c -e '^running//' -e '^running/healthy/' -e '^exited/.*/0$' ;;
                *) grep -c -e '^exited/.*/0$' ;;
            esac)" -ge "$count" ] || exit 1
    done
}}

if [ -z "$SLIPWAY_CALLED" ]; then
    say "Waiting until everything stands, {gate_s} s at the most."
    began=$(seconds)
    until stands; do
        if [ "$(($(seconds) - began))" -ge {gate_s} ]; then
            record {failed}
            # Who reads this is at work now, and nothing may happen behind their back.
            rm -f guard.json
            docker ps --all --filter label=com.docker.compose.project={stack} --format '{{{{.Names}}}}: {{{{.Status}}}}'
            say "It does not stand. See the logs: docker compose -p "{stack}" logs --tail 50"
            exit 1
        fi
        sleep 1
    done
    docker ps --all --filter label=com.docker.compose.project={stack} --format '{{{{.Names}}}}: {{{{.Status}}}}'
fi
"""
