"""What a release's folder holds of its gate, and what older ones lack."""

from __future__ import annotations

from pathlib import Path

import yaml

from ansible_collections.slipway.compose.plugins.module_utils.stack.gate_settings import GateSettings

DEFAULTS = Path(__file__).resolve().parents[5] / "roles" / "stack" / "defaults" / "main.yml"
ORDER = GateSettings(
    checks=({"name": "port", "type": "tcp", "port": 25},),
    timeout_s=60.0,
    healthy_for_s=1.5,
    stable_for_s=4.0,
    log_lines=7,
    start_timeout_s=90.0,
)


def test_an_order_comes_back_as_it_was_kept() -> None:
    assert GateSettings.from_dict(ORDER.as_dict()) == ORDER


def test_what_an_older_release_did_not_keep_has_the_default_of_the_role() -> None:
    defaults = yaml.safe_load(DEFAULTS.read_text(encoding="utf-8"))
    assert GateSettings.from_dict({}) == GateSettings(
        checks=(),
        timeout_s=defaults["stack_gate_timeout"],
        healthy_for_s=defaults["stack_healthy_for"],
        stable_for_s=defaults["stack_stable_for"],
        log_lines=defaults["stack_log_lines"],
        start_timeout_s=defaults["stack_start_timeout"],
    )


def test_an_older_release_keeps_its_own_watch_for_containers_without_a_health_check() -> None:
    kept = {name: value for name, value in ORDER.as_dict().items() if name != "healthy_for_s"}
    order = GateSettings.from_dict({**kept, "stable_for_s": 3.0})
    assert (order.healthy_for_s, order.stable_for_s) == (2.0, 3.0)


def test_the_target_is_asked_for_its_own_checks_only() -> None:
    elsewhere = {"name": "front page", "type": "tcp", "port": 80, "from": "controller"}
    settings = GateSettings(checks=(*ORDER.checks, elsewhere))
    assert [check.name for check in settings.parsed_checks()] == ["port", "front page"]
    assert [check.name for check in settings.on_target().parsed_checks()] == ["port"]
