"""ansible-test sanity on a copy of the tree, in environments of its own that are kept between runs.

ansible-test refuses a checkout whose path does not end in `ansible_collections/NAMESPACE/NAME` and a symbolic link that
does, so it gets a copy. It also wants to download pip's bootstrap script; a stand-in runs the pip that Python ships.
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.stages.process import BIN, ROOT, Completed, environment, project_files, run

SANITY = ROOT / ".cache" / "sanity" / f"python{sys.version_info.major}.{sys.version_info.minor}"
#: The minor versions of Python 3 that targets and controllers may have.
MINORS = range(9, 16)
TIMEOUT_SECONDS = 900.0

PIP_STAND_IN = '''"""Stands in for pip's bootstrap script: runs the pip that Python ships."""
import ensurepip, pathlib, runpy, sys

wheel = next((pathlib.Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl"))
sys.path.insert(0, str(wheel))
wanted = [word for word in sys.argv[1:] if word not in ("--no-setuptools", "--no-wheel")]
sys.argv[1:] = wanted if wanted[:1] == ["install"] else ["install", *wanted]
runpy.run_module("pip", run_name="__main__")
'''


@dataclass(frozen=True)
class Share:
    """Some of the sanity tests. pylint takes as long as half of the others, so that two shares keep two cores busy.

    Attributes:
        name: names its folder.
        options: which tests, for ansible-test.
        fewest: how many there are at least: ansible-test says yes when it found nothing to look at.
    """

    name: str
    options: tuple[str, ...]
    fewest: int

    @property
    def folder(self) -> Path:
        """Return the folder that this share has for itself."""
        return SANITY / self.name

    @property
    def tree(self) -> Path:
        """Return where its copy of the project is."""
        return self.folder / "ansible_collections" / "slipway" / "compose"

    @property
    def home(self) -> Path:
        """Return its home, in which ansible-test caches environments."""
        return self.folder / "home"


PYLINT = Share("pylint", ("--test", "pylint"), 1)
ALL_BUT_PYLINT = Share("all-but-pylint", ("--skip-test", "pylint"), 24)


def check(share: Share) -> Completed:
    """Run a share of the sanity tests; two runs of it at once wait for each other."""
    share.folder.mkdir(parents=True, exist_ok=True)
    with (share.folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _copy_tree(share.tree)
        _stand_in_for_pip(share.home)
        env = environment({"HOME": str(share.home), "PATH": _search_path(share.folder / "bin")})
        argv = ["ansible-test", "sanity", "--venv", "--color", "no", *share.options]
        completed = run([str(BIN / argv[0]), *argv[1:]], cwd=share.tree, env=env, timeout=TIMEOUT_SECONDS)
    looked = completed.output.count('Running sanity test "')
    if completed.exit_code == 0 and looked < share.fewest:
        remark = f"expected at least {share.fewest} sanity tests to run, seen {looked}\n"
        return Completed(1, remark + completed.output, completed.seconds)
    return Completed(completed.exit_code, _complaints(completed.output), completed.seconds)


def _complaints(output: str) -> str:
    """Leave out what pip and the passing tests said."""
    kept = [line for line in output.splitlines() if line.startswith(("ERROR", "FATAL", "WARNING: Unable", ">>>"))]
    return "\n".join(kept or output.splitlines()[-40:])


def _copy_tree(tree: Path) -> None:
    """Make the copy equal to the project's files; what ansible-test cached beside them stays."""
    names = project_files()
    wanted = {tree / name for name in names}
    # What the copy has that the project has not.
    kept = (tree / ".git", tree / "tests" / "output")
    tree.mkdir(parents=True, exist_ok=True)
    # A repository of its own: in the project's, ansible-test would find that everything under .cache is ignored.
    subprocess.run(["git", "init", "--quiet", tree], check=True)
    for folder, _folders, files in os.walk(tree):
        for path in (Path(folder) / file for file in files):
            if path not in wanted and not any(map(path.is_relative_to, kept)):
                path.unlink()
    for name in names:
        target = tree / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        shutil.copy2(ROOT / name, target, follow_symlinks=False)


def _stand_in_for_pip(home: Path) -> None:
    """Put the stand-in where this version of ansible-test looks for the bootstrap script that it downloaded."""
    package = importlib.util.find_spec("ansible_test")
    if package is None or package.origin is None:
        message = (
            "ansible-test: expected to be installed with ansible-core, seen nothing. Run scripts/setup.sh --with test."
        )
        raise FileNotFoundError(message)
    source = (Path(package.origin).parent / "_internal" / "python_requirements.py").read_text(encoding="utf-8")
    for version in set(re.findall(r"\bpip='([0-9.]+)'", source)):
        script = home / ".ansible" / "test" / "cache" / f"get_pip_{version.replace('.', '_')}.py"
        script.parent.mkdir(parents=True, exist_ok=True)
        script.write_text(PIP_STAND_IN, encoding="utf-8")


def _search_path(pythons: Path) -> str:
    """Return a PATH on which every python3.N runs; version managers leave shims behind that do not."""
    pythons.mkdir(parents=True, exist_ok=True)
    folders = [Path(entry) for entry in os.environ.get("PATH", os.defpath).split(os.pathsep) if entry]
    managed = sorted(Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")).glob("versions/*/bin"))
    broken: set[Path] = set()
    for minor in MINORS:
        name = f"python3.{minor}"
        link = pythons / name
        link.unlink(missing_ok=True)
        for folder in [*folders, *managed]:
            if not (folder / name).exists():
                continue
            if not _runs(folder / name):
                broken.add(folder)
            elif not link.exists():
                link.symlink_to(folder / name)
    own = pythons / f"python3.{sys.version_info.minor}"
    own.unlink(missing_ok=True)
    own.symlink_to(Path(sys.base_prefix) / "bin" / own.name)
    sound = [folder for folder in folders if folder not in broken]
    return os.pathsep.join(str(folder) for folder in (pythons, BIN, *sound))


def _runs(python: Path) -> bool:
    return subprocess.run([python, "-c", "import venv"], check=False, capture_output=True).returncode == 0
