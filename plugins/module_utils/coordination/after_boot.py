# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Has the guard of a stack begin again when the host has restarted, by a unit of systemd or by cron (I/O).

No process survives a boot, and a release that nobody confirmed would stay. What is run then is the guard's own command,
in a script in the stack's folder. The unit, or the line in the crontab, is the user's own; none of it needs root.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from ..core.command import command_environment, run_command
from ..core.findings import SlipwayError
from ..core.processes import processes
from . import init_system

SCRIPT = "guard.sh"
LOG_FILE = "guard.log"
_SYSTEM_UNITS = Path("/etc/systemd/system")
_USER_UNITS = Path(".config/systemd/user")
#: Where most crons write down their process, which not every user may see.
_CRON_PID = Path("/run/crond.pid")
_CRON = {"cron", "crond", "fcron"}
#: What the usual crontab(1) say where a user has none yet.
_NO_CRONTAB = re.compile("no crontab|no such file", re.IGNORECASE)
_CRONTAB_S = 10.0
_UNIT = """\
[Unit]
Description=Slipway: takes back what was not confirmed of the stack {stack} before this host restarted
ConditionPathExists={condition}

[Service]
ExecStart=/bin/sh {argument}
"""


def means() -> str:
    """Return what begins a command of this user after a boot: "systemd", "cron", or "" if nothing does."""
    if init_system.systemd_keeps_units():
        return "systemd"
    return "cron" if _CRON_PID.exists() or any(one.name in _CRON for one in processes()) else ""


def is_enabled(folder: Path) -> bool:
    """Tell whether the guard of a stack begins again after a boot."""
    return (folder / SCRIPT).exists()


def enable(folder: Path, command: Sequence[str], environment: Mapping[str, str]) -> None:
    """Have a command run after each boot, unless nothing on this host does that; `is_enabled` tells.

    Args:
        folder: the stack's folder.
        command: the command.
        environment: its whole environment.
    """
    from ..release.store import PRIVATE_FILE, replace

    how = means() if str(folder).isprintable() else ""
    script = folder / SCRIPT
    try:
        if not how:
            # One of an earlier run would do nothing for this one.
            script.unlink(missing_ok=True)
        else:
            replace(script, _script(folder, command, environment).encode(), PRIVATE_FILE)
        if how == "systemd":
            _add_unit(folder)
        elif how == "cron":
            _edit_crontab(folder, add=True)
    except (OSError, SlipwayError):
        # A home that is not there, a crontab that this user may not have: then the next run does the guard's work.
        disable(folder)


def disable(folder: Path) -> None:
    """Have nothing run after a boot any more."""
    if not is_enabled(folder):
        return
    for path in reversed(_unit_and_link(folder)):
        with suppress(OSError):
            path.unlink()
    if not init_system.systemd_keeps_units():
        with suppress(OSError, SlipwayError):
            _edit_crontab(folder, add=False)
    (folder / SCRIPT).unlink(missing_ok=True)


def _script(folder: Path, command: Sequence[str], environment: Mapping[str, str]) -> str:
    words = shlex.join([*(f"{name}={value}" for name, value in environment.items()), *command])
    log = shlex.quote(str(folder / LOG_FILE))
    return f"cd / && exec env -i {words} >>{log} 2>&1 </dev/null\n"


def _unit_and_link(folder: Path) -> tuple[Path, Path]:
    root = os.geteuid() == 0
    units = _SYSTEM_UNITS if root else _home() / _USER_UNITS
    name = f"slipway-at-boot-{folder.name}.service"
    return units / name, units / ("multi-user.target.wants" if root else "default.target.wants") / name


def _add_unit(folder: Path) -> None:
    """Write the unit and have it wanted at boot; systemd reads it then, and need not know of it before."""
    from ..release.store import make_folder, replace, sync_folder

    unit, link = _unit_and_link(folder)
    make_folder(link.parent)
    script = str(folder / SCRIPT).replace("%", "%%")
    quoted = script.replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    text = _UNIT.format(stack=folder.name, condition=script, argument=f'"{quoted}"')
    replace(unit, text.encode(), 0o644)
    with suppress(FileExistsError):
        link.symlink_to(unit)
    sync_folder(link.parent)


def _edit_crontab(folder: Path, *, add: bool) -> None:
    """Have the user's crontab name the script, or no longer.

    Raises:
        OSError, SlipwayError: it cannot be changed.
    """
    from ..release.store import PRIVATE_FILE, replace

    script = shlex.quote(str(folder / SCRIPT))
    # crontab(5) takes this sign for the end of a line.
    line = f"@reboot [ ! -e {script} ] || exec /bin/sh {script}".replace("%", "\\%")
    with _crontab_to_oneself():
        listed = run_command(["crontab", "-l"], command_environment({}), _CRONTAB_S)
        if listed.exit_code != 0 and not _NO_CRONTAB.search(listed.messages):
            raise OSError(listed.last_words)
        if "\ufffd" in listed.output:
            # Written back, what is no UTF-8 in it would be lost.
            raise OSError("the crontab is no UTF-8")
        before = listed.output.split("\n") if listed.exit_code == 0 else []
        before = before[:-1] if before and not before[-1] else before
        after = [one for one in before if one != line] + [line] * add
        if after == before:
            return
        fresh = folder / ".crontab"
        replace(fresh, "".join(f"{one}\n" for one in after).encode(), PRIVATE_FILE)
        try:
            changed = run_command(["crontab", str(fresh) if after else "-r"], command_environment({}), _CRONTAB_S)
        finally:
            fresh.unlink()
        if changed.exit_code != 0:
            raise OSError(changed.last_words)


@contextmanager
def _crontab_to_oneself() -> Iterator[None]:
    """Keep the runs of other stacks of this user from the crontab, which is read, changed and written as a whole."""
    descriptor = os.open(_home(), os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _home() -> Path:
    """Return the user's home as systemd and cron know it, whatever the environment says."""
    return Path(pwd.getpwuid(os.geteuid()).pw_dir)
