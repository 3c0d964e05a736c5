"""What a fleet costs its controller: whole deployments to hosts that answer at once, by the number of hosts."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
VERDICT = "verdict: deployed"
TIMEOUT_S = 3600.0
SAMPLE_S = 0.05
_MIB = 1024 * 1024
_COMPOSE = """---
services:
  web:
    image: registry.example.com/scale/web:1
"""
_ENVIRONMENT = """---
stack_name: scale
stack_src: "{{ inventory_dir }}/../../stack"
stack_env:
  WORKERS: 4
  REGION: north
stack_health_checks:
  - name: front page
    type: http
    url: http://127.0.0.1:8080/
"""
#: Five tasks with nothing in them: what Ansible itself costs on the machine at hand.
_TASKS = """---
- name: Five tasks
  hosts: stack_hosts
  gather_facts: false
  tasks:
"""
_TASK = """    - name: Task {number}
      ansible.builtin.raw: "true"
"""


@dataclass(frozen=True)
class Cost:
    """What a run cost the controller.

    Attributes:
        hosts: number of hosts.
        seconds: processor time of the script and of all that it started.
        wall_s: time from its start to its end.
        fork_mib: memory that a process of a task had for itself, on average when most of them ran.
        main_mib: memory that Ansible's main process held at its largest.
        raw_s: processor time of five tasks of Ansible's that do nothing, on the same hosts; 0 where not measured.
    """

    hosts: int
    seconds: float
    wall_s: float
    fork_mib: float
    main_mib: float
    raw_s: float = 0.0


class Scale:
    """A project of its own, whose hosts are stand-ins on this machine."""

    def __init__(self, folder: Path) -> None:
        """Lay the project out: the real scripts, playbooks and plugins, a stack of one service."""
        shutil.rmtree(folder, ignore_errors=True)
        self.root = folder
        self._inventory = folder / "inventories" / "scale"
        (self._inventory / "group_vars" / "all").mkdir(parents=True)
        (self._inventory / "group_vars" / "all" / "10_environment.yml").write_text(_ENVIRONMENT, encoding="utf-8")
        (folder / "stack").mkdir()
        (folder / "stack" / "compose.yaml").write_text(_COMPOSE, encoding="utf-8")
        tasks = _TASKS + "".join(_TASK.format(number=number) for number in range(1, 6))
        (folder / "raw.yml").write_text(tasks, encoding="utf-8")
        shutil.copytree(PROJECT / "scripts", folder / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
        for name in (".venv", ".collections", "ansible.cfg", "playbooks"):
            (folder / name).symlink_to(PROJECT / name)

    def cost(self, hosts: int, variables: Sequence[str], *, raw: bool) -> Cost:
        """Deploy once to so many hosts, and return what that cost; anything but a good end is an error."""
        self.write_hosts(hosts)
        extra = [word for pair in variables for word in ("-e", pair)]
        command = [str(self.root / "scripts" / "deploy.sh"), "scale", "--version", "1", *extra]
        cost = self._measured(hosts, command, VERDICT)
        if not raw:
            return cost
        program = str(self.root / ".venv" / "bin" / "ansible-playbook")
        idle = self._measured(hosts, [program, "-i", str(self._inventory), str(self.root / "raw.yml")], "")
        return replace(cost, raw_s=idle.seconds)

    def write_hosts(self, count: int) -> None:
        """Make so many stand-ins the fleet."""
        names = "\n".join(f"    host{number:04}:" for number in range(1, count + 1))
        text = (
            f"---\nstack_hosts:\n  hosts:\n{names}\n  vars:\n    ansible_connection: local\n"
            f"    ansible_python_interpreter: {HERE / 'standin.sh'}\n"
        )
        (self._inventory / "hosts.yml").write_text(text, encoding="utf-8")

    def _measured(self, hosts: int, command: list[str], ending: str) -> Cost:
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), os.times().elapsed
        with (self.root / "output.log").open("w+", encoding="utf-8") as output:
            process = subprocess.Popen(
                command, cwd=self.root, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
            )
            memory = _MemoryWatch(process.pid)
            code = process.wait(TIMEOUT_S)
            memory.end()
            output.seek(0)
            lines = output.read().splitlines()
        if code != 0 or not any(line.startswith(ending) for line in lines[-3:]):
            raise RuntimeError("\n".join([f"{command[0]} ended with {code}:", *lines[-30:]]))
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return Cost(hosts, seconds, os.times().elapsed - began, memory.fork_mib, memory.main_mib)


class _MemoryWatch:
    """Looks again and again at what the processes of a run hold.

    Attributes:
        fork_mib: what a process of a task had for itself, on average when most of them ran.
        main_mib: the most that Ansible's main process held.
    """

    def __init__(self, root: int) -> None:
        self.fork_mib = self.main_mib = 0.0
        self._most = 0
        self._root = root
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look_on)
        self._thread.start()

    def end(self) -> None:
        """Look no more."""
        self._over.set()
        self._thread.join()

    def _look_on(self) -> None:
        while not self._over.wait(SAMPLE_S):
            for main in _descendants(self._root):
                command = _command(main)
                if b"ansible-playbook" not in command:
                    continue
                # A process of a task is a copy of the main process, and has its command line.
                forks = [child for child in _children(main) if _command(child) == command]
                self.main_mib = max(self.main_mib, _memory(main, "Rss"))
                if forks and len(forks) >= self._most:
                    own = [_memory(fork, "Private_Clean") + _memory(fork, "Private_Dirty") for fork in forks]
                    self._most, self.fork_mib = len(forks), sum(own) / len(own)


def _descendants(pid: int) -> list[int]:
    found = [pid]
    for one in found:
        found += _children(one)
    return found


def _children(pid: int) -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]
    except OSError:
        return []


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _memory(pid: int, key: str) -> float:
    """Return a line of a process's sums of memory, in MiB; 0 if the process has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith(f"{key}:")) * 1024 / _MIB


def scale_table(costs: Sequence[Cost]) -> str:
    """Return the costs side by side."""
    header = (
        "hosts",
        "s",
        "s a host",
        "s a further host",
        "five `raw` tasks, s a host",
        "MiB a fork",
        "MiB main",
        "wall s",
    )
    rows = ["| " + " | ".join(header) + " |", "|--" * len(header) + "|"]
    for before, one in zip([None, *costs], costs, strict=False):
        further = (one.seconds - before.seconds) / (one.hosts - before.hosts) if before else 0.0
        figures = (
            f"{one.seconds:.1f}",
            f"{one.seconds / one.hosts:.3f}",
            f"{further:.3f}" if before else "",
            f"{one.raw_s / one.hosts:.3f}",
            f"{one.fork_mib:.1f}",
            f"{one.main_mib:.0f}",
            f"{one.wall_s:.1f}",
        )
        rows.append(f"| {one.hosts} | " + " | ".join(figures) + " |")
    return "\n".join(rows)


def run_scale(counts: Sequence[int], variables: Sequence[str], *, raw: bool) -> int:
    """Measure each number of hosts, print the table, and return the exit status."""
    scale = Scale(PROJECT / "var" / "bench" / "scale")
    costs: list[Cost] = []
    for hosts in counts:
        cost = scale.cost(hosts, variables, raw=raw)
        costs.append(cost)
        print(f"  {hosts} hosts: {cost.seconds / hosts:.3f} s a host", flush=True)
    print(scale_table(costs))
    return 0
