# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A call of the module `release` that follows on another one of the same run, with the code that that one brought.

The program, run on the host, reads the module's options from its input and prints the module's result, both as JSON.
"""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Sequence

from ansible_collections.slipway.compose.plugins.module_utils.answer import answer
from ansible_collections.slipway.compose.plugins.module_utils.release_states import bring_about

#: Starts the program; in the release's folder.
FILE = "call.sh"
#: Exit status when there is no code here of the run that asks: the module itself has to be sent.
NOT_HERE = 97


def script(run: str, words: Sequence[str]) -> str:
    """Return the text of the script that starts the program.

    Args:
        run: the only run that it serves; the code of another one may be another version.
        words: the command.
    """
    return (
        "#!/bin/sh\n"
        "# Brings this release into a state, with the code that the run in the next line sent here.\n"
        f"""[ "$1" = {shlex.quote(run)} ] || exit {NOT_HERE}\n"""
        f"exec {shlex.join(words)}\n"
    )


def ask(folder: str, run: str, environment: str) -> str:
    """Return the shell command with which a controller makes a call.

    Args:
        folder: the release's folder on the host.
        run: the run.
        environment: assignments for the call, quoted for a shell.
    """
    path = shlex.quote(f"{folder}/{FILE}")
    return f"[ -r {path} ] || exit {NOT_HERE}; {environment} sh {path} {shlex.quote(run)}"


def main() -> None:
    """Make the call."""
    options = json.load(sys.stdin)
    json.dump(answer(lambda: bring_about(options, check_mode=False)), sys.stdout)


if __name__ == "__main__":
    main()
