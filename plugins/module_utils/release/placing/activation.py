# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts all files of a release into the project folder, or finds out what would keep it from that (I/O)."""

from __future__ import annotations

import os
import pwd
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ...core.findings import Finding, SlipwayError
from ..record import ReleaseFile
from .as_root import Job, do_as_root
from .project_folder import ProjectFolder


@dataclass
class Activation:
    """What became of a project folder.

    Attributes:
        changed: the paths that were written or removed.
        said: what had to be kept because it stood in the way, or was put back, in words.
    """

    changed: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


@dataclass
class _Rest:
    """What is left to be done as root, and what nobody can do."""

    as_root: list[Job] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def activate(
    stack_folder: Path, release: str, files: Sequence[ReleaseFile], replaced: Sequence[ReleaseFile]
) -> Activation:
    """Put the files of a release into the project folder, and take away those that it does not have.

    A file that is there already is left alone, so that a container that mounts it goes on seeing it.

    Args:
        stack_folder: the stack's folder.
        release: the release.
        files: its files.
        replaced: files of the releases whose files lie there.

    Raises:
        SlipwayError: what could not be put into its place.
    """
    folder = ProjectFolder(stack_folder)
    changed, rest = _place(folder, stack_folder, release, files, replaced)
    said: list[str] = []
    if rest.as_root:
        said, reason = do_as_root(stack_folder, rest.as_root)
        rest.findings += _forbidden(stack_folder, rest.as_root, reason)
    if rest.findings:
        raise SlipwayError(rest.findings)
    try:
        folder.bring_back()
    except PermissionError:
        # What not even root can put back stays where it is, and is whole.
        said += do_as_root(stack_folder, [Job("back", "all")])[0]
    return Activation(changed, folder.said + said)


def activation_findings(
    stack_folder: Path, files: Iterable[ReleaseFile], replaced: Sequence[ReleaseFile]
) -> list[Finding]:
    """Return what would keep `activate` from putting these files into their places; nothing is touched.

    Args:
        stack_folder: the stack's folder.
        files: the files.
        replaced: files of the releases whose files lie there.
    """
    _changed, rest = _place(ProjectFolder(stack_folder, dry=True), stack_folder, "", tuple(files), replaced)
    if rest.as_root:
        _said, reason = do_as_root(stack_folder, [Job("may", job.path) for job in rest.as_root])
        rest.findings += _forbidden(stack_folder, rest.as_root, reason)
    return rest.findings


def astray(stack_folder: Path, files: Iterable[ReleaseFile]) -> list[str]:
    """Return the paths in the project folder where something else than these files is, as far as this user sees."""
    folder = ProjectFolder(stack_folder)
    result = []
    for file in files:
        try:
            stands = folder.in_place(file)
        except OSError:
            stands = False
        if stands is False:
            result.append(file.path)
    return result


def _place(
    folder: ProjectFolder,
    stack_folder: Path,
    release: str,
    wanted: Sequence[ReleaseFile],
    replaced: Sequence[ReleaseFile],
) -> tuple[list[str], _Rest]:
    """Return the paths that were changed, and what is left to do."""
    changed: list[str] = []
    rest = _Rest()
    before: dict[str, set[ReleaseFile]] = {}
    for file in replaced:
        before.setdefault(file.path, set()).add(file)
    # First: where a file was, a folder may be wanted, and the other way round.
    for path in sorted(before.keys() - {file.path for file in wanted}):
        with _noted(rest, stack_folder, Job("gone", path)):
            if folder.gone(path):
                changed.append(path)
    for file in wanted:
        with _noted(rest, stack_folder, Job.of(file, release)):
            stands = folder.in_place(file)
            # Nobody but a container sees it. It was put there, and nothing else is to be.
            unseen = stands is None and before.get(file.path) == {file}
            source = stack_folder / "releases" / release / "files" / file.path
            if not stands and not unseen and folder.place(file, source):
                changed.append(file.path)
    return sorted(changed + [job.path for job in rest.as_root]), rest


@contextmanager
def _noted(rest: _Rest, stack_folder: Path, job: Job) -> Iterator[None]:
    """Note what the operating system refuses of one job."""
    try:
        yield
    except PermissionError:
        rest.as_root.append(job)
    except OSError as error:
        rest.findings.append(
            Finding(
                thing=f"file {stack_folder / 'project' / job.path}",
                expected="a place that a file can be put into",
                seen=error.strerror or str(error),
                remedy="Take away what is in the way on the host, or rename the file in the stack's folder.",
            )
        )


def _forbidden(stack_folder: Path, jobs: Sequence[Job], reason: str) -> list[Finding]:
    """Return what neither the deploy user nor root in a container may do, if that failed for a reason."""
    if not reason:
        return []
    user = _user(os.geteuid())
    found = {job.path: _closed_folder(stack_folder / "project", job.path) for job in jobs}
    return [
        Finding(
            thing=f"file {path} in the project folder",
            expected=f"a folder that {user} may write",
            seen=f"{folder}, which belongs to {owner}; a container could not write there, either: {reason}",
            remedy=f"Run this on the host, or name the file in .slipwayignore: sudo chown -R {user}: {folder}",
        )
        for path, (folder, owner) in found.items()
    ]


def _closed_folder(project: Path, path: str) -> tuple[Path, str]:
    """Return the folder that keeps this user from a file, and its owner."""
    folder = project
    for part in ["", *Path(path).parent.parts]:
        if stat.S_ISDIR(os.lstat(folder / part).st_mode):
            folder = folder / part
        if not os.access(folder, os.W_OK | os.X_OK):
            break
    return folder, _user(folder.stat().st_uid)


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)
