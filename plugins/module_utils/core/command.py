# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs Docker Compose commands and says what they said (I/O)."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from .findings import Finding, SlipwayError
from .processes import process_began

#: In the stack's folder: names the command that is at work, so that one which outlives its caller can be ended.
RUNNING_FILE = "running"
#: What a Compose command gets of its caller's environment, and may interpolate; no other name, nor in `rollback.sh`.
_INHERITED = ("PATH", "HOME", "DOCKER_HOST", "DOCKER_CONFIG")
#: What Compose says of things that go well.
_PROGRESS = re.compile(r"(?:Container|Network|Volume|Image|Service) \S+\s+[A-Z][a-z]+")
#: A command with a note starts when it is told to: a caller that dies before the note is written leaves nothing behind.
_WHEN_TOLD = ["sh", "-c", 'read -r told && exec "$@" </dev/null', "sh"]
_TOLD = b"go\n"
_DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Completed:
    """A command that ended: its exit code and what it printed."""

    exit_code: int
    output: str
    messages: str

    @property
    def last_words(self) -> str:
        """Return the part of its messages that tells why it failed, as far as a program can tell."""
        lines = [line.strip() for line in (self.messages or self.output).splitlines() if line.strip()]
        telling = [line for line in lines if not is_noise(line)]
        return "\n".join(telling[-8:]) or f"exit code {self.exit_code} and no message"


def is_noise(line: str) -> bool:
    """Tell whether Compose prints such a line when all goes well."""
    return "level=warning" in line or bool(_PROGRESS.fullmatch(line.strip()))


def command_environment(env: Mapping[str, str], folder: str | None = None) -> dict[str, str]:
    """Return a Compose command's environment: the release's variables, and nothing that could change its meaning.

    Args:
        env: the release's variables.
        folder: the command's working folder, if a Compose file may name it: `${PWD}` has to mean the project's.
    """
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    inherited |= {"PWD": folder} if folder is not None else {}
    return {"PATH": _DEFAULT_PATH, "HOME": "/", **inherited, **env}


def run_command(  # noqa: PLR0913 - the keyword arguments are what a command may need besides
    argv: list[str],
    env: Mapping[str, str],
    timeout_s: float,
    *,
    cwd: str | None = None,
    limit: str = "",
    note: Path | None = None,
) -> Completed:
    """Run a command to its end.

    Args:
        argv: command and arguments; no shell sees them.
        env: the whole environment of the command, see `command_environment`.
        timeout_s: seconds after which the command and its children are killed.
        cwd: working folder.
        limit: name of the time limit, for the message when it is hit.
        note: file that names the command's process group while it runs, for a command that changes containers. A group
            that is in there already was left alone by a caller that died, and is ended first: two commands that change
            the same containers would leave a mixture.

    Raises:
        SlipwayError: the program is missing, or the time is up.
    """
    if note is not None:
        end_noted(note)
    try:
        # run_command belongs to a module, and knows neither time limits nor process groups.
        process = subprocess.Popen(  # pylint: disable=ansible-bad-function
            [*_WHEN_TOLD, *argv] if note is not None and shutil.which(argv[0], path=env.get("PATH")) else argv,
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        finding = Finding(argv[0], "a program that can be run", str(error), "Run playbooks/bootstrap.yml on this host.")
        raise SlipwayError([finding]) from error
    try:
        with noted(process.pid, note):
            output, messages = process.communicate(_TOLD if note is not None else None, timeout_s)
    except subprocess.TimeoutExpired as error:
        os.killpg(process.pid, signal.SIGKILL)
        output, messages = process.communicate()
        within = f"{timeout_s:.0f} s" + (f" ({limit})" if limit else "")
        said = Completed(process.returncode, "", _text(messages)).last_words if messages.strip() else "none"
        seen = f"no end after {within}; its last words: {said}"
        remedy = f"Find what it waits for, or raise {limit or 'the time limit'}."
        raise SlipwayError([Finding(_title(argv), f"to end within {within}", seen, remedy)]) from error
    return Completed(process.returncode, _text(output), _text(messages))


@contextmanager
def noted(group: int, note: Path | None) -> Iterator[None]:
    """Have a file name the process group of a command while it runs."""
    if note is None:
        yield
        return
    # Where the disk is full, the command has to do without.
    with suppress(OSError):
        note.write_text(f"{group} {process_began(group)}\n")
    yield
    note.unlink(missing_ok=True)


def end_noted(note: Path) -> None:
    """End the process group that a file names, if a caller that died left it alone."""
    with suppress(OSError, ValueError):
        group, began = note.read_text().split()
        if process_began(int(group)) == began:
            os.killpg(int(group), signal.SIGKILL)


def _title(argv: list[str]) -> str:
    words = [word for word in argv if not word.startswith("-")]
    verbs = [word for word in words if word in ("up", "down", "config", "pull", "version")]
    return " ".join(words[:2] + verbs) if words[:1] == ["docker"] else words[0]


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
