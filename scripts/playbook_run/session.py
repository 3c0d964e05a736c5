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
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ansible_runner import Runner, RunnerConfig

from scripts.playbook_run.interruption import Interruption
from scripts.playbook_run.launch import PID_FILE, pack_environment
from scripts.playbook_run.run_folder import Ending

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scripts.playbook_run.arguments import Request
    from scripts.playbook_run.live_output import LiveOutput

POLL_S = 0.2
ENVIRONMENT_PIPE = "environment"


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


def run_playbook(project: Project, request: Request, folder: Path, output: LiveOutput) -> Ending:
    """Run the verb's playbook; what it says appears live, what ansible-runner keeps goes to the run's folder."""
    began = time.monotonic()
    with _private_folder() as private:
        interruption = Interruption(private / PID_FILE, output.say)
        interruption.listen()
        _write_private(private / "env" / "settings", {"pexpect_timeout": POLL_S, "suppress_ansible_output": True})
        variables = request.playbook_variables() | {"stack_run_id": folder.name, "stack_runs_dir": str(project.runs)}
        _write_private(private / "extra_variables.json", variables)
        config = _configuration(project, request, folder, private)
        _hide_environment(config, private / ENVIRONMENT_PIPE)
        runner = Runner(config, event_handler=output.take, cancel_callback=interruption.must_kill)
        cut_off_by = None
        try:
            runner.run()
        except Exception as error:  # noqa: BLE001  # a full disk, for example; Ansible must not go on unwatched
            interruption.pass_on()
            cut_off_by = f"{type(error).__name__}: {error}"
        output.finish()
    return Ending(
        exit_status=runner.rc if isinstance(runner.rc, int) else 255,
        targets_touched=output.targets_touched,
        interrupted_by=interruption.signal_name or cut_off_by,
        duration_s=time.monotonic() - began,
    )


def _configuration(project: Project, request: Request, folder: Path, private: Path) -> RunnerConfig:
    environment = dict(os.environ)
    options = [name for name, wanted in (("--check", request.check), ("--diff", request.diff)) if wanted]
    config = RunnerConfig(
        private_data_dir=str(private),
        project_dir=str(project.root),
        artifact_dir=str(folder),
        ident="artifacts",
        playbook=str(project.root / "playbooks" / f"{request.verb}.yml"),
        inventory=str(project.inventories / request.environment),
        limit=request.limit,
        cmdline=shlex.join(options) or None,
        extravars=str(private / "extra_variables.json"),
        verbosity=request.verbosity,
        envvars=ansible_environment(project, environment, terminal=sys.stdout.isatty()),
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
