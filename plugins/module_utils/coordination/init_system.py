# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the init system of this host lets a user have: processes that outlive his sessions, commands at boot (I/O)."""

from __future__ import annotations

import os
import pwd
import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from ..core.command import command_environment, run_command
from ..core.findings import SlipwayError

_SYSTEMD = Path("/run/systemd/system")
_LINGER = Path("/var/lib/systemd/linger")
_OF_USERS = Path("/run/user")
_CGROUP = Path("/proc/self/cgroup")
_SESSION = re.compile(r"/session-[^/\n]+\.scope\b")
_LOGIND = ("org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager")
_SETTINGS = ("KillUserProcesses", "KillOnlyUsers", "KillExcludeUsers")
_ASK_S = 10.0


def user_name() -> str:
    """Return the name of the user that this process belongs to."""
    return pwd.getpwuid(os.geteuid()).pw_name


def systemd_keeps_units() -> bool:
    """Tell whether systemd has units of this user, from the boot on and whoever is logged in."""
    if os.geteuid() == 0:
        return _SYSTEMD.is_dir()
    # A user who lingers may lack what starts a systemd of his own (libpam-systemd).
    return (_LINGER / user_name()).exists() and (_OF_USERS / str(os.geteuid()) / "systemd").is_dir()


def session_ends_processes() -> bool:
    """Tell whether systemd ends with this session whatever was started in it."""
    if not _SYSTEMD.is_dir() or not _SESSION.search(_CGROUP.read_text(errors="replace")):
        return False
    try:
        said = run_command(["busctl", "get-property", *_LOGIND, *_SETTINGS], command_environment({}), _ASK_S)
    except SlipwayError:
        return False
    return said.exit_code == 0 and kills(said.output.splitlines(), user_name())


def kills(settings: Sequence[str], user: str) -> bool:
    """Tell whether logind ends a user's processes with his session.

    Args:
        settings: what busctl(1) says of the properties in `_SETTINGS`, a line each: type, number of values, values.
        user: the user's name.
    """
    values = [shlex.split(line)[1:] for line in settings]
    if len(values) != len(_SETTINGS) or values[0] != ["true"]:
        return False
    only, spared = values[1][1:], values[2][1:]
    return user not in spared and (not only or user in only)
