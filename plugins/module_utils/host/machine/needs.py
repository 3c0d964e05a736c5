# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds what a release takes for granted on its host and does not find there (I/O).

The engine makes a folder of a mounted path that is missing. For data that is what people want; in place of a file it is
the commonest mistake with Compose, and everything that follows from it is told by the container that cannot start.
"""

from __future__ import annotations

import posixpath
import stat
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path

from ...core.findings import Finding, SlipwayError
from ...engine.client import Engine
from ...engine.compose_command import ENV_FILE
from ...engine.host_needs import HostNeeds, HostPath
from ...release.progress import files_left
from ...release.store import ReleaseStore
from ...stack.bundle import FileBundle
from ...stack.variables import names_in_dotenv
from . import facts

#: Older ones refuse a network that Compose made for another project under another key, or that it has not made.
_TAKES_FOREIGN_NETWORKS = (5,)


def need_findings(store: ReleaseStore, engine: Engine, needs: HostNeeds, bundle: FileBundle) -> list[Finding]:
    """Return a finding for each path, network, volume and variable that a release needs and that is not there.

    So is one for each name that it gives to something, and that somebody else's has already.

    Args:
        store: the stack's folder.
        engine: the engine of this host.
        needs: what the release takes for granted.
        bundle: its files and variables.
    """
    files = [file.path for file in bundle.files]
    findings = path_findings(store.project, needs.paths, files, _files_that_go(store, files))
    dotenv = [file.content.decode(errors="replace") for file in bundle.files if file.path == ENV_FILE]
    known = {*bundle.env, *(name for text in dotenv for name in names_in_dotenv(text))}
    for user, name in needs.variables:
        if name not in known:
            remedy = f"Set {name} in stack_env."
            findings.append(Finding(f"variable {name} for {user}", "a value", "none", remedy))
    findings += _missing("network", needs.networks, engine.network_names)
    findings += _missing("volume", needs.volumes, engine.volume_names)
    return findings + held_findings(store.stack, needs, engine)


def path_findings(
    project: Path, paths: Collection[HostPath], files: Collection[str], going: Collection[str]
) -> list[Finding]:
    """Return a finding for each path that has to be there and is not.

    A path that is only mounted has to be there if it is a file: the release before had it as one, or its name is a
    file's. All else is a folder for data, which the engine makes.

    Args:
        project: the stack's project folder.
        paths: what the release mounts or reads.
        files: paths of its files.
        going: paths of files that lie in the project folder now, and that the release does not have.
    """
    findings: dict[Finding, None] = {}
    for one in paths:
        brought = one.path == "." or any(path == one.path or path.startswith(f"{one.path}/") for path in files)
        seen = "" if brought else _seen(project, one, going)
        must_be_there = not one.may_be_made or one.looks_like_a_file or one.path in going
        if seen and must_be_there:
            findings[_finding(project, one, seen)] = None
    return list(findings)


def _seen(project: Path, one: HostPath, going: Collection[str]) -> str:
    """Return what is wrong with what is there, "" if nothing is."""
    path = project / one.path
    if one.path in going:
        return f"a file of an earlier release at {path}, which this release does not have"
    try:
        if stat.S_ISDIR(path.stat().st_mode) and one.looks_like_a_file and next(path.iterdir(), None) is None:
            return f"an empty folder at {path}, as the engine makes it where a file is missing"
    except PermissionError:
        # Somebody else's, such as a key that only root reads: the engine will see it.
        return ""
    except OSError:
        return f"nothing at {path}"
    return ""


def _finding(project: Path, one: HostPath, seen: str) -> Finding:
    of_the_stack = not posixpath.isabs(one.path)
    expected = "a file of the stack, or one on this host" if of_the_stack else "something on this host"
    remedy = f"Put it at {project / one.path} on this host."
    if of_the_stack and not one.path.startswith(".."):
        remedy = f"Add {one.path} to the stack's folder (does .slipwayignore name it?), or put it on this host."
    if one.may_be_made:
        remedy += " If a folder is meant, let it have a file in it, such as .gitkeep."
    return Finding(f"{one.path} for {one.user}", expected, seen, remedy)


def _files_that_go(store: ReleaseStore, files: Collection[str]) -> set[str]:
    """Return the paths of files of earlier releases that lie in the project folder, and are to be removed."""
    current = store.current()
    lying = [file.path for file in files_left(store, "")]
    if current is not None:
        # A damaged record is found where the way back is proved.
        with suppress(SlipwayError):
            lying += store.folder_of(current).record.paths
    return set(lying) - set(files)


def held_findings(stack: str, needs: HostNeeds, engine: Engine) -> list[Finding]:
    """Return a finding for each name of a container or a network that Compose cannot give."""
    there = {one.name: one for one in engine.containers.all()} if needs.container_names else {}
    findings = []
    for service, name in needs.container_names:
        holder = there.get(name)
        if holder is None or holder.is_replica_of(stack):
            continue
        whose = f"a container of stack {holder.project}" if holder.project else "a container that no stack has"
        if holder.project == stack:
            whose = "a container that `docker compose run` of this stack has left"
        remedy = f"Give the service another container_name, or end it on this host: docker rm --force {name}"
        seen = f"{whose} ({holder.state})"
        findings.append(Finding(f"container name {name} for service {service}", "a free name", seen, remedy))
    return findings + _foreign_networks(stack, needs, engine)


def _foreign_networks(stack: str, needs: HostNeeds, engine: Engine) -> list[Finding]:
    makers = engine.network_makers() if needs.made_networks else {}
    found = [(name, key, *makers.get(name, (stack, key))) for name, key in needs.made_networks]
    found = [one for one in found if one[2] != stack and one[1] != one[3]]
    if not found or facts.version_numbers(facts.compose_version() or "") >= _TAKES_FOREIGN_NETWORKS:
        return []
    return [
        Finding(
            thing=f"network {name}",
            expected=f"none, or one that Compose made as {key}",
            seen=f"one that stack {project} calls {called}" if project else "one that Compose has not made",
            remedy=f"Say `external: true` of network {key} to use it as it is, or give it another name.",
        )
        for name, key, project, called in found
    ]


def _missing(kind: str, names: Collection[str], existing: Callable[[], Collection[str]]) -> list[Finding]:
    if not names:
        return []
    there = existing()
    return [
        Finding(
            thing=f"external {kind} {name}",
            expected=f"a {kind} that is there",
            seen="none of that name",
            remedy=f"Make it on this host (docker {kind} create {name}), or take `external: true` off.",
        )
        for name in names
        if name not in there
    ]
