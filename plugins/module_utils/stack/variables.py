# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of environment variables: which a release may not set, and which a shell does not let itself be given."""

from __future__ import annotations

import re

#: What Docker, Compose, Slipway, shells and the loader of programs act upon. Which profiles run is the stack's affair.
_REFUSED = re.compile(
    r"PATH|HOME|IFS|ENV|BASH_ENV|BASHOPTS|SHELLOPTS|PWD|OLDPWD|_|DOCKER_.*|COMPOSE_(?!PROFILES$).*|SLIPWAY_.*|LD_.*"
)
#: Variables to which some shell gives a meaning or a value of its own: bash, for one, lets nobody set UID.
_SHELLS_OWN = re.compile(
    r"BASH.*|COLUMNS|COPROC|DIRSTACK|EPOCH.*|EUID|FUNCNAME|GROUPS|HIST.*|LINENO|LINES|OPT(ARG|ERR|IND)|PPID|PS[0-9]"
    r"|RANDOM|REPLY|SECONDS|SHLVL|SRANDOM|UID|_"
)
#: What Slipway says itself on Compose's command line, or what Compose does not put up with beside that.
_REFUSED_IN_DOTENV = frozenset(
    {"COMPOSE_ANSI", "COMPOSE_DISABLE_ENV_FILE", "COMPOSE_ENV_FILES", "COMPOSE_FILE", "COMPOSE_IGNORE_ORPHANS"}
)
_DOTENV_NAME = re.compile(r"^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*[=:]", re.MULTILINE)


def is_refused(name: str) -> bool:
    """Tell whether a release may not set a variable: it would change how its commands run, not what they run."""
    return _REFUSED.fullmatch(name) is not None


def is_shells_own(name: str) -> bool:
    """Tell whether a shell may not be asked to export a variable as it is."""
    return _SHELLS_OWN.fullmatch(name) is not None


def names_in_dotenv(text: str) -> set[str]:
    """Return the names that a `.env` sets."""
    return set(_DOTENV_NAME.findall(text))


def refused_in_dotenv(text: str) -> list[str]:
    """Return the names that a stack's `.env` sets and that would be ignored, or keep Compose from working."""
    return sorted(names_in_dotenv(text) & _REFUSED_IN_DOTENV)
