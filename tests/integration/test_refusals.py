# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad input gets a clear refusal before anything is touched, all findings at once."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fleet import Fleet, Probe
from tests.integration.conftest import MakeProject
from tests.integration.refusal import EVERY_HOST, STACK, Standing
from tests.support import host_faults as faults
from tests.support import observed
from tests.support.project import Project


@pytest.fixture(scope="module")
def deployed(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Standing:
    for host in fleet.hosts:
        host.wipe()
    for version in ("1.0", "1.1"):
        Probe(version).push(fleet.registry)
    standing = Standing(fleet, Project(tmp_path_factory.mktemp("refusals") / "project", fleet, STACK))
    standing.reset()
    run = standing.project.deploy("1.0")
    run.expect(0, "deployed")
    return standing


@pytest.fixture
def standing(deployed: Standing) -> Iterator[Standing]:
    yield deployed
    deployed.reset()


#: Where one host proves as much as two.
ONE = ("--limit", "host1")


def everywhere(*sentences: str) -> dict[str, tuple[str, ...]]:
    return dict.fromkeys(EVERY_HOST, sentences)


def test_an_environment_that_is_not_there(standing: Standing) -> None:
    script = standing.project.root / "scripts" / "deploy.sh"
    ended = subprocess.run(
        [script, "nowhere", "--version", "1.1"], capture_output=True, text=True, check=False, timeout=60
    )
    assert ended.returncode == 10
    assert "environment: expected a folder under inventories/, seen 'nowhere'. Use one of those that exist: proof." in (
        ended.stdout
    )
    assert ended.stdout.splitlines()[-1] == "verdict: refused (bad input) · 1 finding · nothing was touched"


def test_no_targets(standing: Standing) -> None:
    standing.project.environment(hosts=[])
    run = standing.refused({})
    assert "No host: the inventory group stack_hosts is empty, or --limit matches none of it." in run.output


def test_a_limit_that_matches_nobody(standing: Standing) -> None:
    run = standing.refused({}, "--limit", "host7")
    assert "host7" in run.output


def test_a_stack_folder_that_is_missing(standing: Standing, tmp_path: Path) -> None:
    seen = f"stack_src: expected a folder, seen nothing at {tmp_path}/gone. Set stack_src to the folder"
    standing.refused(everywhere(seen), "-e", f"stack_src={tmp_path}/gone")


def test_a_folder_without_a_compose_file(standing: Standing) -> None:
    standing.project.stack({"README.md": "nothing"})
    standing.refused(everywhere("Compose file: expected one in the stack's folder, seen none of compose.yaml"))


def test_wrong_types_in_every_variable_that_has_one(standing: Standing) -> None:
    wrong: dict[str, tuple[Any, str]] = {
        "stack_name": ("Shop!", "lower-case letters, digits, - and _"),
        "stack_env": (["A"], "a mapping of names to values, seen a list."),
        "stack_health_checks": ("none", "a list of mappings, seen a text."),
        "stack_registry_auth": ([{"registry": "r.test"}], "missing required arguments: password, username"),
        "stack_serial": ("some", "a number of hosts, a percentage, or a list of these, seen 'some'"),
        "stack_rollback_scope": ("galaxy", "one of fleet, batch, seen 'galaxy'"),
        "stack_reversible": ("perhaps", "true or false, seen 'perhaps'"),
        "stack_keep_releases": ("all", "a whole number, seen 'all'"),
        "stack_gate_timeout": ("soon", "a number, seen 'soon'"),
        "stack_healthy_for": ("a moment", "a number, seen 'a moment'"),
        "stack_stable_for": ("a while", "a number, seen 'a while'"),
        "stack_log_lines": ([], "a whole number, seen []"),
        "stack_pull_timeout": ("1m", "a whole number, seen '1m'"),
        "stack_start_timeout": ("5.5", "a whole number, seen '5.5'"),
        "stack_min_free_mb": ("lots", "a whole number, seen 'lots'"),
    }
    standing.project.environment(**{name: value for name, (value, _says) in wrong.items()})
    run = standing.refused(everywhere(*(says for _value, says in wrong.values())))
    for name in wrong:
        assert f"{name}: expected" in run.verdict["hosts"]["host1"]["error"], run


def test_checks_and_values_that_cannot_be(standing: Standing, request: pytest.FixtureRequest) -> None:
    checks = [
        {"name": "page", "type": "http"},
        {"name": "port", "type": "udp", "port": 53},
        {"type": "tcp", "port": "many"},
        {"name": "json", "type": "http", "url": "http://127.0.0.1:8080/", "jmespath": "status[", "body_regexp": "x"},
    ]
    standing.project.environment(stack_health_checks=checks)
    # As people write it: YAML would make other values of these.
    written = standing.project.inventory / "group_vars" / "all" / "90_written.yml"
    written.parent.mkdir(parents=True, exist_ok=True)
    written.write_text("stack_env:\n  GREETING: on\n  LEVEL: 1.10\n  WINDOW: 22:30\n  PORT: 8080\n", encoding="utf-8")
    request.addfinalizer(written.unlink)
    run = standing.refused(
        everywhere(
            "stack_env.GREETING: expected a text that arrives as it is written",
            "stack_env.LEVEL: expected a text that arrives as it is written",
            "group_vars/all/90_written.yml, line 4.",
            "check 'page', key url: expected a text, seen nothing.",
            "check 'port', key type: expected one of http, tcp, command, log, seen 'udp'.",
            "check number 3, key name: expected a text, seen nothing.",
            "check number 3, key port: expected a whole number of at least 1 and at most 65535, seen str 'many'.",
            "check 'json', key body_regexp:",
            "check 'json', key jmespath: expected a JMESPath expression, seen 'status['",
        )
    )
    assert "stack_env.PORT" not in run.output


def test_a_template_with_an_undefined_variable(standing: Standing) -> None:
    files = {"compose.yaml": standing.compose(), "app.conf.j2": "colour={{ shop_colour }}\n"}
    standing.project.stack(files)
    standing.refused(
        everywhere(
            "template app.conf.j2: expected to be rendered, seen 'shop_colour' is undefined. "
            "Define the variable for this host, or correct the template."
        )
    )


def test_a_link_that_leads_out_of_the_stack(standing: Standing) -> None:
    (standing.project.source / "passwords").symlink_to("/etc/passwd")
    standing.refused(everywhere("passwords: expected a file inside the stack's folder, seen a link to /etc/passwd."))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("services:\n  web:\n    image: [a\n", "Compose file compose.yaml: expected a project that Compose can read"),
        ("services:\n  web:\n    imagee: a\n", "imagee"),
        ("services: {}\n", "no service"),
    ],
    ids=["yaml", "key", "empty"],
)
def test_a_compose_file_that_cannot_be_read(standing: Standing, text: str, sentence: str) -> None:
    standing.project.stack({"compose.yaml": text})
    standing.refused({"host1": [sentence]}, *ONE)


def test_images_that_cannot_be_pulled_and_variables_that_nothing_sets(standing: Standing) -> None:
    environment = {"PROBE_A": "${COLOUR}", "PROBE_B": "$SHAPE", "PROBE_C": "${GREETING}", "PROBE_D": "${FINE:-yes}"}
    others = {"built": {"build": "."}, "misnamed": {"image": "Not An Image"}}
    standing.project.stack({"compose.yaml": standing.compose(others, environment=environment)})
    wrong = [
        "image of service built: expected an `image:` that can be pulled",
        "image 'Not An Image': expected a reference like",
    ]
    missing = [
        f"variable {name} in compose.yaml: expected a value, seen none, and Compose would silently make it empty. "
        f"Set it in stack_env, or give it a default in the file: ${{{name}:-value}}."
        for name in ("COLOUR", "SHAPE")
    ]
    run = standing.refused({"host1": wrong + missing}, *ONE)
    assert "variable FINE" not in run.output
    assert "variable GREETING" not in run.output


def test_a_health_check_that_comes_too_late(standing: Standing) -> None:
    own = {"healthcheck": {"test": ["CMD", "true"], "interval": "61s"}}
    standing.project.stack({"compose.yaml": standing.compose({"rare": {"image": standing.image, **own}}, **own)})
    sentence = (
        "health check of service {}: expected a first probe within stack_gate_timeout, which is 60 s, seen a first"
    )
    standing.refused({"host1": (sentence.format("rare"), sentence.format("web"))}, *ONE)
    # Only the image says what the test is, so that is known once it was pulled.
    mine: dict[str, Any] = {"healthcheck": {"start_period": "90s", "start_interval": "62s"}}
    standing.project.stack({"compose.yaml": standing.compose(**mine)})
    seen = "probe 62 s after the start (start_interval, in its image)"
    standing.refused({"host1": (f"{sentence.format('web')} {seen}",)}, *ONE)


def test_an_image_that_does_not_exist(standing: Standing) -> None:
    registry = standing.fleet.registry.address
    sentence = f"image {registry}/probe:9.9: expected an image that {registry} has, seen manifest unknown"
    standing.refused({"host1": [sentence, "Push it, or correct the version or the image's name."]}, *ONE, version="9.9")


def test_a_registry_that_does_not_answer(standing: Standing) -> None:
    registry = standing.fleet.registry
    registry.stop()
    try:
        standing.refused({"host1": [f"/probe:1.1: expected an answer from {registry.address}, seen "]}, *ONE)
    finally:
        registry.start()


def test_a_password_that_is_wrong(standing: Standing) -> None:
    registry = standing.fleet.registry
    auth = [{"registry": registry.address, "username": registry.user, "password": "wrong-password"}]
    standing.project.environment(stack_env={"GREETING": "hello"}, stack_registry_auth=auth)
    sentence = f"expected {registry.address} to let us in, seen unauthorized"
    run = standing.refused({"host1": [sentence, f"Correct the credentials for {registry.address} in stack_reg"]}, *ONE)
    assert "wrong-password" not in run.output


def test_a_host_that_cannot_be_reached(standing: Standing) -> None:
    for host in standing.fleet.hosts:
        standing.reset()
        standing.cut_off(host)
        run = standing.refused({host.name: ["Connection refused"]})
        assert f"{host.name}  UNREACHABLE" in run.output
        assert "Nothing listens there. Check ansible_host and ansible_port, and that sshd runs." in run.output
        other = next(name for name in EVERY_HOST if name != host.name)
        assert run.host(other)[0] == "untouched", run


def test_two_names_for_one_machine(standing: Standing) -> None:
    standing.reset()
    port = standing.fleet.hosts[0].ssh_port
    standing.rename(1, ansible_port=port)
    finding = f"address 127.0.0.1:{port}: expected one host of the inventory, seen host1, host2."
    standing.refused({name: [finding] for name in EVERY_HOST})

    # By another address only the machine itself can tell, to whichever of the two comes second.
    standing.rename(1, ansible_host="127.1", ansible_ssh_extra_args=f"-o HostKeyAlias=[127.0.0.1]:{port}")
    run = standing.refused({})
    (second,) = (host for host in run.verdict["hosts"].values() if host["state"] == "refused")
    assert "expected a machine of its own, seen host" in second["error"], run


def test_an_engine_that_does_not_run(standing: Standing) -> None:
    states = standing.states()
    for host in standing.fleet.hosts:
        with faults.no_engine(host):
            standing.refused(
                {
                    host.name: [
                        "Docker engine: expected an engine that answers, seen none: nothing listens on its socket"
                    ]
                },
                states=states,
            )
    standing.untouched(states)


def test_libraries_that_are_missing(standing: Standing) -> None:
    host = standing.fleet.hosts[1]
    with faults.no_library(host, "docker", "jmespath", "requests"):
        sentences = [
            f"Python library {name}: expected a library that Python can import on this host, seen No module named "
            f"'{name}'. Install the package python3-{name} on this host, or run playbooks/bootstrap.yml, which does."
            for name in ("docker", "jmespath", "requests")
        ]
        standing.refused({"host2": sentences})


def test_compose_that_is_too_old(standing: Standing) -> None:
    for host in standing.fleet.hosts:
        with faults.old_compose(host):
            says = (
                "Docker Compose plugin: expected Docker Compose 2.24 or newer, seen 2.17.3. Run playbooks/bootstrap.yml"
            )
            run = standing.refused({host.name: [says]})
            assert "Compose file" not in run.output


def test_a_port_that_something_else_has(standing: Standing) -> None:
    services = {"more": {"image": standing.image, "ports": ["8081:8080", "8082:8080"], "init": True}}
    standing.project.stack({"compose.yaml": standing.compose(services)})
    first, second = standing.fleet.hosts
    image = observed.services(second, STACK)["web"].image
    with faults.foreign_process(first, 8081), faults.foreign_container(second, image, 8082):
        standing.refused(
            {
                "host1": [
                    "port 8081/tcp for service more: expected a free port, seen taken by a process of this host."
                ],
                "host2": ["port 8082/tcp for service more: expected a free port, seen taken by container of stranger."],
            }
        )


def test_a_disk_that_is_too_full(standing: Standing) -> None:
    standing.project.environment(stack_env={"GREETING": "hello"}, stack_min_free_mb=10**9)
    standing.refused(
        everywhere(
            "disk for images (/var/lib/docker): expected 1000000000 MB free, seen ",
            "disk for releases (/var/lib/slipway/shop): expected 1000000000 MB free, seen ",
            "Free disk space on this host, or lower stack_min_free_mb.",
        )
    )


def test_a_folder_that_belongs_to_somebody_else(standing: Standing) -> None:
    host = standing.fleet.hosts[0]
    with faults.foreign_folder(host):
        says = "folder /var/lib/slipway/shop: expected a folder that the deploy user may make"
        standing.refused({"host1": [says]}, *ONE)


def test_a_plan_that_was_changed_or_is_out_of_date(standing: Standing, tmp_path: Path) -> None:
    planned = standing.project.plan("1.1")
    planned.expect(0, "planned")
    assert planned.folder is not None
    plan = planned.folder / "plan.json"

    changed = tmp_path / "changed.json"
    document = json.loads(plan.read_text(encoding="utf-8"))
    document["images"] = dict.fromkeys(document["images"], "sha256:" + "0" * 64)
    changed.write_text(json.dumps(document), encoding="utf-8")
    standing.refused({"host1": ["it was changed after it was made", "Make the plan again"]}, "--plan", str(changed))

    standing.refused({"host1": ["plan's stack_version: expected 1.0, seen 1.1."]}, "--plan", str(plan), version="1.0")

    approved = ["--plan-sha256", "0" * 64]
    standing.refused({"host1": ["plan: expected the one with SHA-256 000"]}, "--plan", str(plan), *approved)

    standing.project.stack({"compose.yaml": standing.compose(), "new.conf": "new"})
    standing.refused({"host1": ["changed since: new.conf. Make a new plan"]}, "--plan", str(plan))

    nowhere = tmp_path / "nowhere.json"
    run = standing.project.deploy("1.1", "--plan", str(nowhere))
    assert run.exit_code == 10
    assert f"--plan: expected a readable file, seen {nowhere}: No such file or directory." in run.output


def test_everything_at_once(standing: Standing) -> None:
    registry = standing.fleet.registry.address
    more = {
        "image": f"{registry}/probe:9.9",
        "ports": ["8081:8080"],
        "environment": {"A": "${COLOUR}", "B": "${SHAPE}"},
    }
    standing.project.environment(stack_env={"GREETING": "hello"}, stack_keep_releases="many", stack_min_free_mb=10**9)
    standing.project.stack({"compose.yaml": standing.compose({"more": more})})
    first, second = standing.fleet.hosts
    standing.cut_off(second)
    with faults.foreign_process(first, 8081), faults.no_library(first, "jmespath"):
        standing.refused(
            {
                "host1": [
                    "variable COLOUR in compose.yaml",
                    "variable SHAPE in compose.yaml",
                    f"image {registry}/probe:9.9: expected an image that {registry} has",
                    "stack_keep_releases: expected a whole number, seen 'many'",
                    "port 8081/tcp for service more: expected a free port",
                    "Python library jmespath",
                    "disk for images (/var/lib/docker)",
                ],
                "host2": ["Connection refused", "stack_keep_releases: expected a whole number, seen 'many'"],
            }
        )


def test_a_disk_that_runs_full_while_pulling(fleet: Fleet, new_project: MakeProject) -> None:
    """Alone at the end: it begins with empty hosts."""
    project = new_project("full")
    Probe("8.0", payload=60_000_000).push(fleet.registry)
    standing = Standing(fleet, project)
    standing.reset()
    host = fleet.hosts[1]
    with faults.small_engine_disk(host, 40):
        run = project.deploy("8.0", "-e", "stack_min_free_mb=1")
        run.expect(10, "refused")
        assert "no space left on device" in run.verdict["hosts"]["host2"]["error"], run
        assert "Free disk space on this host, then deploy again." in run.output, run
    for one in fleet.hosts:
        assert observed.kept_releases(one, "full") == []
        assert observed.containers(one, "full") == {}
