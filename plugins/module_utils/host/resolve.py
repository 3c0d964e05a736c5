# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets Compose resolve a release's files, and reads what they mean (I/O)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..core.command import Completed, command_environment, run_command
from ..core.findings import Finding
from ..core.masking import Masker, Secret
from ..engine.compose_command import ENV_FILE, ComposeProject, env_files
from ..engine.compose_model import (
    Service,
    environments,
    parse_services,
    secret_files,
    secret_variables,
    unset_variables,
)
from ..engine.host_needs import HostNeeds, parse_host_needs
from ..engine.image_pins import unpinned
from ..engine.model.jobs import job_findings
from ..stack.bundle import FileBundle
from ..stack.secret_values import bundle_secrets, given_secrets
from ..stack.unset_variables import (
    UnsetVariables,
    active_services,
    env_file_paths,
    is_required,
    required_by_idle,
    unset,
)
from .machine import facts

_CONFIG_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class ResolvedProject:
    """A project as Compose understands it.

    Attributes:
        services: its services.
        secret_files: relative paths of its secrets' files.
        needs: what it takes for granted on its host.
        secrets: what its containers are given by variables and nothing that is shown may hold.
    """

    services: tuple[Service, ...] = ()
    secret_files: tuple[str, ...] = ()
    needs: HostNeeds = field(default_factory=HostNeeds)
    secrets: tuple[Secret, ...] = ()


def examine(stack: str, bundle: FileBundle, folder: Path) -> tuple[ResolvedProject, list[Finding]]:
    """Return the project whose files lie in a folder, as far as Compose can read it, and all that is wrong with it."""
    settings = env_files(str(folder), [file.path for file in bundle.files])
    project = ComposeProject(stack, str(folder), tuple(str(folder / name) for name in bundle.compose_files), settings)
    environment = command_environment(bundle.env, str(folder))
    answer = run_command(project.config(), environment, _CONFIG_TIMEOUT_S, cwd=str(folder))
    findings, idle = _unset_findings(project, environment, bundle, answer)
    if answer.exit_code != 0:
        lacking = facts.compose_findings(facts.compose_version(), None)
        if lacking:
            return ResolvedProject(), lacking
        said = Masker(bundle_secrets(bundle)).mask(answer.last_words.replace(f"{folder}/", ""))
        return ResolvedProject(), [*findings, idle or _invalid(bundle.compose_files, said)]
    services = parse_services(answer.output, str(folder))
    findings += unpinned(answer.output)
    findings += job_findings(json.loads(answer.output).get("services") or {})
    if not services:
        findings.append(_invalid(bundle.compose_files, "no service"))
    needs = parse_host_needs(answer.output, str(folder))
    public = [bundle.env.get("STACK_VERSION", ""), stack, *image_references(services)]
    public += [text for service in services for text in (service.name, *map(str, service.ports))]
    secrets = given_secrets(environments(answer.output), secret_variables(answer.output), bundle, public)
    return ResolvedProject(services, secret_files(answer.output, str(folder)), needs, tuple(secrets)), findings


def image_references(services: Sequence[Service]) -> list[str]:
    """Return the distinct image references of the services, sorted."""
    return sorted({service.image for service in services if service.image is not None})


def _unset_findings(
    project: ComposeProject, environment: Mapping[str, str], bundle: FileBundle, answer: Completed
) -> tuple[list[Finding], Finding | None]:
    """Return what Compose did not find and the release needs, and what it refuses for a service that is not started."""
    names, files = unset_variables(answer.messages), ", ".join(bundle.compose_files)
    if not names and not is_required(answer.messages):
        return [], None
    raw = run_command(project.raw_config(), environment, _CONFIG_TIMEOUT_S, cwd=project.directory)
    if raw.exit_code != 0:
        return [unset(name, files) for name in names], None
    model = json.loads(raw.output)
    values = {**bundle.settings, **environment, "COMPOSE_PROJECT_NAME": project.name}
    services = active_services(model, values.get("COMPOSE_PROFILES", ""))
    resolved: dict[str, Any] = json.loads(answer.output) if answer.exit_code == 0 else {**model, "services": services}
    variables = UnsetVariables(names, values, bundle.compose_files)
    variables.look_at(model, resolved)
    variables.look_into(ENV_FILE, bundle.text(ENV_FILE))
    for label, path in env_file_paths(model, resolved.get("services") or (), values, project.directory).items():
        with suppress(OSError):
            variables.look_into(label, Path(path).read_text(errors="replace"))
    return variables.findings(), required_by_idle(answer.messages, model, services, files)


def _invalid(files: Sequence[str], said: str) -> Finding:
    return Finding(
        thing=f"Compose file {', '.join(files)}",
        expected="a project that Compose can read",
        seen=said,
        remedy="Correct the file; `docker compose config` shows the same message.",
    )
