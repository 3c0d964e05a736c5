# SPDX-License-Identifier: GPL-3.0-or-later
"""Hooks on hosts and on the controller: when they run, what they know, and what their failure leads to."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.fleet import Behaviour, Fleet, Host, Probe
from tests.integration.conftest import MakeProject
from tests.support import observed
from tests.support.probe_stack import OFTEN, app, compose
from tests.support.project import Project, Run

STACK = "hooked"
#: Where hooks write down that they ran: beside the project's files, so that one-off runs reach it as well.
DIARY = "data/diary"
SECRET = "canary-in-a-hook"
LINE = "$SLIPWAY_HOOK {place} $SLIPWAY_VERSION ${{SLIPWAY_PREVIOUS_RELEASE#*-}} $SLIPWAY_HOST {more}"
#: Where a hook can run.
HERE = ("target", "controller")
#: The hooks that overrun their limit sleep for this long, and nobody else does.
OVERRUN = "7531"


def note(place: str = "target", folder: str = ".", more: str = "") -> str:
    """Return a shell script that writes a line into the diary."""
    line = LINE.format(place=place, more=more).strip()
    return f'mkdir -p {folder}/data; echo "{line}" >>{folder}/{DIARY}'


def command(name: str, script: str, **more: object) -> dict[str, object]:
    """Return a hook that is a command."""
    return {"name": name, "command": ["sh", "-c", script], "timeout": 30, **more}


def one_off(name: str, script: str, **more: object) -> dict[str, object]:
    """Return a hook that is a one-off run."""
    return {"name": name, "run": {"service": "tools", "command": [script]}, "timeout": 30, **more}


@pytest.fixture
def project(fleet: Fleet, new_project: MakeProject) -> Project:
    """A project whose stack has a service that is only for hooks."""
    for version in ("1.0", "1.1", "1.2", "1.3"):
        Probe(version).push(fleet.registry)
    found = new_project(STACK)
    write_stack(found)
    return found


def write_stack(project: Project, behaviour: Behaviour = Behaviour.HEALTHY) -> None:
    image = f"{project.fleet.registry.address}/probe:${{STACK_VERSION}}"
    tools = {"image": image, "scale": 0, "entrypoint": ["/bin/sh", "-c"], "volumes": ["./data:/srv/data", "./f:/srv/f"]}
    environment = {"PROBE_BEHAVIOUR": behaviour.value, "PROBE_FROM_FILE": "${TOKEN}"}
    files = {
        "compose.yaml": compose({"app": app(image, environment=environment, healthcheck=OFTEN), "tools": tools}),
        "f/file.j2": "file of {{ stack_version }}\n",
    }
    project.stack(files)
    script = project.source / "hooks" / "tell.sh"
    script.parent.mkdir()
    script.write_text(f"#!/bin/sh\n{note(more='from a file')}\n", encoding="utf-8")
    script.chmod(0o755)


def configure(project: Project, hooks: Mapping[str, Sequence[Mapping[str, object]]]) -> None:
    project.environment(stack_hooks=dict(hooks), stack_env={"TOKEN": SECRET})


def diary(host: Host) -> list[str]:
    path = f"{observed.ROOT}/{STACK}/project/{DIARY}"
    return host.ssh(f"cat {path} 2>/dev/null || :", user="root").splitlines()


def forget(project: Project) -> None:
    """Begin a new diary everywhere."""
    for host in project.fleet.hosts:
        host.ssh(f"rm -f {observed.ROOT}/{STACK}/project/{DIARY}", user="root")
    (project.source / DIARY).unlink(missing_ok=True)


def controller_diary(project: Project) -> list[str]:
    path = project.source / DIARY
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [line.strip() for line in lines]


def reports(run: Run, *, passed: bool) -> list[tuple[str, str, str]]:
    """Return kind, name and host of the hooks that the verdict says passed or failed."""
    return [(one["kind"], one["name"], one["host"]) for one in run.verdict["hooks"] if one["passed"] == passed]


def left_nothing(host: Host) -> None:
    """See that no container, process or folder of a hook is left."""
    assert host.docker("ps", "--all", "--quiet", "--filter", "label=io.slipway.hook") == ""
    assert host.ssh(f"pgrep -f {shlex.quote(f'[s]leep {OVERRUN}')} || :", user="root") == ""
    assert [name for name in observed.kept_releases(host, STACK) if name.startswith(".")] == []


def every_event(project: Project) -> dict[str, list[dict[str, object]]]:
    kinds = ("pre_deploy", "post_deploy", "pre_rollback", "post_rollback", "on_failure")
    outside = note("controller", more="$SLIPWAY_HOSTS ${SLIPWAY_VERDICT-}")
    hooks: dict[str, list[dict[str, object]]] = {
        kind: [command("here", note()), command("outside", outside, on="controller")] for kind in kinds
    }
    hooks["pre_deploy"].append(one_off("inside", note("inside", "/srv", "$(cat /srv/f/file)"), once=True))
    hooks["post_deploy"].append({"name": "file", "command": ["./hooks/tell.sh"], "once": True, "timeout": 30})
    hooks["post_rollback"].append(one_off("inside", note("inside", "/srv", "$(cat /srv/f/file)")))
    # The diary on the controller lies in the stack's folder, and is no part of the stack.
    (project.source / ".slipwayignore").write_text("data\n", encoding="utf-8")
    return hooks


def test_each_event_has_its_hooks(fleet: Fleet, project: Project) -> None:
    for host in fleet.hosts:
        # The data is there from the beginning, writable for whoever a container is.
        host.ssh(f"mkdir -p {observed.ROOT}/{STACK}/project/data && chmod 777 {observed.ROOT}/{STACK}/project/data")
    deploy_well(project)
    look_only(project)
    deploy_badly(project)
    go_back_by_hand(project)


def deploy_well(project: Project) -> None:
    first, second = project.fleet.hosts
    configure(project, every_event(project))
    run = project.deploy("1.0")
    run.expect(0, "deployed")
    assert diary(first) == [
        "pre_deploy target 1.0  host1",
        "pre_deploy inside 1.0  host1 file of 1.0",
        "post_deploy target 1.0  host1",
        "post_deploy target 1.0  host1 from a file",
    ]
    assert diary(second) == ["pre_deploy target 1.0  host2", "post_deploy target 1.0  host2"]
    assert controller_diary(project) == [
        "pre_deploy controller 1.0  localhost host1,host2",
        "post_deploy controller 1.0  localhost host1,host2",
    ]
    assert reports(run, passed=False) == []
    assert ("pre_deploy", "inside", "host1") in reports(run, passed=True)
    assert ("post_deploy", "outside", "localhost") in reports(run, passed=True)


def look_only(project: Project) -> None:
    forget(project)
    project.deploy("1.0").expect(0, "unchanged")
    project.deploy("1.1", "--check").expect(0, "planned")
    assert [diary(host) for host in project.fleet.hosts] == [[], []]
    assert controller_diary(project) == []


def deploy_badly(project: Project) -> None:
    write_stack(project, Behaviour.NEVER_HEALTHY)
    configure(project, every_event(project))
    run = project.deploy("1.1")
    run.expect(20, "rolled_back")
    for host in project.fleet.hosts:
        once = ["pre_deploy inside 1.1 1.0 host1 file of 1.1"] if host.name == "host1" else []
        assert diary(host) == [
            f"pre_deploy target 1.1 1.0 {host.name}",
            *once,
            f"on_failure target 1.1 1.0 {host.name}",
            f"pre_rollback target 1.1 1.0 {host.name}",
            f"post_rollback target 1.1 1.0 {host.name}",
            f"post_rollback inside 1.1 1.0 {host.name} file of 1.1",
        ]
        assert observed.answer(host) == "1.0"
        left_nothing(host)
    assert controller_diary(project) == [
        "pre_deploy controller 1.1 1.0 localhost host1,host2",
        "pre_rollback controller 1.1 1.0 localhost host1,host2",
        "post_rollback controller 1.1 1.0 localhost host1,host2",
        "on_failure controller 1.1 1.0 localhost host1,host2 rolled_back",
    ]


def go_back_by_hand(project: Project) -> None:
    write_stack(project)
    configure(project, every_event(project))
    project.deploy("1.2").expect(0, "deployed")
    forget(project)
    project.rollback().expect(0, "deployed")
    for host in project.fleet.hosts:
        assert diary(host) == [
            f"pre_rollback target 1.2 1.0 {host.name}",
            f"post_rollback target 1.2 1.0 {host.name}",
            f"post_rollback inside 1.2 1.0 {host.name} file of 1.2",
        ]
        assert observed.answer(host) == "1.0"
    assert controller_diary(project) == [
        "pre_rollback controller 1.2 1.0 localhost host1,host2",
        "post_rollback controller 1.2 1.0 localhost host1,host2",
    ]


def failing(project: Project, where: str) -> dict[str, object]:
    """Return a hook that shows a secret and fails; the service that one inside runs in gets the secret."""
    if where != "inside":
        return command(
            "probe", f"echo cannot do it with {SECRET if where == 'controller' else '$TOKEN'}; exit 9", on=where
        )
    text = (project.source / "compose.yaml").read_text(encoding="utf-8")
    changed = text.replace("    scale: 0\n", "    scale: 0\n    environment: {PROBE_FROM_FILE: '${TOKEN}'}\n")
    (project.source / "compose.yaml").write_text(changed, encoding="utf-8")
    return one_off("probe", "echo cannot do it with $PROBE_FROM_FILE; exit 9")


def test_a_pre_deploy_hook_that_fails_refuses(fleet: Fleet, project: Project) -> None:
    for where in ("target", "controller", "inside"):
        configure(project, {"pre_deploy": [failing(project, where)]})
        run = project.deploy("1.0")
        run.expect(10, "refused")
        assert "pre_deploy hook 'probe': expected exit code 0, seen exit code 9 after" in run.output, where
        assert "cannot do it with [masked TOKEN]" in run.output, where
        told_nothing_secret(run)
        for host in fleet.hosts:
            assert observed.containers(host, STACK) == {}
            assert observed.networks(host, STACK) == set()
            assert observed.kept_releases(host, STACK) == []
            assert host.ssh(f"ls {observed.ROOT}/{STACK}/lease.json 2>/dev/null || :", user="root") == ""
    configure(project, {})
    project.deploy("1.0").expect(0, "deployed")


def test_a_hook_on_the_controller_has_a_time_limit(fleet: Fleet, project: Project) -> None:
    script = f"echo begun; sleep {OVERRUN} & sleep {OVERRUN}"
    configure(project, {"pre_deploy": [command("probe", script, timeout=2, on="controller")]})
    began = time.monotonic()
    run = project.deploy("1.0")
    assert time.monotonic() - began < 60
    run.expect(10, "refused")
    assert "pre_deploy hook 'probe'" in run.output
    assert "no end within its time limit of 2 s; it and its children were killed" in run.output
    for host in fleet.hosts:
        left_nothing(host)
    assert sleepers_here() == []


def test_a_post_deploy_hook_that_fails(fleet: Fleet, project: Project) -> None:
    configure(project, {})
    project.deploy("1.0").expect(0, "deployed")

    failing = {where: command(f"smoke from {where}", "echo broken; exit 2", on=where) for where in HERE}
    configure(project, {"post_deploy": list(failing.values())})
    run = project.deploy("1.1")
    run.expect(0, "deployed")
    assert sorted(reports(run, passed=False)) == [
        ("post_deploy", "smoke from controller", "localhost"),
        ("post_deploy", "smoke from target", "host1"),
        ("post_deploy", "smoke from target", "host2"),
    ]
    for where in HERE:
        assert f"post_deploy hook 'smoke from {where}' failed: exit code 2 after" in run.output
    assert "| broken" in run.output

    for version, where in (("1.2", "target"), ("1.3", "controller")):
        hooks: dict[str, list[dict[str, object]]] = {
            "post_deploy": [{**failing[where], "on_error": "rollback"}],
            "pre_rollback": [command("before", "exit 4"), command("before outside", "exit 4", on="controller")],
            "post_rollback": [command("after", "exit 5"), command("after outside", "exit 5", on="controller")],
        }
        configure(project, hooks)
        run = project.deploy(version)
        run.expect(20, "rolled_back")
        smoke = f"smoke from {where}"
        assert f"post_deploy hook '{smoke}'" in run.verdict["hosts"]["host1"]["error"]
        names = {name for _kind, name, _host in reports(run, passed=False)}
        assert names == {smoke, "before", "after", "before outside", "after outside"}
        for host in fleet.hosts:
            assert observed.answer(host) == "1.1"


def test_what_is_wrong_with_hooks_is_found_with_all_else(fleet: Fleet, project: Project) -> None:
    wrong: list[dict[str, object]] = [
        {"name": "both", "command": ["true"], "run": {"service": "app"}},
        {"name": "typo", "command": ["true"], "tiemout": 3},
    ]
    configure(project, {"pre_deploy": wrong, "predeploy": []})
    says(
        project.plan("1.0"),
        "pre_deploy hook 'both', key command: expected either command or run, seen both",
        "pre_deploy hook 'typo', key tiemout: expected one of the keys",
        "stack_hooks.predeploy: expected an event that Slipway knows",
    )
    nowhere: list[dict[str, object]] = [
        {"name": "service", "run": {"service": "toolz"}},
        {"name": "program", "command": ["no-such-program"]},
        {"name": "file", "command": ["./hooks/gone.sh"]},
    ]
    configure(project, {"pre_deploy": nowhere})
    says(
        project.plan("1.0"),
        "pre_deploy hook 'service', key run.service: expected a service of the release: app, tools, seen 'toolz'",
        "pre_deploy hook 'program', program no-such-program: expected a program on the target",
        "pre_deploy hook 'file', program ./hooks/gone.sh: expected a file of the stack",
    )
    assert observed.kept_releases(fleet.hosts[0], STACK) == []


def test_a_deployment_that_is_refused_failed_and_a_plan_did_not(project: Project) -> None:
    hooks: dict[str, list[dict[str, object]]] = {
        "pre_deploy": [{"name": "outside", "command": ["no-such-program"], "on": "controller"}],
        "on_failure": [command("call", note("controller", more="$SLIPWAY_VERDICT"), on="controller")],
    }
    configure(project, hooks)
    missing = "pre_deploy hook 'outside', program no-such-program: expected a program on the controller"
    says(project.plan("1.0"), missing)
    assert controller_diary(project) == []
    says(project.deploy("1.0"), missing)
    assert [line.split()[-1] for line in controller_diary(project)] == ["refused"]


def says(run: Run, *sentences: str) -> None:
    """See that a run was refused for these reasons."""
    run.expect(10, "refused")
    for sentence in sentences:
        assert sentence in run.output, run


def test_the_guard_runs_the_hooks_of_the_way_back(fleet: Fleet, project: Project) -> None:
    host = fleet.hosts[0]
    configure(project, {})
    project.deploy("1.0").expect(0, "deployed")
    hooks: dict[str, list[dict[str, object]]] = {
        "pre_rollback": [
            command("before", note(), timeout=5),
            command("fails", f"echo $TOKEN; sleep {OVERRUN}", timeout=1),
        ],
        "post_rollback": [
            one_off("after", "cat /srv/f/file", timeout=20),
            command("outside", note("controller"), on="controller", timeout=5),
        ],
    }
    configure(project, hooks)
    # A run that starts the release and is never heard of again.
    exit_code, output = project.run_playbook(start_only(project), "-e", "stack_version=1.1", "-l", "host1")
    assert (exit_code, "FAILED" in output) == (0, False), output
    assert observed.answer(host) == "1.1"
    deadline = time.monotonic() + 150
    while observed.journal(host, STACK)[-1]["event"] != "rolled_back" and time.monotonic() < deadline:
        time.sleep(0.5)
    assert observed.answer(host) == "1.0"
    release = observed.journal(host, STACK)[-1]["release"]
    path = f"{observed.ROOT}/{STACK}/releases/{release}/hooks.jsonl"
    while len(ended := [json.loads(line) for line in observed.read(host, path).splitlines()]) < 3:
        assert time.monotonic() < deadline, ended
        time.sleep(0.5)
    assert [(one["name"], one["passed"]) for one in ended] == [("before", True), ("fails", False), ("after", True)]
    assert ended[1]["output"] == ["[masked TOKEN]"]
    assert ended[1]["seen"].startswith("no end within its time limit of 1 s")
    assert ended[2]["output"] == ["file of 1.1"]
    assert diary(host) == ["pre_rollback target 1.1 1.0 host1"]
    assert controller_diary(project) == []
    left_nothing(host)


def start_only(project: Project) -> str:
    """Write a playbook that starts a release and never settles it, with a guard of little patience; return its name."""
    text = (project.root / "playbooks" / "deploy.yml").read_text(encoding="utf-8")
    cut = text[: text.index("- name: Settle the fleet")]
    (project.root / "playbooks" / "start_only.yml").write_text(cut, encoding="utf-8")
    # A check from the controller keeps a host that is alone from confirming the release by itself.
    check = {"name": "outside", "type": "http", "from": "controller", "url": "{{ fleet_url }}/"}
    variables = {"stack_guard_timeout": 50, "stack_gate_timeout": 12, "stack_start_timeout": 20}
    folder = project.inventory / "group_vars" / "all"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "short.yml").write_text(json.dumps({**variables, "stack_health_checks": [check]}), encoding="utf-8")
    return "start_only"


def told_nothing_secret(run: Run) -> None:
    assert SECRET not in run.output
    assert SECRET not in json.dumps(run.verdict)


def sleepers_here() -> list[str]:
    """Return the processes of this machine, hosts included, that overrun."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if f"sleep\0{OVERRUN}" in (entry / "cmdline").read_text():
                found.append(entry.name)
        except OSError:
            continue
    return found
