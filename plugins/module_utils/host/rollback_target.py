# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides how a host gets back from a release, and proves that it can, before the release is started (I/O)."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from ..core.command import command_environment, run_command
from ..core.findings import Finding, SlipwayError
from ..core.wording import counted
from ..engine.compose_command import ComposeProject
from ..engine.compose_model import parse_services
from ..engine.containers import ContainerSnapshot, Snapshot
from ..engine.host_needs import parse_host_needs
from ..gate.health import ServiceExpectation
from ..release import journal
from ..release.documents import DOCUMENTS, GATE_FILE, NEEDED_TO_START
from ..release.folder import ReleaseFolder
from ..release.record import ReleaseFile, ReleaseRecord
from ..release.rollback_script import WayBack
from ..release.secrets import release_masker
from ..release.store import ReleaseStore
from .host import Host

ADOPTED_FILE = "adopted.yaml"
_TIMEOUT_S = 60.0
#: What the engine says when a port is taken by its own accounts, whether or not a container is there for it.
_PORT_IS_HELD = "port is already allocated"


def failed(script: Path, said: str) -> Finding:
    """Say that a way back could not be gone, and what to do.

    Args:
        script: its rollback.sh.
        said: the end of what that said.
    """
    remedy = _with_the_port(said, f"Run this on the host and read what it says: sh {script}")
    return Finding("way back", f"{script} to succeed", said, remedy)


def not_started(container: str, said: str) -> Finding:
    """Say that a container that had ended could not be started again, and what to do.

    Args:
        container: its name.
        said: what the engine said.
    """
    remedy = _with_the_port(said, f"Run this on the host, when the cause is gone: docker start {container}")
    return Finding(f"container {container}", "to start again", said, remedy)


def runs_as(record: ReleaseRecord, hashes: Mapping[str, str], containers: Sequence[ContainerSnapshot]) -> bool:
    """Tell whether exactly a confirmed release runs, and all of its containers stand as they should."""
    return not differences(record, hashes, containers)


def differences(record: ReleaseRecord, hashes: Mapping[str, str], containers: Sequence[ContainerSnapshot]) -> list[str]:
    """Return in what the containers differ from a confirmed release, in words.

    Args:
        record: the release.
        hashes: Compose's configuration hash of each service when the release was confirmed.
        containers: what is there now.
    """
    known = {service.service for service in record.services}
    result = [f"{one.name} belongs to no service of the release" for one in containers if one.service not in known]
    for service in record.services:
        mine = [container for container in containers if container.service == service.service]
        if len(mine) != service.replicas and not _may_be_few(service, mine):
            result.append(
                f"service {service.service} has {counted(len(mine), 'container')} instead of {service.replicas}"
            )
        for one in mine:
            if not belongs_to(record, hashes, one):
                result.append(f"{one.name} was made from something else ({one.image})")
            elif not service.stands(one):
                result.append(f"{one.name} is {one.state}")
    return result


def still_expected(record: ReleaseRecord, containers: Sequence[ContainerSnapshot]) -> ReleaseRecord:
    """Return a release that runs already as it is expected: without containers of jobs that were cleaned up."""
    result = []
    for service in record.services:
        mine = [one for one in containers if one.service == service.service]
        result.append(replace(service, replicas=len(mine)) if _may_be_few(service, mine) else service)
    return replace(record, services=tuple(result))


def _may_be_few(service: ServiceExpectation, containers: Sequence[ContainerSnapshot]) -> bool:
    """Tell whether containers of a service may be missing: `docker container prune` takes jobs that are over."""
    return service.one_shot and len(containers) < service.replicas


def belongs_to(record: ReleaseRecord, hashes: Mapping[str, str], container: ContainerSnapshot) -> bool:
    """Tell whether a container, whatever its state, was made by a confirmed release."""
    same_image = record.images.get(container.service) == container.image
    return same_image and hashes.get(container.service) == container.config_hash


def choose(
    store: ReleaseStore, release: str, undone: tuple[ReleaseFile, ...], snapshot: Snapshot, hashes: Mapping[str, str]
) -> WayBack:
    """Return the way back from a release to what the snapshot shows; nothing is proved yet.

    Raises:
        SlipwayError: the confirmed release's record cannot be read.
    """
    current = store.folder_of(snapshot.release).record if snapshot.release else None
    containers = snapshot.containers
    from_store = all(origin.directory == str(store.project) for origin in snapshot.origins)
    if current is not None and (from_store or all(belongs_to(current, hashes, one) for one in containers)):
        started = tuple((one.id, one.started_at) for one in containers if one.state == "running")
        return WayBack(snapshot.stack, release, undone, to=current, started=started, expected=current.services)
    if containers and not from_store:
        tags = {(one.image_id, one.image) for one in containers if "@" not in one.image and ":" not in one.image[:7]}
        origin = snapshot.origins[0]
        return WayBack(
            snapshot.stack,
            release,
            undone,
            adopted_from=origin.directory,
            adopted_tags=tuple(sorted(tags)),
            expected=tuple(expectations(containers)),
        )
    return WayBack(snapshot.stack, release, undone)


def prove_release(host: Host, record: ReleaseRecord, *, claims: bool = False) -> list[Finding]:
    """Prove that a kept release can be started again with what this host has.

    Args:
        host: the host.
        record: the release.
        claims: whether its names and ports have to be free as well, since it is to be started now.
    """
    store = host.store
    thing = f"release {record.id}"
    findings = damage_findings(store, record)
    for service, image in sorted(record.images.items()):
        if host.engine.images.find(image) is None:
            remedy = f"Pull it on this host while the registry has it: docker pull {image}"
            findings.append(
                Finding(f"{thing}, image of service {service}", f"{image} on this host", "no such image", remedy)
            )
    if not findings:
        files = store.files_folder(record.id)
        project = store.compose_project(record, files)
        environment = command_environment(store.folder_of(record.id).environment, str(files))
        answer = run_command(project.config(), environment, _TIMEOUT_S, cwd=str(files))
        if answer.exit_code != 0:
            remedy = "Run the command `docker compose config` on its files to see more."
            said = release_masker(store, record).mask(answer.last_words)
            findings.append(Finding(thing, "files that Compose can read", said, remedy))
        elif claims:
            # To take a host back needs none of this, and is not to wait for it.
            from .machine.needs import held_findings
            from .preflight import taken_ports

            findings += taken_ports(host.engine, record.stack, parse_services(answer.output, str(files)))
            findings += held_findings(record.stack, parse_host_needs(answer.output, str(files)), host.engine)
    return findings


def damage_findings(store: ReleaseStore, record: ReleaseRecord) -> list[Finding]:
    """Find what is not as it was in the folder of a release that is to be started again."""
    folder = store.folder_of(record.id)
    findings = folder.damage(NEEDED_TO_START)
    with suppress(SlipwayError):
        damage = store.damage(record)
        if damage:
            remedy = f"Restore them in {folder.path} from the repository or a backup, or deploy another release."
            seen = f"changed or missing: {', '.join(damage)}"
            findings.append(Finding(f"release {record.id}", "the files that were deployed", seen, remedy))
    return findings or check_findings(folder)


def check_findings(folder: ReleaseFolder) -> list[Finding]:
    """Find the checks of a release that nobody can have declared so.

    Raises:
        SlipwayError: the gate's settings cannot be read at all.
    """
    try:
        folder.gate.parsed_checks()
    except SlipwayError as error:
        # What they hold may be secret.
        seen = f"something else: {', '.join(dict.fromkeys(finding.thing for finding in error.findings))}"
        thing = f"file {folder.path / GATE_FILE}"
        return [Finding(thing, "the checks that were declared", seen, DOCUMENTS[GATE_FILE].remedy)]
    return []


def irreversible_findings(store: ReleaseStore, goal: str) -> list[Finding]:
    """Find the releases after a kept one that changed data so that it cannot read them."""
    entries = store.entries()
    order = journal.first_mentions(entries)
    after = order[order.index(goal) + 1 :] if goal in order else []
    started = {entry.release for entry in entries if entry.event == journal.STARTING}
    later = [release for release in store.kept() if release in after and release in started]
    reasons = [(release, _why_irreversible(store, release)) for release in later]
    return [
        Finding(
            thing=f"release {goal}",
            expected="a release that can read the data as they are now",
            seen=f"release {release} after it, {reason}",
            remedy="Deploy one that works with the data; only if they allow it, -e stack_force_irreversible=true.",
        )
        for release, reason in reasons
        if reason
    ]


def _why_irreversible(store: ReleaseStore, release: str) -> str:
    try:
        return "" if store.folder_of(release).record.reversible else "with stack_reversible: false"
    except SlipwayError:
        return f"of which nobody knows whether it is reversible: {store.release_folder(release)} is damaged"


def freeze_adopted(snapshot: Snapshot) -> str:
    """Return a Compose file that makes again what somebody started by hand, proved against the running containers.

    Raises:
        SlipwayError: its files are gone, or do not make what runs.
    """
    if len(snapshot.origins) != 1:
        folders = ", ".join(origin.directory or "unknown" for origin in snapshot.origins)
        raise SlipwayError([_not_adoptable(snapshot, "containers from one project folder", f"several: {folders}")])
    origin = snapshot.origins[0]
    project = ComposeProject(snapshot.stack, origin.directory, origin.files, tuple(origin.environment_files) or None)
    environment = command_environment({})
    frozen = run_command(project.frozen_config(), environment, _TIMEOUT_S, cwd="/")
    if frozen.exit_code != 0:
        raise SlipwayError([_not_adoptable(snapshot, "Compose files that can be read", frozen.last_words)])
    with tempfile.NamedTemporaryFile("w", prefix="slipway-", suffix=".yaml") as file:
        file.write(frozen.output)
        file.flush()
        # Of the files themselves, older Compose makes other hashes than of what it starts: without their `env_file`.
        resolved = ComposeProject(snapshot.stack, origin.directory, (file.name,))
        hashes = run_command(resolved.hashes(), environment, _TIMEOUT_S, cwd="/")
    expected = dict(line.split(maxsplit=1) for line in hashes.output.splitlines() if " " in line.strip())
    changed = sorted({c.service for c in snapshot.containers if expected.get(c.service) != c.config_hash})
    if changed:
        seen = f"they would make something else of {', '.join(changed)} than what runs"
        raise SlipwayError([_not_adoptable(snapshot, f"the files in {origin.directory} to make what runs", seen)])
    return frozen.output


def expectations(containers: Sequence[ContainerSnapshot]) -> list[ServiceExpectation]:
    """Return what the gate expects after going back to a stack that Slipway did not start: what ran before."""
    result = []
    for service in sorted({container.service for container in containers}):
        mine = [container for container in containers if container.service == service]
        running = [container for container in mine if container.state == "running"]
        ended = [container for container in mine if container.state == "exited" and container.exit_code == 0]
        image: str | None = mine[0].image
        if running:
            result.append(ServiceExpectation(service, len(running), one_shot=False, image=image))
        elif ended:
            result.append(ServiceExpectation(service, len(ended), one_shot=True, image=image))
    return result


def _with_the_port(said: str, remedy: str) -> str:
    if _PORT_IS_HELD not in said:
        return remedy
    return (
        "If `docker ps` shows no container with that port, the engine holds it since it crashed within a start: "
        f"restart the engine (systemctl restart docker). {remedy}"
    )


def _not_adoptable(snapshot: Snapshot, expected: str, seen: str) -> Finding:
    directory = snapshot.origins[0].directory if snapshot.origins else "its folder"
    return Finding(
        thing=f"way back to the running stack {snapshot.stack}, which Slipway did not start",
        expected=expected,
        seen=seen,
        remedy=f"Run `docker compose up -d` in {directory}, with its settings in a .env file there, then deploy again.",
    )
