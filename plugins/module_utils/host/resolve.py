# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets Compose resolve a release's files, and reads what they mean (I/O)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..core.command import command_environment, run_command
from ..core.findings import Finding
from ..core.masking import Masker, Secret
from ..engine.compose_command import ComposeProject, env_files
from ..engine.compose_model import (
    Service,
    environments,
    parse_services,
    secret_files,
    secret_variables,
    unset_variables,
)
from ..engine.host_needs import HostNeeds, parse_host_needs
from ..engine.image_pins import unpullable
from ..stack.bundle import FileBundle
from ..stack.secret_values import bundle_secrets, given_secrets
from ..stack.variables import is_refused
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
    findings = [_unset(name, bundle.compose_files) for name in unset_variables(answer.messages)]
    if answer.exit_code != 0:
        lacking = facts.compose_findings(facts.compose_version(), None)
        if lacking:
            return ResolvedProject(), lacking
        said = Masker(bundle_secrets(bundle)).mask(answer.last_words.replace(f"{folder}/", ""))
        return ResolvedProject(), [*findings, _invalid(bundle.compose_files, said)]
    services = parse_services(answer.output, str(folder))
    findings += [unpullable(service.name) for service in services if service.image is None]
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


def _unset(name: str, files: Sequence[str]) -> Finding:
    remedy = f"give it a default in the file: ${{{name}:-value}}."
    remedy = f"Write the value itself, or {remedy}" if is_refused(name) else f"Set it in stack_env, or {remedy}"
    seen = "none, and Compose would silently make it empty"
    return Finding(f"variable {name} in {', '.join(files)}", "a value", seen, remedy)


def _invalid(files: Sequence[str], said: str) -> Finding:
    return Finding(
        thing=f"Compose file {', '.join(files)}",
        expected="a project that Compose can read",
        seen=said,
        remedy="Correct the file; `docker compose config` shows the same message.",
    )
