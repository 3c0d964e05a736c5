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

from scripts.playbook_run.launch import PID_FILE, pack_environment
from scripts.playbook_run.processes import AnsibleEnd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

POLL_S = 0.2
ENVIRONMENT_PIPE = "environment"
VARIABLES_FILE = "extra_variables.json"


@dataclass(frozen=True)
class Project:
    """Where things are."""

    root: Path

    @property
    def inventories(self) -> Path:
        """The folder with one folder an environment."""
        return self.root / "inventories"

    @property
    def runs(self) -> Path:
        """The folder with one folder a run."""
        return self.root / "var" / "runs"


@dataclass(frozen=True)
class Job:
    """A playbook to run.

    Attributes:
        playbook: its name.
        environment: a folder under inventories/.
        variables: what it gets on top of the inventory's.
        limit: a pattern of hosts, None for all.
        options: further options of ansible-playbook.
        verbosity: as many as there are v.
        artifacts: where in the run's folder ansible-runner leaves its own.
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
        error: why it could not be watched to its end, None if it could.
    """

    exit_status: int
    error: str | None


def colour_variables(environment: dict[str, str], *, terminal: bool) -> dict[str, str]:
    """Decide about colour; Ansible itself always sees ansible-runner's terminal and would always colour."""
    if environment.get("ANSIBLE_FORCE_COLOR"):
        return {}
    if environment.get("NO_COLOR") or environment.get("ANSIBLE_NOCOLOR") or not terminal:
        return {"ANSIBLE_NOCOLOR": "1"}
    return {"ANSIBLE_FORCE_COLOR": "1"}


def ansible_environment(project: Project, environment: dict[str, str], *, terminal: bool) -> dict[str, str]:
    """Return what is set for Ansible on top of the user's environment."""
    programs = str(Path(sys.executable).parent)
    return {
        "ANSIBLE_CONFIG": str(project.root / "ansible.cfg"),
        # ansible-runner switches host keys off unless it is told otherwise.
        "ANSIBLE_HOST_KEY_CHECKING": "True",
        "ANSIBLE_SSH_HOST_KEY_CHECKING": "True",
        # ansible-runner takes the place of the callback that is named here, and calls it.
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
    """Run a playbook; what ansible-runner keeps goes to the run's folder.

    Args:
        project: where things are.
        job: what to run.
        folder: the run's folder.
        take: gets every event, and says whether to keep it.
        must_end: asked a few times a second; once it is true, Ansible is asked to end, and a moment later killed.
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
            # Nothing is left of a run that ended by itself; of any other nothing may be left.
            end.enforce()
    return Ended(exit_status if isinstance(exit_status, int) else 255, error)


def _forgetting(variables: Path, take: Callable[[dict[str, Any]], bool]) -> Callable[[dict[str, Any]], bool]:
    """Remove the variables once Ansible has read them: they may hold secrets, and a killed run clears nothing away."""

    def handler(event: dict[str, Any]) -> bool:
        if event.get("event") == "playbook_on_start":
            variables.unlink(missing_ok=True)
        return take(event)

    return handler


def _configuration(project: Project, job: Job, folder: Path, private: Path) -> RunnerConfig:
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
        # What Ansible puts down for a moment may hold secrets, and a killed Ansible clears nothing away.
        | {"ANSIBLE_LOCAL_TEMP": str(private / "ansible")},
        # A cache in the artifacts would keep every fact, environment variables of the targets included.
        fact_cache_type="memory",
    )
    config.prepare()
    return config


def _hide_environment(config: RunnerConfig, pipe: Path) -> None:
    """Let the environment pass through a pipe: ansible-runner stores the one that it is given itself."""
    environment = pack_environment(config.env)
    os.mkfifo(pipe, 0o600)
    threading.Thread(target=pipe.write_bytes, args=(environment,), name="environment", daemon=True).start()
    launcher = Path(__file__).with_name("launch.py")
    ansible_playbook = Path(sys.executable).with_name(config.command[0])
    config.command = [sys.executable, "-I", str(launcher), str(pipe), str(ansible_playbook), *config.command[1:]]
    config.env = {}


@contextmanager
def _private_folder() -> Iterator[Path]:
    """Make a folder that only its owner can look into, and remove it afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="slipway-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write_private(path: Path, content: dict[str, object]) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        json.dump(content, stream)
