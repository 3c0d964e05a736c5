# SPDX-License-Identifier: GPL-3.0-or-later
"""A field trial as its file describes it: a stack, steps, and what a correct product must do at each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import yaml

from tests.fleet import Kind

FOLDER = Path(__file__).parent / "trials"
#: What a step may do; a deployment is followed by its version.
VERBS = ("deploy", "rollback", "status")


@dataclass(frozen=True)
class Expectation:
    """What must hold after a step; all that is named.

    Attributes:
        verdict: the run's verdict is one of these.
        says: regular expressions found in the output or in a file of the run's folder.
        never_says: regular expressions found in neither.
        within_s: seconds that the step may take.
        page: what `/` answers on port 8080.
        pages: what other pages answer; "8081/path" is a key.
        host: commands of a shell on the host, and what each prints.
    """

    verdict: Sequence[str] = ()
    says: Sequence[str] = ()
    never_says: Sequence[str] = ()
    within_s: float | None = None
    page: str | None = None
    pages: Mapping[str, str] = field(default_factory=dict)
    host: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """One step: first the changes, then the verb, then what is expected.

    Attributes:
        files: files of the stack from here on, by path; None takes one away.
        variables: the inventory's variables from here on, on top of those before.
        on_host: a command of root's on the host.
        verb: one of `VERBS`, or nothing.
        version: what is deployed.
        expect: what must hold.
        either: what must hold in one of several ways, where more than one is right.
    """

    files: Mapping[str, str | None]
    variables: Mapping[str, Any]
    on_host: str
    verb: str
    version: str
    expect: Expectation
    either: tuple[Expectation, ...]

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """Return the step that a trial's file describes."""
        known = {"files", "vars", "on_host", "do", "expect", "either"}
        if unknown := document.keys() - known:
            raise ValueError(f"a step has no {sorted(unknown)}; it has {sorted(known)}")
        verb, _space, version = document.get("do", "").partition(" ")
        if verb not in ("", *VERBS) or (verb == "deploy") != bool(version):
            raise ValueError(f"a step does `deploy VERSION`, `rollback` or `status`, seen: {document['do']!r}")
        return cls(
            document.get("files", {}),
            document.get("vars", {}),
            document.get("on_host", ""),
            verb,
            version,
            Expectation(**document.get("expect", {})),
            tuple(Expectation(**choice) for choice in document.get("either", [])),
        )


@dataclass(frozen=True)
class Trial:
    """A trial.

    Attributes:
        name: the name of its file.
        shows: the class of fault, in a sentence.
        files: the stack.
        executable: which of all its files may be executed.
        steps: in their order.
        everyday: whether it runs by default, since nothing else in the tests shows its class.
        kinds: the kinds of host that it runs on.
        inventory: variables as somebody types them, where YAML's reading of them matters.
    """

    name: str
    shows: str
    files: Mapping[str, str]
    steps: tuple[Step, ...]
    executable: Sequence[str] = ()
    everyday: bool = False
    kinds: tuple[Kind, ...] = (Kind.TRIXIE,)
    inventory: str = ""

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return the trial that a file describes.

        Raises:
            TypeError, ValueError: the file has something that no trial has.
        """
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        document["steps"] = tuple(map(Step.of, document["steps"]))
        document["kinds"] = tuple(map(Kind, document.get("kinds", ["trixie"])))
        return cls(name=path.stem, **document)


def trials() -> list[Trial]:
    """Return every trial, by name."""
    return [Trial.read(path) for path in sorted(FOLDER.glob("*.yml"))]
