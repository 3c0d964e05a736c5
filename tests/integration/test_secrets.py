# SPDX-License-Identifier: GPL-3.0-or-later
"""A canary set as every kind of secret is seen nowhere but where it is needed."""

from __future__ import annotations

import os
import re
import secrets
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import bcrypt
import pytest

from tests.fleet import Fleet, Host, Probe, Registry
from tests.fleet.credentials import htpasswd
from tests.fleet.file_tree import PlacedFile, put_files
from tests.integration.process_watch import ProcessWatch
from tests.support.probe_stack import compose
from tests.support.project import ROOT, Project

STACK = "vaulted"
KINDS = (
    "registry_password", "env_value", "secret_file", "env_file", "header", "extra_var", "controller_env",
    "unused_controller_env", "vault_var", "odd_env_file", "inline",
)  # fmt: skip
#: Where a secret has to be for the stack to run: the release's own files, and what the engine and its runtime keep of
#: a container while it runs, or for a moment while they look at its health.
NEEDED = (
    "/var/lib/slipway/",
    "/var/lib/docker/containers/",
    "/var/lib/docker/containerd/",
    "/var/lib/containerd/",
    "/run/docker/containerd/",
    "/run/containerd/",
    "/tmp/runc-process",  # noqa: S108
)
#: What the modules pass on in one piece holds all of them.
PACKED = re.compile(r"eJ[A-Za-z0-9+/]{200,}")
TELL = 'env; cat /run/secrets/db; [ "$$FAIL" = no ] || exit 3; exec /bin/probe'


@dataclass(frozen=True)
class Canaries:
    """One value of each kind that is found nowhere else."""

    values: dict[str, str] = field(default_factory=lambda: {kind: f"canary-{secrets.token_hex(8)}" for kind in KINDS})

    def __getitem__(self, kind: str) -> str:
        return self.values[kind]

    def found_in(self, text: str) -> list[str]:
        """Return the kinds whose value a text shows."""
        return [kind for kind, value in self.values.items() if value in text]

    @property
    def pattern_file(self) -> str:
        """Return the values one a line, for `grep --file`."""
        return "".join(f"{value}\n" for value in self.values.values())


@pytest.fixture
def logging(systemd_fleet: Fleet) -> Fleet:
    """A fleet whose host has a system log and units of systemd: both could show what a command was given."""
    systemd_fleet.hosts[0].wipe()
    return systemd_fleet


@pytest.fixture
def canaries(logging: Fleet) -> Iterator[Canaries]:
    """Let the registry know a user with the canary for a password."""
    found = Canaries()
    hashed = bcrypt.hashpw(found["registry_password"].encode(), bcrypt.gensalt(rounds=4)).decode()
    _let_in(logging.registry, f"{htpasswd()}courier:{hashed}\n")
    yield found
    _let_in(logging.registry, htpasswd())


@pytest.fixture
def project(logging: Fleet, canaries: Canaries, tmp_path: Path) -> Project:
    """A project that uses all of them."""
    for version in ("1.0", "1.1"):
        Probe(version).push(logging.registry)
    project = Project(tmp_path / "project", logging, STACK)
    address = logging.registry.address
    project.environment(
        hosts=logging.hosts[:1],
        stack_registry_auth=[{"registry": address, "username": "courier", "password": canaries["registry_password"]}],
        stack_env={
            "FAIL": "{{ fails | default('no') }}",
            "MODE": "quiet",
            "PIN": "x7",
            "CODE": "9081726354",
            "DB_PASSWORD": canaries["env_value"],
            "SESSION": "{{ extra_secret }}",
            "SHELL_VALUE": "{{ lookup('ansible.builtin.env', 'SHOP_SECRET') }}",
            "VAULTED": "{{ vault_secret }}",
        },
        file_secret=canaries["secret_file"],
        stack_health_checks=[
            {"name": "page", "type": "http", "url": "http://127.0.0.1:8080/", "headers": {"X-Key": canaries["header"]}}
        ],
        stack_gate_timeout=20,
    )
    _lock_vault(project, canaries["vault_var"])
    _write_stack(project, f"{address}/probe:${{STACK_VERSION}}", canaries)
    return project


def test_a_canary_is_seen_nowhere(logging: Fleet, project: Project, canaries: Canaries) -> None:
    host = logging.hosts[0]
    began = host.ssh("date '+%Y-%m-%d %H:%M:%S'").strip()
    with ProcessWatch() as watch:
        outputs = [
            _deploy(project, canaries, 0, "1.0", "-vvv"),
            _deploy(project, canaries, 20, "1.1", "-v", "-e", "fails=yes"),
        ]
        text = (project.source / "compose.yaml").read_text(encoding="utf-8")
        (project.source / "compose.yaml").write_text(text.replace("8080:8080", "${DB_PASSWORD}:8080"), encoding="utf-8")
        outputs.append(_deploy(project, canaries, 10, "1.1"))
    assert any("docker compose" in line and f"-p {STACK}" in line for line in watch.command_lines)
    shown = [(line, kinds) for line in watch.command_lines if (kinds := canaries.found_in(line))]
    # What the user typed stands there until the script has started over without it.
    others = [(line, kinds) for line, kinds in shown if kinds != ["extra_var"] or " --version " not in line]
    assert others == []
    for output in outputs:
        assert canaries.found_in(output) == [], output
        assert not PACKED.search(output)
    for kind in ("DB_PASSWORD", "SESSION", "SHELL_VALUE", "VAULTED", "TOKEN", "ADMIN", "PIN", "CODE", "SALT"):
        assert f"{kind}=[masked {kind}]" in outputs[1], "the log of what failed is evidence, with its secrets masked"
    for readable in ("FAIL=yes", "MODE=quiet", "PORT=8080"):
        assert readable in outputs[1], "what is no secret stays readable"
    _assert_controller_keeps_none(project, canaries)
    _assert_host_keeps_none(host, canaries, began)


def _let_in(registry: Registry, users: str) -> None:
    registry.stop()
    put_files(registry.container, [PlacedFile("/etc/registry/htpasswd", users.encode())])
    registry.start()


def _lock_vault(project: Project, value: str) -> None:
    (project.root / "vault_password").write_text(secrets.token_hex(8), encoding="utf-8")
    file = project.inventory / "group_vars" / "all" / "vault.yml"
    file.parent.mkdir(parents=True)
    file.write_text(f"vault_secret: {value}\n", encoding="utf-8")
    vault = str(ROOT / ".venv" / "bin" / "ansible-vault")
    argv = [vault, "encrypt", "--vault-password-file", str(project.root / "vault_password"), str(file)]
    subprocess.run(argv, check=True, capture_output=True, timeout=60)


def _write_stack(project: Project, image: str, canaries: Canaries) -> None:
    names = ("FAIL", "MODE", "PIN", "CODE", "DB_PASSWORD", "SESSION", "SHELL_VALUE", "VAULTED")
    web = {
        "image": image,
        "init": True,
        "stop_grace_period": "1s",
        "ports": ["8080:8080"],
        "entrypoint": ["/bin/sh", "-c", TELL],
        "environment": {**{name: f"${{{name}}}" for name in names}, "SALT": canaries["inline"], "PORT": "8080"},
        "env_file": ["web.env", "config.monitoring"],
        "secrets": ["db"],
    }
    project.stack(
        {
            "compose.yaml": compose({"web": web}, secrets={"db": {"file": "./secrets/db"}}),
            "web.env": f"TOKEN={canaries['env_file']}\n",
            "config.monitoring": f"# settings\nADMIN={canaries['odd_env_file']}\n",
            "secrets/db.j2": "{{ file_secret }}\n",
        }
    )


def _deploy(project: Project, canaries: Canaries, exit_code: int, version: str, *options: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    environment |= {
        "ANSIBLE_VAULT_PASSWORD_FILE": str(project.root / "vault_password"),
        "TMPDIR": str(_private(project)),
        "SHOP_SECRET": canaries["controller_env"],
        "UNUSED_SECRET": canaries["unused_controller_env"],
    }
    extra = f"extra_secret={canaries['extra_var']}"
    ended = subprocess.run(
        project.command("deploy", "--version", version, "-e", extra, *options),
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == exit_code, ended.stdout
    return ended.stdout


def _assert_controller_keeps_none(project: Project, canaries: Canaries) -> None:
    files = [path for path in project.runs.rglob("*") if path.is_file()]
    assert {"plan.json", "verdict.json", "stdout"} <= {path.name for path in files}
    for path in files:
        text = path.read_text(encoding="utf-8", errors="replace")
        assert canaries.found_in(text) == [], path
        assert not PACKED.search(text), path
    assert list(_private(project).iterdir()) == [], "what the runner needed for a while stays behind"


def _private(project: Project) -> Path:
    folder = project.root / "private"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _assert_host_keeps_none(host: Host, canaries: Canaries, began: str) -> None:
    host.put("/run/canaries", canaries.pattern_file, user="root")
    host.ssh("chmod 644 /run/canaries", user="root")
    skip = "--exclude=canaries --exclude-dir=proc --exclude-dir=sys --exclude-dir=overlay2 --exclude-dir=usr"
    grep = f"grep --recursive --files-with-matches --fixed-strings --devices=skip {skip} --file=/run/canaries /"
    grep += " 2>/dev/null"
    seen_by_others = host.ssh(f"su -s /bin/sh nobody -c {shlex.quote(grep)} || :", user="root", timeout=300).split()
    assert seen_by_others == []
    kept = host.ssh(f"{grep} || :", user="root", timeout=300).split()
    assert kept
    assert [path for path in kept if not path.startswith(NEEDED)] == []
    assert [path for path in kept if path.endswith(("journal.jsonl", "release.json", "snapshot.json"))] == []
    host.put("/run/canaries", f"{canaries['registry_password']}\n", user="root")
    assert host.ssh(f"{grep} || :", user="root", timeout=300).split() == []
    if host.kind.has_systemd:
        logged = host.ssh(f"journalctl --no-pager --since {shlex.quote(began)}", user="root")
        assert "Accepted publickey for deploy" in logged, "what the run did there is in the part that is looked at"
        assert canaries.found_in(logged) == []
        assert not PACKED.search(logged)
    host.ssh("rm /run/canaries", user="root")
