# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of a playbook through ansible-runner."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
import tempfile
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible_runner import Runner, RunnerConfig

from ansible_collections.slipway.compose.plugins.module_utils.core.identifiers import run_began
from ansible_collections.slipway.compose.plugins.plugin_utils.rollout_text import BEGAN
from scripts.playbook_run.launch import PID_FILE, pack_environment
from scripts.playbook_run.processes import AnsibleEnd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

POLL_S = 0.2
ENVIRONMENT_PIPE = "environment"
VARIABLES_FILE = "extra_variables.json"


@dataclass(frozen=True)
class Project:
    """The folders of the project."""

    root: Path

    @property
    def inventories(self) -> Path:
        """The folder that has a folder for each environment."""
        return self.root / "inventories"

    @property
    def runs(self) -> Path:
        """The folder that has a folder for each run."""
        return self.root / "var" / "runs"


@dataclass(frozen=True)
class Job:
    """A playbook to run.

    Attributes:
        playbook: its name.
        environment: a folder under inventories/.
        variables: what it gets besides the inventory's.
        limit: a pattern of hosts, None for all.
        options: further options of ansible-playbook.
        verbosity: number of v in ansible-playbook's -vvv.
        artifacts: the folder in the run's folder for what ansible-runner stores.
    """

    playbook: str
    environment: str
    variables: dict[str, object]
    limit: str | None = None
    options: tuple[str, ...] = ()
    verbosity: int = 0
    artifacts: str = "artifacts"


@dataclass(frozen=True)
class Ended:
    """How Ansible ended.

    Attributes:
        exit_status: of ansible-playbook, 255 if it has none.
        error: why it was not watched to its end, None if it was.
    """

    exit_status: int
    error: str | None


def colour_variables(environment: dict[str, str], *, terminal: bool) -> dict[str, str]:
    """Return what tells Ansible whether to colour; under ansible-runner it always sees a terminal and always would."""
    if environment.get("ANSIBLE_FORCE_COLOR"):
        return {}
    if environment.get("NO_COLOR") or environment.get("ANSIBLE_NOCOLOR") or not terminal:
        return {"ANSIBLE_NOCOLOR": "1"}
    return {"ANSIBLE_FORCE_COLOR": "1"}


def ansible_environment(project: Project, environment: dict[str, str], *, terminal: bool) -> dict[str, str]:
    """Return the environment variables that Ansible gets besides the user's."""
    programs = str(Path(sys.executable).parent)
    return {
        "ANSIBLE_CONFIG": str(project.root / "ansible.cfg"),
        # ansible-runner switches host keys off unless it is told otherwise.
        "ANSIBLE_HOST_KEY_CHECKING": "True",
        "ANSIBLE_SSH_HOST_KEY_CHECKING": "True",
        # ansible-runner puts its own callback in place of this one, and calls it.
        "ANSIBLE_STDOUT_CALLBACK": environment.get("ANSIBLE_STDOUT_CALLBACK", "slipway.compose.rollout"),
        "PATH": os.pathsep.join((programs, environment.get("PATH", os.defpath))),
        "PYTHONUNBUFFERED": "1",
    } | colour_variables(environment, terminal=terminal)


def run_playbook(
    project: Project,
    job: Job,
    folder: Path,
    take: Callable[[dict[str, Any]], bool],
    must_end: Callable[[], bool] = lambda: False,
) -> Ended:
    """Run a playbook; what ansible-runner stores goes to the run's folder.

    Args:
        project: the folders of the project.
        job: what to run.
        folder: the run's folder.
        take: gets every event, and says whether to keep it.
        must_end: called a few times a second; once it returns true, Ansible is asked to end, and killed a second later.
    """
    exit_status, error = None, None
    with _private_folder() as private:
        end = AnsibleEnd(private / PID_FILE)
        try:
            _write_private(private / "env" / "settings", {"pexpect_timeout": POLL_S, "suppress_ansible_output": True})
            _write_private(private / VARIABLES_FILE, job.variables)
            config = _configuration(project, job, folder, private)
            _hide_environment(config, private / ENVIRONMENT_PIPE)
            handler = _forgetting(private / VARIABLES_FILE, take)
            runner = Runner(config, event_handler=handler, cancel_callback=lambda: must_end() and end.is_over())
            runner.run()
            exit_status = runner.rc
        except Exception as caught:  # noqa: BLE001  # a full disk, for example; Ansible must not go on unwatched
            error = f"{type(caught).__name__}: {caught}"
        finally:
            # A run that ended by itself has left no process; no other run may leave one, either.
            end.enforce()
    return Ended(exit_status if isinstance(exit_status, int) else 255, error)


def _forgetting(variables: Path, take: Callable[[dict[str, Any]], bool]) -> Callable[[dict[str, Any]], bool]:
    """Remove the variables once Ansible has read them: they may hold secrets, and a killed run removes nothing."""

    def handler(event: dict[str, Any]) -> bool:
        if event.get("event") == "playbook_on_start":
            variables.unlink(missing_ok=True)
        return take(event)

    return handler


def _configuration(project: Project, job: Job, folder: Path, private: Path) -> RunnerConfig:
    began = run_began(folder.name)
    config = RunnerConfig(
        private_data_dir=str(private),
        project_dir=str(project.root),
        artifact_dir=str(folder),
        ident=job.artifacts,
        playbook=str(project.root / "playbooks" / f"{job.playbook}.yml"),
        inventory=str(project.inventories / job.environment),
        limit=job.limit,
        cmdline=shlex.join(job.options) or None,
        extravars=str(private / VARIABLES_FILE),
        verbosity=job.verbosity,
        envvars=ansible_environment(project, dict(os.environ), terminal=sys.stdout.isatty())
        # Ansible's temporary files may hold secrets, and a killed Ansible removes none.
        | {"ANSIBLE_LOCAL_TEMP": str(private / "ansible")}
        # All playbooks of a run count from its beginning.
        | ({BEGAN: str(began.timestamp())} if began else {}),
        # A cache in the artifacts would keep every fact, environment variables of the targets included.
        fact_cache_type="memory",
    )
    config.prepare()
    return config


def _hide_environment(config: RunnerConfig, pipe: Path) -> None:
    """Pass the environment through a pipe: ansible-runner would store one that it is given."""
    environment = pack_environment(config.env)
    os.mkfifo(pipe, 0o600)
    threading.Thread(target=pipe.write_bytes, args=(environment,), name="environment", daemon=True).start()
    launcher = Path(__file__).with_name("launch.py")
    ansible_playbook = Path(sys.executable).with_name(config.command[0])
    config.command = [sys.executable, "-I", str(launcher), str(pipe), str(ansible_playbook), *config.command[1:]]
    config.env = {}


@contextmanager
def _private_folder() -> Iterator[Path]:
    """Make a folder that only its owner may enter, and remove it afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="slipway-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write_private(path: Path, content: dict[str, object]) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        json.dump(content, stream)
