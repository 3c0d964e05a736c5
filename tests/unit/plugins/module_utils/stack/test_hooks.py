"""Declared hooks: what is understood, what is refused, which run where, and how their ends are told."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.slipway.compose.plugins.module_utils.core.findings import SlipwayError
from ansible_collections.slipway.compose.plugins.module_utils.stack.hooks import (
    CONTROLLER,
    ON_FAILURE,
    POST_DEPLOY,
    POST_ROLLBACK,
    PRE_DEPLOY,
    ROLLBACK,
    Hook,
    HookContext,
    HookReport,
    HookSettings,
    parse_hooks,
    report_lines,
    select,
    service_findings,
    time_findings,
)

RUN = {"service": "web", "command": ["migrate", "--to", 7]}


@pytest.mark.parametrize(
    ("kind", "raw", "hook"),
    [
        (PRE_DEPLOY, {"name": "a", "command": ["true"]}, Hook(PRE_DEPLOY, "a", ("true",))),
        (
            PRE_DEPLOY,
            {"name": "a", "run": RUN, "once": "yes"},
            Hook(PRE_DEPLOY, "a", ("migrate", "--to", "7"), "web", once=True),
        ),
        (POST_ROLLBACK, {"name": "own", "run": {"service": "job"}}, Hook(POST_ROLLBACK, "own", (), "job")),
        (
            POST_DEPLOY,
            {"name": "smoke", "command": ["./smoke.sh"], "timeout": "2.5", "on_error": "rollback"},
            Hook(POST_DEPLOY, "smoke", ("./smoke.sh",), timeout_s=2.5, on_error=ROLLBACK),
        ),
        (
            ON_FAILURE,
            {"name": "call", "command": ["pager"], "on": "controller"},
            Hook(ON_FAILURE, "call", ("pager",), place=CONTROLLER),
        ),
    ],
)
def test_what_is_understood(kind: str, raw: dict[str, Any], hook: Hook) -> None:
    assert parse_hooks({kind: [raw]}) == (hook,)
    assert Hook.from_dict(hook.as_dict()) == hook


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ([], "stack_hooks: expected a mapping of lists"),
        ({"predeploy": []}, "stack_hooks.predeploy: expected an event that Slipway knows"),
        ({PRE_DEPLOY: {"name": "a"}}, "stack_hooks.pre_deploy: expected a list of hooks"),
        ({PRE_DEPLOY: ["true"]}, "pre_deploy hook number 1: expected a mapping"),
        ({PRE_DEPLOY: [{"command": ["true"]}]}, "pre_deploy hook number 1, key name: expected a text, seen nothing"),
        ({PRE_DEPLOY: [{"name": "a\n", "command": ["true"]}]}, "key name: expected one line of text"),
        ({PRE_DEPLOY: [{"name": "a"}]}, "hook 'a', key command: expected either command or run, seen neither"),
        ({PRE_DEPLOY: [{"name": "a", "command": ["x"], "run": RUN}]}, "expected either command or run, seen both"),
        ({PRE_DEPLOY: [{"name": "a", "command": "echo hello"}]}, "key command: expected a list of texts"),
        ({PRE_DEPLOY: [{"name": "a", "command": []}]}, "key command: expected a list of texts"),
        ({PRE_DEPLOY: [{"name": "a", "command": [""]}]}, "expected a program and its arguments"),
        ({PRE_DEPLOY: [{"name": "a", "command": ["x"], "shell": True}]}, "key shell: expected one of the keys"),
        ({PRE_DEPLOY: [{"name": "a", "run": "web"}]}, "key run: expected a mapping with service"),
        (
            {PRE_DEPLOY: [{"name": "a", "run": {"command": ["x"]}}]},
            "in run, key service: expected a text, seen nothing",
        ),
        ({PRE_DEPLOY: [{"name": "a", "run": {**RUN, "user": "root"}}]}, "in run, key user: expected one of the keys"),
        ({PRE_DEPLOY: [{"name": "a", "command": ["x"], "on": "web1"}]}, "key on: expected one of target, controller"),
        ({PRE_DEPLOY: [{"name": "a", "command": ["x"], "timeout": 0}]}, "key timeout: expected a number of seconds"),
        ({PRE_DEPLOY: [{"name": "a", "command": ["x"], "once": "perhaps"}]}, "key once: expected true or false"),
        ({PRE_DEPLOY: [{"name": "a", "command": ["x"], "on_error": "report"}]}, "only a post_deploy hook has a choice"),
        ({POST_DEPLOY: [{"name": "a", "command": ["x"], "on_error": "stop"}]}, "expected one of report, rollback"),
        ({PRE_DEPLOY: [{"name": "a", "run": RUN, "on": CONTROLLER}]}, "key run: expected a command, because it is on"),
        ({PRE_DEPLOY: [{"name": "a", "command": ["x"], "on": CONTROLLER, "once": True}]}, "key once: expected nothing"),
        ({PRE_DEPLOY: [{"name": "a", "command": ["x"]}] * 2}, "pre_deploy hook 'a': expected a name of its own"),
    ],
)
def test_what_is_refused(raw: object, sentence: str) -> None:
    with pytest.raises(SlipwayError) as caught:
        parse_hooks(raw)
    assert sentence in str(caught.value)
    assert "this check" not in str(caught.value)


def test_all_faults_are_told_at_once() -> None:
    raw = {PRE_DEPLOY: [{"name": "a", "shell": "x"}, {"command": ["x"]}], "never": [], POST_DEPLOY: None}
    with pytest.raises(SlipwayError) as caught:
        parse_hooks(raw)
    assert len(caught.value.findings) == 5


def test_the_same_name_is_free_on_another_event() -> None:
    hook = {"name": "tell", "command": ["true"]}
    assert len(parse_hooks({PRE_DEPLOY: [hook], POST_DEPLOY: [hook]})) == 2


def test_which_run_where() -> None:
    everywhere, first, other, outside = (
        Hook(PRE_DEPLOY, "everywhere", ("x",)),
        Hook(PRE_DEPLOY, "first", ("x",), once=True),
        Hook(POST_DEPLOY, "other", ("x",)),
        Hook(PRE_DEPLOY, "outside", ("x",), place=CONTROLLER),
    )
    hooks = (everywhere, first, other, outside)
    assert select(hooks, PRE_DEPLOY) == (everywhere, first)
    assert select(hooks, PRE_DEPLOY, first_host=False) == (everywhere,)
    assert select(hooks, PRE_DEPLOY, place=CONTROLLER) == (outside,)


def test_a_run_needs_a_service_of_the_release() -> None:
    hooks = (Hook(PRE_DEPLOY, "good", (), "web"), Hook(PRE_DEPLOY, "bad", (), "wbe"), Hook(PRE_DEPLOY, "free", ("x",)))
    (finding,) = service_findings(hooks, {"web", "db"})
    assert finding.thing == "pre_deploy hook 'bad', key run.service"
    assert finding.expected == "a service of the release: db, web"


def test_what_a_hook_is_told() -> None:
    context = HookContext("shop", "20260101T000000Z-1.1", "1.1", None, "web1", "run-7")
    assert context.environment(Hook(POST_DEPLOY, "a", ("x",))) == {
        "SLIPWAY_STACK": "shop",
        "SLIPWAY_RELEASE": "20260101T000000Z-1.1",
        "SLIPWAY_VERSION": "1.1",
        "SLIPWAY_PREVIOUS_RELEASE": "",
        "SLIPWAY_HOST": "web1",
        "SLIPWAY_RUN": "run-7",
        "SLIPWAY_HOOK": POST_DEPLOY,
    }


@pytest.mark.parametrize(
    ("hook", "stops"),
    [
        (Hook(PRE_DEPLOY, "a", ("x",)), True),
        (Hook(POST_DEPLOY, "a", ("x",), on_error=ROLLBACK), True),
        (Hook(POST_DEPLOY, "a", ("x",)), False),
        (Hook(POST_ROLLBACK, "a", ("x",)), False),
        (Hook(ON_FAILURE, "a", ("x",)), False),
    ],
)
def test_which_failure_stops_a_deployment(hook: Hook, *, stops: bool) -> None:
    assert HookReport(hook, passed=False, seen="exit code 1").stops == stops
    assert not HookReport(hook, passed=True, seen="exit code 0").stops


def test_how_an_end_is_told() -> None:
    hook = Hook(PRE_DEPLOY, "count", ("count", "secret-argument"))
    good = HookReport(hook, passed=True, seen="exit code 0", duration_s=1.25)
    bad = HookReport(hook, passed=False, seen="exit code 3 after 0.1 s", output=("no", "room"), duration_s=0.1)
    assert report_lines([good, bad]) == [
        "pre_deploy hook 'count' passed after 1.2 s",
        "pre_deploy hook 'count' failed: exit code 3 after 0.1 s",
        "| no",
        "| room",
    ]
    sentence = bad.finding().sentence()
    assert "pre_deploy hook 'count': expected exit code 0, seen exit code 3 after 0.1 s" in sentence
    assert "| room" in sentence
    assert "secret-argument" not in str(bad.as_dict())


def test_the_settings_survive_their_file() -> None:
    hooks = (Hook(PRE_DEPLOY, "a", ("x", "y")), Hook(POST_DEPLOY, "b", (), "web"))
    settings = HookSettings(hooks, "web1", first_host=False)
    assert HookSettings.from_dict(settings.as_dict()) == settings
    assert HookSettings.from_dict({}) == HookSettings()


def test_the_hooks_of_a_list_have_to_end_before_the_guard_acts() -> None:
    hooks = parse_hooks(
        {
            PRE_DEPLOY: [{"name": str(number), "command": ["x"], "timeout": 300} for number in range(2)],
            POST_DEPLOY: [
                {"name": "here", "command": ["x"], "timeout": 500},
                {"name": "outside", "command": ["x"], "timeout": 500, "on": "controller"},
            ],
        }
    )
    assert time_findings(hooks, 900) == []
    (finding,) = time_findings(hooks, 600)
    assert (finding.thing, finding.seen) == ("pre_deploy hooks on the target", "600 s")
    assert "stack_guard_timeout" in finding.sentence()
