# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds everything that keeps a host from taking a release, and touches nothing (I/O)."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ..core.findings import Finding, SlipwayError
from ..core.libraries import PACKAGES, load_library
from ..engine.client import Engine
from ..engine.compose_model import Service
from ..engine.image_reference import RegistryAuth
from ..engine.lost.containers import lost_container_findings
from ..hooks.programs import hook_findings
from ..release.store import ReleaseStore, unpack_files
from ..stack.checks import service_findings
from ..stack.payload import Payload
from .machine import facts
from .machine.needs import need_findings
from .machine.ports import port_findings
from .machine.sessions import session_findings
from .machine.time_limits import time_limit_findings
from .resolve import examine, image_references


def meet_engine(
    store: ReleaseStore, min_free_mb: int, auths: Sequence[RegistryAuth] = (), timeout_s: int = 60
) -> Engine:
    """Return the host's engine.

    Raises:
        SlipwayError: there is none; what else keeps the host from taking a release is said with it.
    """
    try:
        return Engine(auths, timeout_s)
    except SlipwayError as error:
        raise _all_of([*error.findings, *check_host(store, None, min_free_mb)]) from error


def check_host(store: ReleaseStore, engine: Engine | None, min_free_mb: int) -> list[Finding]:
    """Look at what a host must have for any release.

    Args:
        store: the stack's folder.
        engine: the engine; None where there is none to ask, which the caller says.
        min_free_mb: megabytes (10^6 bytes) that have to be free.
    """
    findings = _compose_findings(engine)
    folders = {str(store.folder): "releases"}
    if engine is not None:
        folders = {engine.data_folder(): "images", **folders}
    findings += facts.disk_findings(folders, min_free_mb)
    # What lies in a folder that is not this user's is not its business.
    findings += facts.folder_findings(store.folder) or store.journal_findings()
    findings += session_findings()
    return findings + _library_findings()


def check_all(store: ReleaseStore, stack: str, payload: Payload | None, min_free_mb: int, timeout_s: int) -> None:
    """Check whether the host could take a release, for a run that was refused for another reason already.

    Args:
        store: the stack's folder.
        stack: the stack's name.
        payload: the release for this host, as far as it could be read.
        min_free_mb: megabytes (10^6 bytes) that have to be free.
        timeout_s: seconds that the engine may be silent.

    Raises:
        SlipwayError: everything that speaks against it.
    """
    findings: list[Finding] = []
    engine: Engine | None = None
    try:
        engine = Engine(payload.auths if payload else (), timeout_s)
    except SlipwayError as error:
        findings += error.findings
    findings += check_host(store, engine, min_free_mb)
    findings += lost_container_findings(engine) if engine else []
    if payload is not None:
        findings += _release_findings(store, engine, stack, payload)
    if findings:
        raise _all_of(findings)


def taken_ports(engine: Engine, stack: str, services: Sequence[Service]) -> list[Finding]:
    """Find the ports of the host that the services want and that something else has."""
    wanted = [service for service in services if service.ports]
    return port_findings(wanted, engine.containers.all(), stack) if wanted else []


def resolve_images(stack: str, payload: Payload | None, images: Sequence[str], timeout_s: int = 60) -> dict[str, str]:
    """Return the digest of every image of a release, and of those that are named besides, by reference.

    Args:
        stack: the stack's name.
        payload: the release for this host; None if only the named images count.
        images: references.
        timeout_s: seconds that the engine may be silent.

    Raises:
        SlipwayError: everything that is wrong with the project, and every image that has no digest.
    """
    findings: list[Finding] = []
    services: tuple[Service, ...] = ()
    wanted = set(images)
    with ThreadPoolExecutor(1) as side:
        # Compose is another process; meanwhile this one loads the engine's library.
        engine = side.submit(Engine, payload.auths if payload else (), timeout_s)
        if payload is not None:
            with tempfile.TemporaryDirectory(prefix="slipway-") as folder:
                unpack_files(payload.bundle, Path(folder))
                project, findings = examine(stack, payload.bundle, Path(folder))
            services = project.services
            findings += declared_findings(payload, services)
            wanted.update(image_references(services))
    try:
        digests, unresolved = engine.result().images.resolve(sorted(wanted))
    except SlipwayError as error:
        raise SlipwayError([*findings, *error.findings]) from error
    if payload is not None:
        findings += time_limit_findings(engine.result(), services, {}, payload.gate)
    facts.raise_all([*findings, *unresolved])
    return digests


def digest_findings(engine: Engine, planned: Mapping[str, str]) -> list[Finding]:
    """Ask the registries anew for the digests that another host has named for the whole fleet.

    A host alone could pin every other one to an image of its choice.

    Args:
        engine: this host's engine.
        planned: digest by image reference.
    """
    seen, findings = engine.images.resolve(sorted(planned))
    remedy = (
        "Deploy again, if the tag was moved just now. If they still differ, one of the two hosts does not ask the "
        "registry that the other asks, or does not tell the truth: compare their mirrors and proxies."
    )
    return findings + [
        Finding(f"image {reference}", f"{planned[reference]}, as the first host says", digest, remedy)
        for reference, digest in seen.items()
        if digest != planned[reference]
    ]


def declared_findings(payload: Payload, services: Sequence[Service]) -> list[Finding]:
    """Find what is wrong with hooks and checks for a release of these services.

    Args:
        payload: the release for this host.
        services: its services; none if Compose could not read them, and then nothing is said of them.
    """
    findings = hook_findings(payload, services)
    return findings + (service_findings(payload.gate.checks, {one.name for one in services}) if services else [])


def _release_findings(store: ReleaseStore, engine: Engine | None, stack: str, payload: Payload) -> list[Finding]:
    try:
        with tempfile.TemporaryDirectory(prefix="slipway-") as folder:
            unpack_files(payload.bundle, Path(folder))
            project, findings = examine(stack, payload.bundle, Path(folder))
    except SlipwayError as error:
        return list(error.findings)
    findings += declared_findings(payload, project.services)
    if engine is not None:
        findings += taken_ports(engine, stack, project.services)
        findings += need_findings(store, engine, project.needs, payload.bundle)
        findings += time_limit_findings(engine, project.services, {}, payload.gate)
        findings += engine.images.resolve(image_references(project.services))[1]
    return findings


def _compose_findings(engine: Engine | None) -> list[Finding]:
    try:
        api = engine.api_version() if engine is not None else None
        return facts.compose_findings(facts.compose_version(), api)
    except SlipwayError as error:
        return list(error.findings)


def _library_findings() -> list[Finding]:
    return [finding for name in PACKAGES for finding in _missing(name)]


def _missing(library: str) -> tuple[Finding, ...]:
    try:
        load_library(library)
    except SlipwayError as error:
        return error.findings
    return ()


def _all_of(findings: Sequence[Finding]) -> SlipwayError:
    return SlipwayError(dict.fromkeys(findings))
