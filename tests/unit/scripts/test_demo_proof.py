"""The demo's claims hold only for what was seen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scripts.demonstration import proof
from scripts.demonstration.commands import Run
from scripts.demonstration.engine import Container, DemoError
from scripts.demonstration.proof import DemoLook, prove

REGISTRY = "127.0.0.1:5000"
DIGEST = "sha256:" + "d" * 64
ERROR = "service web (guestbook-web-1), check 'health':\n| ERROR unhealthy: cannot read setting GREETING_THEME"


def demo_look(version: str, web: str) -> DemoLook:
    made = [Container("db", "db-1", "sha256:db"), Container("proxy", "proxy-1", "sha256:proxy")]
    made.append(Container("web", f"web-{web}", f"sha256:{web}"))
    return DemoLook(version, entry=True, containers={one.service: one for one in made})


FIRST, SECOND, THIRD = demo_look("1.0", "old"), demo_look("1.1", "new"), demo_look("1.1", "new")
BROKEN = Run(20, None, {"verdict": "rolled_back", "hosts": {"this_machine": {"error": ERROR}}})
RECREATED = Container("db", "db-2", "sha256:db")


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the registry and the engine name the same digest."""
    monkeypatch.setattr(proof, "registry_digest", lambda *_: DIGEST)
    monkeypatch.setattr(proof, "image_digests", lambda image: [DIGEST] if image == "sha256:new" else [])


def doubts(looks: tuple[DemoLook, DemoLook, DemoLook], broken: Run = BROKEN, status: int = 0) -> list[str]:
    return [what for seen, what in prove(looks, broken, status, REGISTRY) if not seen]


def test_everything_seen() -> None:
    assert doubts((FIRST, SECOND, THIRD)) == []


@pytest.mark.parametrize(
    ("third", "doubt"),
    [
        pytest.param(replace(THIRD, version="1.2"), "1.2 serves", id="not back"),
        pytest.param(replace(THIRD, entry=False), "the entry", id="entry lost"),
        pytest.param(replace(THIRD, containers={**THIRD.containers, "db": RECREATED}), "db was", id="recreated"),
        pytest.param(demo_look("1.1", "other"), "web runs the same bytes", id="other bytes"),
        pytest.param(replace(THIRD, containers={}), "web runs the same bytes", id="nothing runs"),
    ],
)
def test_what_was_not_seen_is_not_claimed(third: DemoLook, doubt: str) -> None:
    assert any(what.startswith(doubt) for what in doubts((FIRST, SECOND, third)))


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(Run(0, None, BROKEN.verdict), id="exit code"),
        pytest.param(Run(20, None, {**BROKEN.verdict, "verdict": "rollback_failed"}), id="verdict"),
        pytest.param(Run(20, None, {"verdict": "rolled_back", "hosts": {}}), id="no reason"),
        pytest.param(Run(20, None, {}), id="no verdict"),
    ],
)
def test_a_broken_release_that_ended_otherwise_is_noticed(broken: Run) -> None:
    assert doubts((FIRST, SECOND, THIRD), broken) != []


def test_a_status_that_is_not_well_is_noticed() -> None:
    assert len(doubts((FIRST, SECOND, THIRD), status=30)) == 1


def test_a_registry_that_does_not_answer_is_no_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: str) -> str:
        raise DemoError("no answer")

    monkeypatch.setattr(proof, "registry_digest", away)
    assert doubts((FIRST, SECOND, THIRD)) == ["web is what the registry has as 1.1: no answer"]
