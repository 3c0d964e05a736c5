# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A release's environment for a shell: `environment.sh`, and how Compose gets it and nothing else."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from ..stack.variables import is_shells_own


def environment_script(env: Mapping[str, str]) -> str:
    """Return a shell file that exports the environment which Compose interpolates.

    What a shell does not let itself be given goes before the command that `with_settings` runs.
    """
    lines = []
    for name, value in sorted(env.items()):
        word = f"{name}={shlex.quote(value)}"
        lines.append(f'set -- {word} "$@"\n' if is_shells_own(name) else f"export {word}\n")
    return "".join(lines)


def inherited_words(environment: Mapping[str, str]) -> str:
    """Return the words for `env` that give a command exactly this environment."""
    return " ".join(f"{name}={shlex.quote(value)}" for name, value in sorted(environment.items()))


def with_settings(environment: Mapping[str, str]) -> str:
    """Return a shell function that runs a command with this environment and with what the file $1 exports.

    Nothing in there reaches the shell that calls it, nor the other way round. A shell sets some variables without being
    asked, and Compose would put them in where a file names them. `${PWD}` is the present folder, as for Compose itself.

    Args:
        environment: what a command inherits; the names that count are set in the shell that calls the function.
    """
    inherited = " ".join(f'{name}="${name}"' for name in sorted(environment))
    return f"""\
with_settings() {{
    env -i {inherited} \\
        sh -c 'settings=$1; shift; . "$settings"; exec env -u OLDPWD -u SHLVL -u _ PWD="$(pwd)" "$@"' sh "$@"
}}
"""
