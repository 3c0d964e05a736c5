"""The gate against real containers of the local engine."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.core.masking import Masker
from ansible_collections.slipway.compose.plugins.module_utils.gate.health import ServiceExpectation
from ansible_collections.slipway.compose.plugins.module_utils.gate.watch import ContainerWatch
from tests.engine.quick_gate import WEB, gate, only_failure

if TYPE_CHECKING:
    from tests.engine.conftest import Stack

FOREVER = "echo up; exec sleep 600"
SERVE = 'mkdir -p /www && echo \'{"database": "up"}\' > /www/healthz && exec httpd -f -p 8080 -h /www'
PUBLISHED: dict[str, Any] = {"ports": {"8080/tcp": ("127.0.0.1", None)}, "init": True}
JOB = ServiceExpectation("migrate", 1, one_shot=True)


def published_port(stack: Stack, container: Any) -> int:  # noqa: ANN401
    inspected = stack.client.api.inspect_container(container.id)
    return int(inspected["NetworkSettings"]["Ports"]["8080/tcp"][0]["HostPort"])


def test_healthy_and_stable_passes(stack: Stack) -> None:
    stack.run("web", FOREVER, health="true")
    report = gate(stack, ServiceExpectation("web", 1, image=stack.image))
    assert report.passed, report.message()
    assert 0.3 <= report.duration_s < 4
    assert [(seen.service, seen.state, seen.health) for seen in report.observations] == [("web", "running", "healthy")]


def test_what_has_run_long_enough_is_not_waited_for(stack: Stack) -> None:
    stack.run("web", FOREVER)
    assert gate(stack, WEB).passed
    again = gate(stack, WEB)
    assert again.passed
    assert again.duration_s < 0.6


def test_a_container_that_becomes_healthy_later_is_waited_for(stack: Stack) -> None:
    stack.run(
        "web", "sleep 1.5; touch /ready; exec sleep 600", health="test -e /ready", health_settings={"retries": 99}
    )
    report = gate(stack, WEB, healthy_for_s=0.2)
    assert report.passed, report.message()
    assert report.duration_s > 1


@pytest.mark.parametrize(
    ("health", "watch"),
    [("true", {"healthy_for_s": 1.5, "stable_for_s": 60.0}), (None, {"healthy_for_s": 60.0, "stable_for_s": 1.5})],
)
def test_each_kind_of_container_is_watched_for_its_own_time(
    stack: Stack, health: str | None, watch: dict[str, float]
) -> None:
    stack.run("web", FOREVER, health=health)
    report = gate(stack, WEB, **watch)
    assert report.passed, report.message()
    assert 1 < report.duration_s < 5


def test_one_without_a_health_check_that_dies_after_the_shorter_watch_fails(stack: Stack) -> None:
    stack.run("web", FOREVER, health="true")
    stack.run("worker", "sleep 1.5; exit 4", restart_policy="always")
    failure = only_failure(
        gate(stack, WEB, ServiceExpectation("worker", 1), timeout_s=30.0, healthy_for_s=0.5, stable_for_s=5.0)
    )
    assert (failure.service, failure.check) == ("worker", "restarts")
    assert "exit code 4" in failure.seen


def test_a_deadline_within_the_watch_says_what_was_lacking(stack: Stack) -> None:
    stack.run("web", FOREVER, health="true")
    stack.run("worker", FOREVER)
    report = gate(stack, WEB, ServiceExpectation("worker", 1), timeout_s=2.0, healthy_for_s=30.0, stable_for_s=40.0)
    web, worker = report.failures
    assert (web.check, web.expected) == ("stability", "healthy, running without a break for 30 s within 2 s")
    assert (worker.check, worker.expected) == ("stability", "running without a break for 40 s within 2 s")
    assert web.seen.startswith("healthy, running for ")


def test_never_healthy_fails_at_once_with_the_probe_and_the_log(stack: Stack) -> None:
    stack.run("web", "echo starting; exec sleep 600", health="echo cannot reach s3cr3t-db; exit 1")
    report = gate(stack, WEB, timeout_s=30.0, masker=Masker(["s3cr3t-db"]))
    failure = only_failure(report)
    assert (failure.service, failure.container, failure.check) == ("web", f"{stack.name}-web-1", "health")
    assert "unhealthy" in failure.seen
    assert "exit code 1: cannot reach ********" in failure.seen
    assert failure.logs == ["starting"]
    assert report.duration_s < 5


@pytest.mark.parametrize("health", [None, "true"])
def test_crash_loop_fails_at_once(stack: Stack, health: str | None) -> None:
    stack.run("web", "echo crashing; sleep 0.3; exit 3", restart_policy="always", health=health)
    report = gate(stack, WEB, timeout_s=30.0, healthy_for_s=3.0, stable_for_s=3.0)
    failure = only_failure(report)
    assert failure.check == "restarts"
    assert "exit code 3" in failure.seen
    assert "crashing" in failure.logs
    assert report.duration_s < 3


def test_healthy_and_then_crashing_fails(stack: Stack) -> None:
    stack.run("web", "sleep 1; exit 4", restart_policy="unless-stopped", health="true")
    failure = only_failure(gate(stack, WEB, timeout_s=30.0, healthy_for_s=2.0))
    assert failure.check == "restarts"
    assert "exit code 4" in failure.seen


def test_a_restart_by_hand_fails(stack: Stack) -> None:
    container = stack.run("web", FOREVER)
    threading.Timer(0.5, lambda: container.restart(timeout=0)).start()
    failure = only_failure(gate(stack, WEB, stable_for_s=2.0))
    assert failure.check in ("restarts", "running")


def test_the_second_replica_counts(stack: Stack) -> None:
    stack.run("web", FOREVER, health="true")
    stack.run("web", FOREVER, health="exit 1", number=2)
    failure = only_failure(gate(stack, ServiceExpectation("web", 2)))
    assert (failure.container, failure.check) == (f"{stack.name}-web-2", "health")


def test_a_missing_replica_is_waited_for_until_the_deadline(stack: Stack) -> None:
    stack.run("web", FOREVER)
    report = gate(stack, ServiceExpectation("web", 2), timeout_s=1.5)
    failure = only_failure(report)
    assert (failure.check, failure.expected, failure.seen) == ("replicas", "2 containers within 1.5 s", "1 container")
    assert 1.5 <= report.duration_s < 2.5


def test_a_replica_that_comes_later_is_seen(stack: Stack) -> None:
    stack.run("web", FOREVER)
    threading.Timer(0.5, lambda: stack.run("web", FOREVER, number=2)).start()
    report = gate(stack, ServiceExpectation("web", 2))
    assert report.passed, report.message()
    assert 0.9 < report.duration_s < 4


def test_none_may_run_with_no_replicas(stack: Stack) -> None:
    stack.run("web", FOREVER)
    failure = only_failure(gate(stack, ServiceExpectation("web", 0), timeout_s=0.5))
    assert (failure.check, failure.expected) == ("replicas", "no running container within 0.5 s")


def test_what_another_program_starts_under_the_projects_name_is_not_looked_at(stack: Stack) -> None:
    stack.run("web", FOREVER)
    stack.run("spawned", "exit 1", by_compose=False)
    stack.run("web", "exit 1", by_compose=False, number=2)
    report = gate(stack)
    assert report.passed, report.message()
    assert [seen.name for seen in report.observations] == [f"{stack.name}-web-1"]


def test_a_container_that_cannot_start_fails_with_the_engines_reason(stack: Stack) -> None:
    container = stack.run("web", FOREVER, start=False, entrypoint=["/no/such/program"])
    with pytest.raises(Exception, match="no such file"):
        container.start()
    failure = only_failure(gate(stack, WEB, timeout_s=30.0))
    assert failure.check == "start"
    assert "/no/such/program" in failure.seen


def test_a_container_that_nobody_starts_fails_before_the_deadline(stack: Stack) -> None:
    stack.run("web", FOREVER, start=False)
    report = gate(stack, WEB, timeout_s=30.0)
    assert only_failure(report).seen == "created, but never started"
    assert report.duration_s < 4


def test_a_kill_for_too_much_memory_names_the_signal(stack: Stack) -> None:
    stack.run("web", "x=$(yes)", mem_limit="8m", memswap_limit="8m")
    failure = only_failure(gate(stack, WEB, timeout_s=30.0))
    assert "exit code 137, that is SIGKILL" in failure.seen


def test_another_image_fails(stack: Stack) -> None:
    stack.run("web", FOREVER)
    failure = only_failure(gate(stack, ServiceExpectation("web", 1, image="web:2")))
    assert (failure.check, failure.expected, failure.seen) == ("image", "made from web:2", f"made from {stack.image}")


def test_expectations_are_derived_from_what_exists(stack: Stack) -> None:
    depends = {"com.docker.compose.depends_on": "migrate:service_completed_successfully:false"}
    stack.run("web", FOREVER, labels=depends)
    stack.run("migrate", "true")
    stack.run("task", "exit 9", labels={"com.docker.compose.oneoff": "True"})
    report = gate(stack)
    assert report.passed, report.message()
    assert [seen.service for seen in report.observations] == ["migrate", "web"]


def test_a_project_without_containers_fails(stack: Stack) -> None:
    assert only_failure(gate(stack, timeout_s=0.3)).check == "replicas"


def test_left_overs_of_an_interrupted_recreation_are_ignored(stack: Stack) -> None:
    stack.run("web", "exit 1", number=7)
    stack.run("web", FOREVER)
    assert gate(stack, WEB).passed


def test_http_tcp_and_command_checks_pass(stack: Stack) -> None:
    web = stack.run("web", SERVE, **PUBLISHED)
    port = published_port(stack, web)
    checks = [
        {"name": "database", "type": "http", "url": f"http://127.0.0.1:{port}/healthz", "jmespath": "database == 'up'"},
        {"name": "port", "type": "tcp", "port": port},
        {"name": "inside", "type": "command", "service": "web", "argv": ["test", "-s", "/www/healthz"]},
        {
            "name": "outside",
            "type": "command",
            "argv": [sys.executable, "-c", "raise SystemExit(7)"],
            "exit_codes": [7],
        },
    ]
    report = gate(stack, WEB, checks=checks)
    assert report.passed, report.message()
    assert [check.passed for check in report.checks] == [True] * 4


def test_failing_checks_show_output_or_the_logs_of_the_service_they_asked(stack: Stack) -> None:
    web = stack.run("web", "echo listening; " + SERVE, **PUBLISHED)
    stack.run("db", "echo database; " + FOREVER)
    url = f"http://127.0.0.1:{published_port(stack, web)}"
    checks = [
        {"name": "missing", "type": "http", "url": f"{url}/nothing", "retries": 3, "interval": 0.1},
        {
            "name": "inside",
            "type": "command",
            "service": "db",
            "argv": ["sh", "-c", "echo no user; exit 2"],
            "retries": 3,
        },
    ]
    settings = {"timeout_s": 30.0, "stable_for_s": 8.0}
    missing = only_failure(gate(stack, WEB, ServiceExpectation("db", 1), checks=checks[:1], **settings))
    assert (missing.service, missing.check, missing.logs) == ("web", "missing", ["listening"])
    assert "status 404" in missing.seen
    assert "3 attempts" in missing.seen
    inside = only_failure(gate(stack, WEB, ServiceExpectation("db", 1), checks=checks[1:], **settings))
    assert (inside.service, inside.seen, inside.logs) == ("db", "exit code 2 (3 attempts)", ["no user"])


def test_a_command_in_a_container_is_killed_in_time(stack: Stack) -> None:
    web = stack.run("web", FOREVER)
    slow = {"name": "slow", "type": "command", "service": "web", "argv": ["sleep", "77"], "timeout": 0.4, "retries": 1}
    failure = only_failure(gate(stack, WEB, checks=[slow]))
    assert failure.seen == "still running after 0.4 s, so it was killed (1 attempt)"
    assert not [process for process in web.top()["Processes"] if "sleep 77" in process[-1]]


def test_a_command_on_the_host_is_killed_when_the_gate_ends(stack: Stack) -> None:
    stack.run("web", "sleep 0.5; exit 1")
    marker = f"{stack.name}-marker"
    script = [sys.executable, "-c", "import time; time.sleep(77)", marker]
    report = gate(stack, WEB, checks=[{"name": "slow", "type": "command", "argv": script, "timeout": 60}])
    assert only_failure(report).check == "running"
    # The kill is sent before the gate returns; the process may take a moment to be gone.
    for _look in range(50):
        if subprocess.run(["pgrep", "-f", marker], check=False, capture_output=True).returncode != 0:
            return
        time.sleep(0.02)
    pytest.fail("the command outlived the gate")


def test_containers_and_checks_have_one_deadline(stack: Stack) -> None:
    stack.run("web", FOREVER, health="exit 1", health_settings={"retries": 999})
    checks = [{"name": "port", "type": "tcp", "port": 1, "interval": 0.2}]
    report = gate(stack, WEB, checks=checks, timeout_s=1.2)
    assert [failure.check for failure in report.failures] == ["health", "port"]
    assert "starting" in report.failures[0].seen
    assert 1.2 <= report.duration_s < 2.2


def test_an_abort_ends_the_gate(stack: Stack) -> None:
    stack.run("web", FOREVER)
    report = gate(stack, WEB, stable_for_s=60.0, timeout_s=60.0, abort=lambda: "the run was cancelled")
    assert only_failure(report).seen == "given up: the run was cancelled"
    assert report.duration_s < 2


def test_without_events_the_gate_still_knows_and_says_so(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = ContainerWatch.open

    def open_and_lose(watch: ContainerWatch) -> None:
        opened(watch)
        events = watch._events  # noqa: SLF001 - the connection to lose
        assert events is not None
        events.close()

    monkeypatch.setattr(ContainerWatch, "open", open_and_lose)
    stack.run("migrate", "sleep 1.5; exit 6")
    report = gate(stack, JOB)
    assert "exit code 6" in only_failure(report).seen
    assert "event stream broke" in report.notes[0]


def test_log_lines_are_the_last_ones_readable_and_masked(stack: Stack) -> None:
    stack.run("web", 'for n in 1 2 3; do echo -e "line $n \\033[31mhunter22\\033[0m"; done; exit 1')
    failure = only_failure(gate(stack, WEB, log_lines=2, masker=Masker(["hunter22"])))
    assert failure.logs == ["line 2 ********", "line 3 ********"]
