# SPDX-License-Identifier: GPL-3.0-or-later
"""The invariants: one release whole, never a mixture; it answers; the journal says what is true."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.fleet import Host
from tests.support import observed
from tests.support.attempt import Run
from tests.support.console import console
from tests.support.look import Look, look, readable

SERVICES = ("web", "worker")
#: Events after which nothing is under way.
SETTLED = {"confirmed", "rolled_back", "discarded", "prepared", "pruned"}
#: States in a verdict, and whether the new release runs then.
NEW_RUNS = {"deployed": True, "rolled_back": False, "refused": False, "untouched": False, "unchanged": False}
_RECREATED = re.compile(r"^[0-9a-f]{12}_")


@dataclass(frozen=True)
class Expected:
    """What should run.

    Attributes:
        version: its version.
    """

    version: str


@dataclass(frozen=True)
class WholeStack:
    """The stack on one host, seen from outside.

    Attributes:
        host: where.
        stack: its name.
        port: where it answers.
        digests: version of every image that was ever pushed, by digest.
    """

    host: Host
    stack: str
    port: int
    digests: Mapping[str, str]

    @property
    def folder(self) -> str:
        """Return the stack's folder."""
        return f"{observed.ROOT}/{self.stack}"

    def version(self) -> str:
        """Return the version that runs.

        Raises:
            AssertionError: it is a mixture, or not whole.
        """
        return self._version(look(self.host, self.stack))

    def stands(self, expected: Expected) -> None:
        """See that this runs whole, answers with its own settings and files, and is what the journal says."""
        version = expected.version
        there = look(self.host, self.stack)
        seen = self._version(there)
        assert seen == version, f"{self.host.name} runs {seen} instead of {version}:\n{self.story()}"
        for path, expected_answer in (("/", version), ("/config", f"configuration of {version}")):
            answer = observed.answer(self.host, path, self.port)
            assert answer == expected_answer, f"{self.host.name} runs {version} and answers {path} with {answer!r}"
        settings = observed.answer(self.host, "/env", self.port)
        greeting = f"PROBE_GREETING=hello from {version}"
        assert greeting in settings.splitlines(), f"{self.host.name} runs {version} with other settings:\n{settings}"
        configuration = there.configuration
        assert configuration == f"configuration of {version}\n", f"{self.host.name} has a file with {configuration!r}"
        self._journal_is_true(there, version)

    def journal(self) -> list[Mapping[str, Any]]:
        """Return the journal's lines that can be read."""
        return readable(console(self.host, f"cat {self.folder}/journal.jsonl || :").splitlines())

    def events(self, release: str) -> list[str]:
        """Return what the journal says of one release, oldest first."""
        return [str(line["event"]) for line in self.journal() if line["release"] == release]

    def saw(self, event: str, *, version: str) -> bool:
        """Tell whether the journal has an event of the last release, which is of this version."""
        # Who confirms a release prunes older ones, and says so after it.
        lines = [line for line in self.journal() if line["event"] != "pruned"]
        last = str(lines[-1]["release"]) if lines else ""
        return last.endswith(f"-{version}") and event in self.events(last)

    def agrees_with(self, run: Run, old: str, new: str) -> bool:
        """See that what the verdict says of this host is true.

        Raises:
            AssertionError: it is not.
        """
        # A run that was cut off before it knew its hosts names none.
        known = self.host.name in run.verdict["hosts"]
        state, release = run.host(self.host.name) if known else ("untouched", None)
        if state in NEW_RUNS:
            version = new if NEW_RUNS[state] else old
            self.stands(Expected(version))
            assert release is None or str(release).endswith(f"-{version}"), run
        return True

    def nothing_is_left_over(self) -> None:
        """See that neither interrupted recreates nor interrupted stagings left anything."""
        there = look(self.host, self.stack)
        stray = [one.name for one in there.containers if _RECREATED.match(one.name)]
        assert not stray, f"{self.host.name}: left over from an interrupted recreate: {stray}"
        hidden = [name for name in there.releases if name.startswith(".")]
        assert not hidden, f"{self.host.name}: left over from an interrupted staging: {hidden}"
        kept = there.files & {"lease.json", "guard.json"}
        assert not kept, f"{self.host.name}: {', '.join(sorted(kept))} is left over"

    def keeps_no_other_images(self) -> None:
        """See that of all that was ever pushed for the stack the host has only what its releases need."""
        pinned = f"cat {self.folder}/releases/*/release.json | grep --only-matching 'sha256:[0-9a-f]*'"
        listed = console(self.host, f"docker image ls --digests --format 'has {{{{.Digest}}}}'; {pinned}").split("\n")
        there = {line.removeprefix("has ") for line in listed if line.startswith("has ")}
        left = {f"{digest} of {self.digests[digest]}" for digest in (there - set(listed)) & set(self.digests)}
        assert not left, f"{self.host.name}: images that no release needs: {sorted(left)}\n{self.story()}"

    def has_staged(self, version: str) -> bool:
        """Tell whether a release of this version is staged under its name."""
        listed = console(self.host, f"ls {self.folder}/releases || :").split()
        return any(name.endswith(f"-{version}") for name in listed)

    def has(self, name: str) -> bool:
        """Tell whether the stack's folder has a file of this name."""
        return console(self.host, f"test -e {self.folder}/{name} && echo yes || :") == "yes"

    def lease_left_s(self) -> float:
        """Return for how many seconds the lease is still held; 0 if nobody holds it."""
        said = console(self.host, f"cut -d ' ' -f 1 /proc/uptime; cat {self.folder}/lease.json || :")
        uptime, _end, lease = said.partition("\n")
        if not lease:
            return 0.0
        held = json.loads(lease)
        return max(0.0, float(held["lasts_s"]) - (float(uptime) - float(held["renewed"]["ticks"])))

    def last_events(self) -> list[str]:
        """Return what the journal says of the release that it speaks of last."""
        return self.events(str(self.journal()[-1]["release"]))

    def mid_recreate(self) -> bool:
        """Tell whether Compose is replacing a container right now."""
        listed = console(self.host, "docker ps --all --format '{{.Names}}'")
        return any(_RECREATED.match(name) for name in listed.split())

    def wipe(self) -> None:
        """Remove the stack from the host with its images, and all that Slipway keeps of it."""
        project = f"label={observed.LABEL}project={self.stack}"
        names = "docker image ls --digests --format '{{.Repository}}:{{.Tag}} {{.Repository}}@{{.Digest}}'"
        console(
            self.host,
            f"rm -rf {self.folder}; docker ps --all --quiet --filter {project} | xargs -r docker rm --force --volumes;"
            f" docker network ls --quiet --filter {project} | xargs -r docker network rm;"
            f" {names} | grep --only-matching '^slipway-kept:{self.stack}[.][^ ]*' | xargs -r docker image rm;"
            f" {names} | grep --only-matching '[^ ]*/faults-{self.stack}-[^ ]*@[^ ]*' | xargs -r docker image rm",
        )

    def story(self) -> str:
        """Return the end of the journal, for messages."""
        return "\n".join(json.dumps(line) for line in self.journal()[-12:])

    def _version(self, there: Look) -> str:
        found = there.services
        assert set(found) == set(SERVICES), f"{self.host.name}: not exactly the services of a release: {found}"
        not_well = [one for one in found.values() if not one.runs]
        assert not not_well, f"{self.host.name}: {not_well}"
        versions = {name: self.digests.get(one.image.rpartition("@")[2], one.image) for name, one in found.items()}
        assert len(set(versions.values())) == 1, f"{self.host.name} runs a mixture: {versions}"
        return versions["web"]

    def _journal_is_true(self, there: Look, version: str) -> None:
        """See that by the journal the version runs and nothing is under way, and that `current` says the same."""
        last = {str(line["release"]): str(line["event"]) for line in there.journal}
        open_ones = {release: event for release, event in last.items() if event not in SETTLED}
        assert not open_ones, f"{self.host.name}: by the journal still under way: {open_ones}\n{self.story()}"
        current = there.current
        assert current.endswith(f"-{version}"), f"{self.host.name}: current is {current} where {version} runs"
        assert "confirmed" in there.events(current), f"{self.host.name}: {current} was never confirmed\n{self.story()}"
