# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs hooks: commands here, and one-off runs of a release's services (I/O)."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable

from ..core.command import RUNNING_FILE, command_environment, is_noise, run_command
from ..core.findings import Finding, SlipwayError
from ..core.masking import Masker
from ..core.user_command import Ended, run_user_command
from ..engine.client import Engine
from ..engine.compose_command import HOOK_LABEL, ComposeProject
from ..engine.one_off import FolderMap, one_off_document
from ..release.record import ReleaseRecord
from ..release.secrets import release_masker
from ..release.store import ReleaseStore, now
from ..stack.hooks import PRE_DEPLOY, Hook, HookContext, HookReport, select
from .hook_containers import remove_hook_containers
from .programs import found_program

#: How its hooks ended, one JSON object a line; the guard has nobody else to tell it to.
HOOKS_LOG = "hooks.jsonl"
_CONFIG_TIMEOUT_S = 60.0
_LONGEST_LINE = 400


class HookRunner:
    """The hooks of one release on this host."""

    def __init__(self, store: ReleaseStore, engine: Engine, release: str, *, first_host: bool | None = None) -> None:
        """Read which there are.

        Args:
            store: the stack's folder.
            engine: the engine of this host.
            release: the release.
            first_host: whether this is the first host of the fleet; None: as it was when the release was prepared.
        """
        self._store = store
        self._engine = engine
        self._release = release
        self._settings = store.folder_of(release).hooks
        self._first_host = self._settings.first_host if first_host is None else first_host

    def run(self, kind: str, previous: str | None, alive: Callable[[], None] = lambda: None) -> list[HookReport]:
        """Run the hooks of one event, one after the other.

        One that fails ends the row if the deployment depends on it; the others are reported, and the next is run.

        Args:
            kind: the event.
            previous: the release that ran before this one, and that a way back leads to; None if there is none.
            alive: called before and after each hook, since hooks take their time.
        """
        hooks = select(self._settings.hooks, kind, first_host=self._first_host)
        reports: list[HookReport] = []
        try:
            if hooks:
                self._run(hooks, previous, alive, reports)
        except Exception as error:  # noqa: BLE001 - a hook that breaks has failed; a way back must not break with it
            seen = " ".join(f"it could not be run: {type(error).__name__}: {error}".split())
            hook = hooks[min(len(reports), len(hooks) - 1)]
            reports.append(HookReport(hook, passed=False, seen=seen))
        if reports:
            self._note(reports)
        return reports

    def _note(self, reports: Sequence[HookReport]) -> None:
        lines = [json.dumps({"at": now(), "run": self._store.run, **report.as_dict()}) for report in reports]
        path = self._store.release_folder(self._release) / HOOKS_LOG
        with suppress(OSError), os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "w") as log:
            log.write("".join(f"{line}\n" for line in lines))

    def _run(
        self, hooks: Sequence[Hook], previous: str | None, alive: Callable[[], None], reports: list[HookReport]
    ) -> None:
        record = self._store.folder_of(self._release).record
        context = HookContext(record.stack, record.id, record.version, previous, self._settings.host, self._store.run)
        runner = _TargetRunner(self._store, self._engine, record, context)
        with runner.prepared(hooks):
            alive()
            for hook in hooks:
                reports.append(runner.run(hook))
                alive()
                if reports[-1].stops:
                    break


@dataclass(frozen=True)
class Surroundings:
    """What a hook's command line runs in.

    Attributes:
        environment: its whole environment.
        folder: its working folder.
        masker: knows the secrets that its output may show.
        note: file that names its process group while it runs, see `run_command`.
    """

    environment: Mapping[str, str]
    folder: Path
    masker: Masker
    note: Path | None = None


def run_command_hook(hook: Hook, argv: Sequence[str], surroundings: Surroundings) -> HookReport:
    """Run one hook's command line and say how it ended.

    Args:
        hook: the hook.
        argv: what to run; `hook.command`, its program found.
        surroundings: what it runs in.
    """
    around = surroundings
    try:
        ended = run_user_command(argv, around.environment, hook.timeout_s, str(around.folder), around.note)
    except OSError as error:
        return HookReport(hook, passed=False, seen=f"{argv[0]} cannot be run: {error.strerror or error}")
    return _report(hook, ended, around.masker)


class _TargetRunner:
    """Runs the hooks of one release on this host."""

    def __init__(self, store: ReleaseStore, engine: Engine, record: ReleaseRecord, context: HookContext) -> None:
        self._store = store
        self._engine = engine
        self._record = record
        self._context = context
        self._masker = release_masker(store, record)
        self._environment = store.folder_of(record.id).environment
        self._view = Path()

    @contextmanager
    def prepared(self, hooks: Sequence[Hook]) -> Iterator[None]:
        """Have what one-off runs need, and leave nothing of it behind."""
        if all(hook.service is None for hook in hooks):
            yield
            return
        networks = self._networks()
        self._view = self._store.building_folder()
        try:
            self._copy_files()
            remove_hook_containers(self._engine, self._record.stack)
            yield
        finally:
            remove_hook_containers(self._engine, self._record.stack)
            # Those that the runs had to make: before its first release a host has none, and is to look like that.
            for network in self._networks() - networks:
                self._engine.remove_network(network)
            shutil.rmtree(self._view, ignore_errors=True)

    def run(self, hook: Hook) -> HookReport:
        """Run one hook and say how it ended."""
        try:
            return self._run_command(hook) if hook.service is None else self._run_service(hook, hook.service)
        except SlipwayError as error:
            return HookReport(hook, passed=False, seen=self._masker.mask(str(error)))

    def _run_command(self, hook: Hook) -> HookReport:
        argv = found_program(hook.command, self._store.files_folder(self._record.id))
        told = {**self._environment, **self._context.environment(hook)}
        return run_command_hook(hook, argv, self._surroundings(hook, told))

    def _run_service(self, hook: Hook, service: str) -> HookReport:
        environment = command_environment(self._environment, str(self._view / "files"))
        document = one_off_document(
            self._resolved(environment),
            service,
            command=hook.command,
            environment=self._context.environment(hook),
            existing={"networks": self._engine.network_names(), "volumes": self._engine.volume_names()},
            folders=FolderMap(
                str(self._view / "files"),
                str(self._store.project),
                [file.path for file in self._record.files],
                self._holds_data,
            ),
        )
        file = self._view / "one-off.json"
        file.touch(mode=0o600)
        file.write_text(json.dumps(document))
        project = ComposeProject(self._record.stack, str(self._store.project), (str(file),))
        argv = project.one_off(service, f"{self._record.stack}-{hook.kind}-hook", f"{HOOK_LABEL}={hook.kind}")
        return run_command_hook(hook, argv, self._surroundings(hook, self._environment))

    def _surroundings(self, hook: Hook, variables: Mapping[str, str]) -> Surroundings:
        # Before a deployment nobody has the lock, and then the file is somebody else's.
        note = None if hook.kind == PRE_DEPLOY else self._store.folder / RUNNING_FILE
        environment = command_environment(variables)
        return Surroundings(environment, self._store.project, self._masker, note)

    def _resolved(self, environment: Mapping[str, str]) -> dict[str, Any]:
        folder = self._view / "files"
        project = self._store.compose_project(self._record, folder)
        answer = run_command(project.config(), environment, _CONFIG_TIMEOUT_S, cwd=str(folder))
        if answer.exit_code != 0:
            remedy = "Correct the stack's files."
            said = self._masker.mask(answer.last_words)
            raise SlipwayError([Finding("Compose file", "a project that Compose can read", said, remedy)])
        resolved: dict[str, Any] = json.loads(answer.output)
        return resolved

    def _copy_files(self) -> None:
        """Lay the release's files out as they lie in the project, where a container's user may read them."""
        source, target = self._store.files_folder(self._record.id), self._view / "files"
        target.mkdir()
        for file in self._record.files:
            path = target / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / file.path, path)
            path.chmod(file.mode)
        for folder in [target, *(path for path in target.rglob("*") if path.is_dir())]:
            folder.chmod(0o755)

    def _holds_data(self, folder: str) -> bool:
        """Tell whether a folder of the project has more in it than files of a release."""
        known = {file.path for file in self._record.files}
        current = self._store.current()
        if current is not None:
            known |= {file.path for file in self._store.folder_of(current).record.files}
        folders = {str(parent) for path in known for parent in Path(path).parents}
        top = self._store.project / folder
        try:
            next(top.iterdir(), None)
        except OSError as error:
            # One that this user may not look into was not made from the release's files.
            return not isinstance(error, FileNotFoundError)
        return any(str(path.relative_to(self._store.project)) not in known | folders for path in top.rglob("*"))

    def _networks(self) -> set[str]:
        return self._engine.network_names(self._record.stack)


def _report(hook: Hook, ended: Ended, masker: Masker) -> HookReport:
    text = masker.mask("\n".join(line for line in ended.lines if not is_noise(line)))
    lines = tuple(line[:_LONGEST_LINE] for line in text.splitlines())
    return HookReport(hook, ended.passed, ended.seen(hook.timeout_s), lines, ended.duration_s)
