# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a stack's folder on the controller and renders it for one host (I/O)."""

from __future__ import annotations

import fnmatch
import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..module_utils.core.findings import Finding, SlipwayError
from ..module_utils.core.identifiers import PATH_INSIDE, VARIABLE_NAME
from ..module_utils.engine.compose_command import ENV_FILE
from ..module_utils.stack.bundle import BundledFile, FileBundle
from ..module_utils.stack.variables import is_refused, refused_in_dotenv
from .known_secrets import confidential_files
from .remote_parts import remote_findings

TEMPLATE_SUFFIX = ".j2"
IGNORE_FILE = ".slipwayignore"
#: Compose's own order of preference (compose-spec, "The Compose file").
_COMPOSE_FILES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
#: The files travel inside a module's arguments; what is larger belongs into an image or a volume.
LARGEST_STACK_BYTES = 16 * 1024 * 1024
_ALWAYS_IGNORED = (".git", IGNORE_FILE)


@dataclass(frozen=True)
class StackSource:
    """A stack as one host is to get it.

    Attributes:
        bundle: rendered files, environment and Compose files.
        file_hashes: SHA-256 of each file as it lies in the repository, by its path there; a file of secrets is left
            out, since who sees a plan could find a short one by trying.
        rendered: whether one of them is a template, so that it may differ from host to host.
    """

    bundle: FileBundle
    file_hashes: Mapping[str, str]
    rendered: bool = False


def read_stack(folder: Path, version: str, env: Any, render: Callable[[str, Path], str]) -> StackSource:  # noqa: ANN401
    """Return the stack that lies in a folder, rendered for one host.

    Args:
        folder: `stack_src`.
        version: exported to Compose as STACK_VERSION.
        env: `stack_env` as the user wrote it; anything that is wrong with it is a finding.
        render: renders the text of a template; raises SlipwayError if it cannot.

    Raises:
        SlipwayError: everything that is wrong with the folder, the templates and the environment.
    """
    environment, findings = _environment(env, version)
    if not folder.is_dir():
        remedy = "Set stack_src to the folder with the Compose file."
        raise SlipwayError([*findings, Finding("stack_src", "a folder", f"nothing at {folder}", remedy)])
    files: list[BundledFile] = []
    hashes: dict[str, str] = {}
    for path, relative in _walk(folder):
        if not _is_portable(relative):
            findings.append(_name_finding(relative))
            continue
        try:
            content = _content(path, folder)
            hashes[relative] = hashlib.sha256(content).hexdigest()
            files.append(_bundled(path, relative, content, render))
        except SlipwayError as error:
            findings += error.findings
    names = {file.path for file in files}
    if len(names) < len(files):
        twice = sorted(name for name in names if name + TEMPLATE_SUFFIX in hashes and name in hashes)
        findings.append(Finding(", ".join(twice), "a file or a template", "both", "Remove one of them."))
    compose_files = _compose_files(names)
    if not compose_files:
        seen = f"none of {', '.join(_COMPOSE_FILES)} in {folder}"
        findings.append(Finding("Compose file", "one in the stack's folder", seen, "Add it, or correct stack_src."))
    findings += [_dotenv_finding(name) for file in files if file.path == ENV_FILE for name in _refused(file)]
    bundle = FileBundle(tuple(sorted(files, key=lambda file: file.path)), environment, compose_files)
    findings += remote_findings({file.path: file.content for file in files}, compose_files, bundle.settings)
    size = sum(len(file.content) for file in files)
    if size > LARGEST_STACK_BYTES:
        largest = max(files, key=lambda file: len(file.content)).path
        seen = f"{size // 1024 // 1024} MiB, the largest file is {largest}"
        remedy = f"Put large files into an image or a volume, or name them in {IGNORE_FILE}."
        findings.append(Finding(f"folder {folder}", f"at most {LARGEST_STACK_BYTES // 1024 // 1024} MiB", seen, remedy))
    if findings:
        raise SlipwayError(findings)
    confidential = confidential_files(bundle)
    shown = {path: sha256 for path, sha256 in hashes.items() if path.removesuffix(TEMPLATE_SUFFIX) not in confidential}
    return StackSource(bundle, shown, any(path.endswith(TEMPLATE_SUFFIX) for path in hashes))


def _environment(env: Any, version: str) -> tuple[dict[str, str], list[Finding]]:  # noqa: ANN401
    if not isinstance(env, Mapping):
        remedy = "Write one `NAME: value` line for each variable."
        return {}, [Finding("stack_env", "a mapping of names to values", type(env).__name__, remedy)]
    environment: dict[str, str] = {}
    findings = []
    for name, value in env.items():
        if not VARIABLE_NAME.fits(str(name)):
            remedy = "Use letters, digits and underscores."
            findings.append(Finding(f"stack_env.{name}", "a name that a shell can export", "another name", remedy))
        elif is_refused(str(name)):
            seen = "one that changes how Docker, Compose, a shell or Slipway works"
            remedy = "Give it another name here and in the Compose file; inside a container any name is free."
            findings.append(Finding(f"stack_env.{name}", "a name that is the stack's own", seen, remedy))
        elif isinstance(value, bool):
            environment[str(name)] = str(value).lower()
        elif isinstance(value, (str, int, float)) and _is_text(str(value)):
            environment[str(name)] = str(value)
        else:
            remedy = "Write one string; quote it if in doubt."
            seen = "a text that no process can be given" if isinstance(value, str) else type(value).__name__
            findings.append(Finding(f"stack_env.{name}", "a string, number or boolean", seen, remedy))
    environment["STACK_VERSION"] = version
    return environment, findings


def _is_text(value: str) -> bool:
    return "\0" not in value and value.encode(errors="replace").decode() == value


def _is_portable(relative: str) -> bool:
    """Tell whether a path can be written into the documents of a release, and read from them."""
    try:
        relative.encode()
    except UnicodeEncodeError:
        return False
    return PATH_INSIDE.fits(relative)


def _name_finding(relative: str) -> Finding:
    shown = relative.encode(errors="surrogateescape").decode(errors="backslashreplace")
    shown = shown if shown.isprintable() else shown.encode("unicode_escape").decode()
    remedy = f"Rename it, or name it in {IGNORE_FILE} with * in place of what is odd."
    return Finding(f"file {shown}", "a name in UTF-8 without line ends", "another name", remedy)


def _refused(file: BundledFile) -> list[str]:
    return refused_in_dotenv(file.content.decode(errors="replace"))


def _dotenv_finding(name: str) -> Finding:
    expected = "settings of the stack, and COMPOSE_PROFILES if need be"
    seen = f"{name}, which would be ignored or keep Compose from working: Slipway names project and files itself"
    remedy = f"Remove {name} from {ENV_FILE}."
    if name == "COMPOSE_FILE":
        remedy += " Name a second file compose.override.yaml, or list it under `include:` in the Compose file."
    if name == "COMPOSE_ENV_FILES":
        remedy += f" Put the settings into {ENV_FILE} or stack_env."
    return Finding(f"{name} in {ENV_FILE}", expected, seen, remedy)


def _walk(folder: Path) -> Iterator[tuple[Path, str]]:
    ignored = _ignore_patterns(folder)
    for parent, folders, names in os.walk(folder):
        here = Path(parent)
        folders[:] = sorted(name for name in folders if not _is_ignored(here / name, folder, ignored))
        # A link to a folder is listed among the folders but not walked into: it has to be refused like any other.
        links = [name for name in folders if (here / name).is_symlink()]
        for name in sorted([*names, *links]):
            if not _is_ignored(here / name, folder, ignored):
                yield here / name, (here / name).relative_to(folder).as_posix()


def _ignore_patterns(folder: Path) -> tuple[str, ...]:
    try:
        # The names in it may be no UTF-8, as those of files.
        lines = (folder / IGNORE_FILE).read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return _ALWAYS_IGNORED
    patterns = [line.strip().rstrip("/") for line in lines if line.strip() and not line.startswith("#")]
    return (*_ALWAYS_IGNORED, *patterns)


def _is_ignored(path: Path, folder: Path, patterns: tuple[str, ...]) -> bool:
    relative = path.relative_to(folder).as_posix()
    return any(fnmatch.fnmatch(relative, pattern) or fnmatch.fnmatch(path.name, pattern) for pattern in patterns)


def _content(path: Path, folder: Path) -> bytes:
    thing = f"file {path}"
    real = path.resolve()
    if folder.resolve() not in real.parents:
        remedy = "Replace the link by a copy of the file."
        raise SlipwayError([Finding(thing, "a file inside the stack's folder", f"a link to {real}", remedy)])
    try:
        return path.read_bytes()
    except OSError as error:
        remedy = "Make it a file that you may read, or name it in .slipwayignore."
        raise SlipwayError([Finding(thing, "a file that can be read", error.strerror or str(error), remedy)]) from error


def _bundled(path: Path, relative: str, content: bytes, render: Callable[[str, Path], str]) -> BundledFile:
    executable = os.access(path, os.X_OK)
    if not relative.endswith(TEMPLATE_SUFFIX):
        return BundledFile(relative, executable, content)
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        remedy = f"Save it as UTF-8, or take the suffix {TEMPLATE_SUFFIX} off."
        raise SlipwayError([Finding(f"template {relative}", "UTF-8 text", str(error), remedy)]) from error
    try:
        return BundledFile(relative[: -len(TEMPLATE_SUFFIX)], executable, render(text, path).encode())
    except UnicodeEncodeError as error:
        remedy = "Correct what it puts in: a file that is no text, or half of a character."
        raise SlipwayError([Finding(f"template {relative}", "to make UTF-8 text", str(error), remedy)]) from error


def _compose_files(names: set[str]) -> tuple[str, ...]:
    for name in _COMPOSE_FILES:
        if name in names:
            stem, _dot, suffix = name.rpartition(".")
            overrides = [f"{stem}.override.{ending}" for ending in (suffix, "yaml", "yml")]
            return (name, *[other for other in overrides if other in names][:1])
    return ()
