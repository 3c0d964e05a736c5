"""A stack's folder, and somebody who puts the files of a release into it, in Python or in a shell."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from ansible_collections.slipway.compose.plugins.module_utils.core.findings import SlipwayError
from ansible_collections.slipway.compose.plugins.module_utils.release.placing import activation
from ansible_collections.slipway.compose.plugins.module_utils.release.placing.script import PLACING
from ansible_collections.slipway.compose.plugins.module_utils.release.record import ReleaseFile

RELEASE = "20261122T220000Z-1.1"
#: Ways to put a file into its place.
WAYS = [
    ["python"],
    *(shell for shell in (["dash"], ["busybox", "sh"], ["bash", "--posix"]) if shutil.which(shell[0])),
]
#: Somebody who deploys, and somebody whom a container runs as.
DEPLOYER, CONTAINER = 64123, 64999


def as_user(user: int, act: Callable[[], tuple[int, str]]) -> tuple[int, str]:
    """Return what another user has to say of an act, which a process of theirs does."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
            answer = act()
        except BaseException as error:  # noqa: BLE001 - the test is told of it
            answer = 99, repr(error)
        os.write(writer, json.dumps(answer).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as told:
        code, said = json.load(told)
    os.waitpid(child, 0)
    return code, said


class Stack:
    """A stack's folder, and somebody who puts the files of a release into it."""

    def __init__(self, folder: Path, how: list[str]) -> None:
        self.how = how
        self.folder = folder / "shop"
        self.project = self.folder / "project"
        self.project.mkdir(parents=True)
        self.project.chmod(0o755)
        self.folder.chmod(0o700)
        self.displaced = self.folder / "displaced"
        self.user: int | None = None
        self.outside = folder / "outside"
        self.outside.mkdir()
        (self.outside / "secret").write_text("untouched")

    def belong_to(self, user: int) -> None:
        """Have somebody else deploy, from now on."""
        self.user = user
        for path in (self.folder, self.project):
            os.chown(path, user, user)

    def file(self, path: str, content: str = "new\n", *, executable: bool = False) -> ReleaseFile:
        """Add a file to the release."""
        there = self.folder / "releases" / RELEASE / "files" / path
        there.parent.mkdir(parents=True, exist_ok=True)
        there.write_text(content)
        if self.user is not None:
            for one in (there, *there.parents):
                if self.folder in one.parents:
                    os.chown(one, self.user, self.user)
        return ReleaseFile(path, executable, hashlib.sha256(content.encode()).hexdigest())

    def put(self, *files: ReleaseFile, replaced: tuple[ReleaseFile, ...] = ()) -> tuple[int, str]:
        """Put files into their places; return how that ended and what was said."""
        if self.how == ["python"]:
            return self._python(files, replaced)
        lines = [f"gone {shlex.quote(one.path)}" for one in replaced if one.path not in {file.path for file in files}]
        for one in files:
            same = "same" if one in replaced else "other"
            lines.append(f"place releases/{RELEASE} {one.mode:o} {shlex.quote(one.path)} {same}")
        script = f"set -eu\numask 022\nstack_dir=$1\n{PLACING}\n" + "\n".join([*lines, "bring_back"])
        ended = subprocess.run(
            [*self.how, "-c", script, "sh", str(self.folder)],
            text=True, capture_output=True, check=False, timeout=20, user=self.user, group=self.user, cwd="/",
            extra_groups=[] if self.user is not None else None, env={"PATH": os.environ["PATH"]},
        )  # fmt: skip
        return ended.returncode, (ended.stdout + ended.stderr).strip()

    def _python(self, files: tuple[ReleaseFile, ...], replaced: tuple[ReleaseFile, ...]) -> tuple[int, str]:
        def activated() -> tuple[int, str]:
            try:
                return 0, "\n".join(activation.activate(self.folder, RELEASE, files, replaced).said)
            except SlipwayError as error:
                return 1, str(error)

        return activated() if self.user is None else as_user(self.user, activated)

    def kept(self) -> list[Path]:
        """Return what was kept because it stood in the way."""
        return sorted(self.displaced.glob("*/thing")) + sorted(self.project.rglob(".slipway-kept-*"))

    def left_over(self) -> list[str]:
        """Return temporary files."""
        begins = (".placing", ".slipway-", ".new")
        return [path.name for path in self.folder.rglob(".*") if path.name.startswith(begins)]
