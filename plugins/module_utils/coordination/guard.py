# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Arms, renews and disarms the guard of a stack: a process on the host that takes the release back in time (I/O).

The guard runs the code of the module that armed it, from a copy in the release's folder. It needs no controller, and it
outlives the SSH session. What it has to do stands in `guard.json`; a guard whose token is not in there does nothing.
After a boot it begins again, and acts at once.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..boundary.shapes import Number, Record, Text, document_findings, read_json
from ..core.boot_time import BootTime
from ..core.command import command_environment
from ..core.findings import Finding, SlipwayError
from ..core.host_clock import boot_time
from ..core.identifiers import RELEASE_ID, RUN_ID, Form
from ..core.processes import end_process, process_began
from ..release import journal
from . import after_boot, code_archive, init_system
from .lease import BOOT_TIME, MOST_S

if TYPE_CHECKING:
    from ..release.store import ReleaseStore

FILE = "guard.json"
PROCESS_FILE = "guard.pid"
LOG_FILE = after_boot.LOG_FILE
#: Starts a command that is nobody's child: whoever ends a session with all processes below it does not find the guard.
_ORPHANED = ("sh", "-c", '"$@" &', "sh")
_LAUNCH_TIMEOUT_S = 10.0
_END_S = 2.0
#: Seconds for the guard's process to say that it is there; it was launched before the containers were.
_SIGN_IN_S = 10.0
_INTERVAL_S = 0.02
#: What `guard.json` holds.
_DOCUMENT = Record(
    {
        "token": Text(Form("[A-Za-z0-9-]{1,128}", "letters, digits and -")),
        "run": Text(RUN_ID),
        "release": Text(RELEASE_ID),
        "lasts_s": Number(least=0, most=MOST_S),
        "renewed": BOOT_TIME,
        "rollback_timeout_s": Number(least=0, most=MOST_S),
    }
)


@dataclass(frozen=True)
class GuardTask:
    """What the guard has to do, and when.

    Attributes:
        token: which guard this is for; an older one finds another token, and ends.
        run: the run that started the release.
        release: the release to take back.
        lasts_s: seconds after the last renewal until it acts.
        renewed: when that was.
        rollback_timeout_s: seconds that the containers may take to go back.
    """

    token: str
    run: str
    release: str
    lasts_s: float
    renewed: BootTime
    rollback_timeout_s: float

    def left_s(self, now: BootTime) -> float:
        """Return the seconds until the guard acts; not above zero if it is time, as it is after a boot."""
        return self.lasts_s - now.seconds_since(self.renewed) if now.boot == self.renewed.boot else 0.0

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> GuardTask:
        """Return the task that a document without fault holds."""
        known = {field.name: raw[field.name] for field in fields(cls)}
        return cls(**{**known, "renewed": BootTime.from_dict(raw["renewed"])})


def read_task(folder: Path) -> GuardTask | None:
    """Return what the guard of a stack has to do, None if none is armed.

    Raises:
        SlipwayError: the file that says it is damaged.
    """
    path = folder / FILE
    expected = "a JSON object with what the guard has to do"
    remedy = "Run scripts/recover.sh ENV once the run has ended; its guard goes on with what it knows."
    try:
        raw: Any = read_json(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise SlipwayError([Finding(f"file {path}", expected, error.strerror or str(error), remedy)]) from error
    except ValueError as error:
        raise SlipwayError([Finding(f"file {path}", expected, f"no JSON: {error}", remedy)]) from error
    faults = document_findings(_DOCUMENT, raw, f"file {path}", remedy)
    if faults:
        raise SlipwayError(faults)
    return GuardTask.from_dict(raw)


def task_or(folder: Path, known: GuardTask) -> GuardTask | None:
    """Return what a guard has to do, and what it knew of it if the file that says it is damaged."""
    try:
        return read_task(folder)
    except SlipwayError:
        return known


def is_present(folder: Path) -> bool:
    """Tell whether the process of a stack's guard is there."""
    try:
        pid, began = (folder / PROCESS_FILE).read_text().split()
        return bool(began) and process_began(int(pid)) == began
    except (OSError, ValueError):
        return False


class Guard:
    """The guard of one stack on this host."""

    def __init__(self, store: ReleaseStore, program: str, lasts_s: float, rollback_timeout_s: float) -> None:
        """Arm nothing yet.

        Args:
            store: the stack's folder, and the run.
            program: name of the Python module that the guard's process runs.
            lasts_s: seconds without a sign of life after which it acts.
            rollback_timeout_s: seconds that the containers may take to go back.
        """
        self._store = store
        self._program = program
        self._lasts_s = lasts_s
        self._rollback_timeout_s = rollback_timeout_s

    def arm(self, release: str, *, at_once: bool = False) -> None:
        """Start a guard for a release; one that is armed already gives way to it.

        Args:
            release: the release that it takes back.
            at_once: whether it is not to wait for anything.
        """
        code = code_archive.keep(self._store, release)
        self._end_process()
        lasts_s = 0.0 if at_once else self._lasts_s
        task = GuardTask(os.urandom(8).hex(), self._store.run, release, lasts_s, boot_time(), self._rollback_timeout_s)
        self._store.write_file(FILE, asdict(task))
        command = code_archive.command(code, self._program)
        command += [str(self._store.folder.parent), self._store.stack, task.token]
        environment = command_environment({})
        # Before anything is started: no moment may come at which a restart of the host would leave the release.
        after_boot.enable(self._store.folder, command, environment)
        if not self._launch_as_unit(command, environment, task.token):
            self._launch_detached(command, environment)

    def renew(self) -> None:
        """Have the guard wait its whole time again, if this run armed it."""
        try:
            task = read_task(self._store.folder)
        except SlipwayError:
            # Nobody can tell whose it was. What this run has started gets a guard anew.
            last = journal.last_start(self._store.entries())
            if last is None or last.run != self._store.run:
                raise
            self.arm(last.release)
            return
        if task is not None and task.run == self._store.run:
            self._store.write_file(FILE, asdict(replace(task, lasts_s=self._lasts_s, renewed=boot_time())))

    def check(self) -> None:
        """See that the guard's process is there.

        Raises:
            SlipwayError: it is not.
        """
        until = time.monotonic() + _SIGN_IN_S
        while not is_present(self._store.folder):
            if time.monotonic() >= until:
                log = self._store.folder / LOG_FILE
                remedy = f"Read {log} on the host: something ends its processes, or keeps Python from starting."
                raise SlipwayError([Finding(f"guard of stack {self._store.stack}", "its process", "none", remedy)])
            time.sleep(_INTERVAL_S)

    def disarm(self) -> None:
        """End the guard, under the lock: then it is not at work."""
        self._store.remove_file(FILE)
        self._end_process()
        after_boot.disable(self._store.folder)

    def _launch_detached(self, command: list[str], environment: Mapping[str, str]) -> None:
        log_file = os.open(self._store.folder / LOG_FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(log_file, "ab") as log:
            # run_command belongs to a module, and knows neither time limits nor process groups.
            subprocess.run(  # pylint: disable=ansible-bad-function
                [*_ORPHANED, *command],
                env=dict(environment),
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                check=False,
            )

    def _launch_as_unit(self, command: list[str], environment: Mapping[str, str], token: str) -> bool:
        """Start the guard as a transient unit where systemd runs; there, a session may take its processes with it."""
        root = os.geteuid() == 0
        systemd_run = shutil.which("systemd-run")
        if systemd_run is None or not init_system.systemd_keeps_units():
            return False
        log = self._store.folder / LOG_FILE
        argv = [systemd_run, "--collect", "--quiet", f"--unit=slipway-guard-{self._store.stack}-{token}"]
        argv += [] if root else ["--user"]
        argv += [f"--property=StandardOutput=append:{log}", f"--property=StandardError=append:{log}"]
        argv += [f"--setenv={name}={value}" for name, value in environment.items()]
        bus = {"XDG_RUNTIME_DIR": f"/run/user/{os.geteuid()}"}
        try:
            # run_command belongs to a module, and knows neither time limits nor process groups.
            started = subprocess.run(  # pylint: disable=ansible-bad-function
                [*argv, "--", *command],
                env={**environment, **bus},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_LAUNCH_TIMEOUT_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
        return started.returncode == 0

    def _end_process(self) -> None:
        with suppress(OSError, ValueError):
            pid, began = (self._store.folder / PROCESS_FILE).read_text().split()
            if int(pid) != os.getpid():
                end_process(int(pid), began, _END_S)
                self._store.remove_file(PROCESS_FILE)


def sign_in(folder: Path) -> None:
    """Write down which process is the guard."""
    # A name of its own, since two guards may begin at once. Where the disk is full, the task alone ends the guard.
    fresh = folder / f".{PROCESS_FILE}.{os.getpid()}"
    with suppress(OSError):
        fresh.touch(mode=0o600)
        fresh.write_text(f"{os.getpid()} {process_began(os.getpid())}\n")
        fresh.replace(folder / PROCESS_FILE)
    fresh.unlink(missing_ok=True)
